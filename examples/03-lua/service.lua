-- A service that answers in the place of a server: the state of all backends as JSON.

local json = require("json")

core.register_service("status", "http", function(applet)
    local all = {}
    for name, backend in pairs(core.backends) do
        local servers = {}
        for _, server in pairs(backend.servers) do
            servers[server:get_name()] = { sessions = server:get_cur_sess(), weight = server:get_weight() }
        end
        all[name] = servers
    end
    local body = json.encode(all) .. "\n"
    applet:set_status(200)
    applet:add_header("content-type", "application/json")
    applet:add_header("content-length", #body)
    applet:start_response()
    applet:send(body)
end)
