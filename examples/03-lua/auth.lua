-- Authentication by sub-request: the server of a backend is asked whether the request may pass.
-- Argument: the backend. 2xx lets the request go on, with the user's name that the server told.

local backend = ...

core.register_action("authenticate", { "http-req" }, function(txn)
    local server
    for _, candidate in pairs(core.backends[backend].servers) do server = server or candidate end

    local headers = { ["x-original-uri"] = { txn.sf:pathq() } }
    for _, name in ipairs({ "authorization", "cookie" }) do
        local values = txn.http:req_get_headers()[name]
        if values then headers[name] = { values[0] } end
    end
    local answer = core.httpclient():get{ url = "http://" .. server:get_addr() .. "/auth", headers = headers, timeout = 2000 }

    if answer.status < 200 or answer.status > 299 then
        txn:done{ status = answer.status == 401 and 401 or 403, body = "not for you\n" }
    end
    local user = answer.headers and answer.headers["x-user"]
    if user then txn.http:req_set_header("X-User", user[0]) end
end)
