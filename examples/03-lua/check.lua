-- A health check that reads what the server says of itself: "ready", "busy 40" (40 % of the weight) or anything else.

core.register_check("ready", function(server, dial)
    local socket, why = dial()
    if not socket then return false, why end
    socket:send("GET /ready HTTP/1.0\r\n\r\n")
    local answer = socket:receive("*a")
    socket:close()
    local body = answer and answer:match("\r\n\r\n(.*)") or ""
    if body:find("^ready") then return true, "ready", 100 end
    local load = body:match("^busy (%d+)")
    if load then return true, "busy", tonumber(load) end
    return false, "it said: " .. body:sub(1, 40)
end)
