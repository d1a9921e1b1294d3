-- A task beside the traffic: asks a server every ten seconds who takes part in the beta test, and fills a map with the names.
-- Argument: the server's address. It answers with a line for each user.

local server = ...

core.register_task(function()
    while true do
        local answer = core.httpclient():get{ url = "http://" .. server .. "/flags", timeout = 2000 }
        if answer.status == 200 then
            for user in (answer.body or ""):gmatch("[^\r\n]+") do core.set_map("virt@flags", user, "beta") end
        end
        core.sleep(10)
    end
end)
