-- Cross-origin resource sharing (the Fetch standard): preflights are answered here, the other answers get their fields.
-- Arguments: the origins that may ask.

local allowed = {}
for _, origin in ipairs({ ... }) do allowed[origin] = true end

local function origin_of(txn)
    local origin = txn.f:req_hdr("origin")
    return origin and allowed[origin] and origin
end

core.register_action("cors_preflight", { "http-req" }, function(txn)
    local origin = origin_of(txn)
    txn:set_var("txn.cors", origin or "")
    if origin and txn.sf:method() == "OPTIONS" and txn.f:req_hdr("access-control-request-method") then
        txn:done{
            status = 204,
            headers = {
                ["access-control-allow-origin"] = { origin },
                ["access-control-allow-methods"] = { "GET, POST, PUT, DELETE" },
                ["access-control-max-age"] = { "600" },
                ["vary"] = { "Origin" },
            },
        }
    end
end)

core.register_action("cors_headers", { "http-res" }, function(txn)
    local origin = txn:get_var("txn.cors")
    if origin and origin ~= "" then
        txn.http:res_set_header("Access-Control-Allow-Origin", origin)
        txn.http:res_add_header("Vary", "Origin")
    end
end)
