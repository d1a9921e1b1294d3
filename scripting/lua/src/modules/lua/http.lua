-- socket.http: LuaSocket's shape over core.httpclient.
local _, own = ...
local ltn12 = own "ltn12"

local http = { TIMEOUT = 60 }

local methods = { GET = "get", HEAD = "head", PUT = "put", POST = "post", DELETE = "delete" }

local function ask(request)
    local method = methods[request.method or "GET"]
    if not method then error("socket.http: the method '" .. request.method .. "' is not supported yet", 3) end
    local headers = {}
    for name, value in pairs(request.headers or {}) do
        if name:lower() ~= "content-length" then headers[name] = tostring(value) end
    end
    local pieces = {}
    if request.source then
        local done, why = ltn12.pump.all(request.source, ltn12.sink.table(pieces))
        if not done then return nil, why end
    end
    local client = core.httpclient()
    local told = client[method](client, {
        url = request.url, headers = headers, body = table.concat(pieces), timeout = http.TIMEOUT * 1000,
    })
    if told.status == 0 then return nil, told.reason end
    return told
end

-- Header fields with all values of a name in one text.
local function joined(headers)
    local all = {}
    for name, values in pairs(headers) do
        local text = values[0]
        for i = 1, #values do text = text .. ", " .. values[i] end
        all[name] = text
    end
    return all
end

local function line(told) return "HTTP/1.1 " .. told.status .. " " .. told.reason end

-- Of a URL and perhaps a body: the body of the answer, status, header fields and status line. Of a table: 1 in the place of
-- the body, which goes to its `sink`. Nil and why, where there is no answer.
function http.request(request, body)
    if type(request) == "string" then
        local plain = { url = request }
        if body then
            plain.method, plain.source = "POST", ltn12.source.string(body)
            plain.headers = { ["content-type"] = "application/x-www-form-urlencoded" }
        end
        local told, why = ask(plain)
        if not told then return nil, why end
        return told.body, told.status, joined(told.headers), line(told)
    end
    local told, why = ask(request)
    if not told then return nil, why end
    if request.sink then
        local done, failed = ltn12.pump.all(ltn12.source.string(told.body), request.sink)
        if not done then return nil, failed end
    end
    return 1, told.status, joined(told.headers), line(told)
end

return http
