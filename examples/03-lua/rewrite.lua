-- Rewrites what servers answer: redirections to the old host lead to the new one, and the server's own name is kept back.

core.register_action("rewrite", { "http-res" }, function(txn)
    local location = txn.http:res_get_headers()["location"]
    if location then
        local moved = location[0]:gsub("^https?://old%.example%.com", "https://www.example.com")
        txn.http:res_set_header("Location", moved)
    end
    txn.http:res_del_header("Server")
end)
