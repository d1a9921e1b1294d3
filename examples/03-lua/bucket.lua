-- A token bucket for each client, kept in a stick table that all threads share.
-- Arguments of the action: the table's backend, how many tokens a bucket holds, how many come back each second.
-- gpc0 counts the tokens that were taken, gpt0 is the second in which that count began.

core.register_action("bucket", { "http-req" }, function(txn, name, size, rate)
    local clients = core.backends[name].stktable
    local client, now = txn.sf:src(), core.now().sec
    local entry = clients:create_or_get(client)
    if not entry then return end -- the table is full of others
    local taken, since = entry.gpc0, entry.gpt0
    if since == 0 then since = now end

    taken = math.max(0, taken - (now - since) * tonumber(rate))
    if taken >= tonumber(size) then
        txn:set_var("txn.empty", true)
    else
        taken = taken + 1
    end
    clients:set(client, { gpc0 = taken, gpt0 = now })
end, 3)
