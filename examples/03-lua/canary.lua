-- A balancer that sends a share of the clients to the servers called canary..., always the same clients.
-- Argument: the share in percent.

local share = tonumber((...))

core.register_balancer("canary", function(txn, servers)
    local groups = { canary = {}, stable = {} }
    for _, server in ipairs(servers) do
        local group = server:get_name():find("^canary") and "canary" or "stable"
        table.insert(groups[group], server)
    end
    local user = txn.f:req_hdr("x-user") or txn.sf:src()
    local number = tonumber(txn.c:crc32(user, 1)) % 100
    local group = number < share and groups.canary or groups.stable
    if #group == 0 then group = servers end
    return group[number % #group + 1]
end)
