//! Scripts in the manner of those that people have: a library beside the script, one name for both directions, a task that
//! reads files.

use portero_tests::{Origin, Proxy, eventually};

const HEAD: &str = "
    global
        tune.lua.bool-sample-conversion normal
        lua-prepend-path ${dir}/lib-?.lua
        lua-load ${dir}/script.lua ${dir}
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
    ";

/// A configuration whose frontend has these lines.
fn config(front: &str) -> String {
    format!("{HEAD}    {}\n", front.replace(';', "\n        "))
}

/// An HTTP library over `core.tcp`, as the ones that scripts bring.
const LIBRARY: &str = r#"
local M = {}
function M.head(address, path, fields)
    local socket = core.tcp()
    socket:settimeout(2)
    local ok, why = socket:connect(address)
    if not ok then return nil, why end
    local lines = { "HEAD " .. path .. " HTTP/1.1", "host: " .. address, "connection: close" }
    for name, values in pairs(fields) do
        for _, value in pairs(values) do table.insert(lines, name .. ": " .. value) end
    end
    socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
    local status = tonumber((socket:receive("*l") or ""):match("^HTTP/1%.1 (%d+)"))
    local found = {}
    while status do
        local line = socket:receive("*l")
        if not line or line == "" then break end
        local name, value = line:match("^([^:]+): *(.*)$")
        found[name:lower()] = value
    end
    socket:close()
    return status, found
end
return M
"#;

#[test]
fn a_sub_request_goes_through_a_library_that_the_script_brings() {
    let script = r#"
        local asking = require("asking")
        core.register_action("auth", { "http-req" }, function(txn, backend, path)
            txn:set_var("txn.auth_successful", false)
            local address
            for _, server in pairs(core.backends[backend].servers) do
                if server:get_stats().status ~= "DOWN" then address = server:get_addr() break end
            end
            local status, found = asking.head(address, path, txn.http:req_get_headers())
            if not status then return txn:Warning("auth failed: " .. found) end
            txn:set_var("txn.auth_successful", 200 <= status and status < 300)
            txn:set_var("req.auth_user", found["x-user"] or "")
        end, 2)"#;
    let guard = Origin::scripted(|mut peer| {
        let (head, _) = peer.request()?;
        let known = head.header("cookie") == Some("session=1");
        let status = if known { "204 No Content\r\nX-User: ann" } else { "401 Unauthorized" };
        peer.send(format!("HTTP/1.1 {status}\r\n\r\n"))
    });
    let front = "http-request lua.auth guards /allowed;\
                 http-request deny if ! { var(txn.auth_successful) -m bool };\
                 http-request return status 200 hdr x-user %[var(req.auth_user)]";
    let config = config(front) + "backend guards\n server g ${guard}\n";
    let starting = Proxy::with(&config).set("guard", guard.address()).file("script.lua", script);
    let starting = starting.file("lib-asking.lua", LIBRARY);
    let proxy = starting.start();
    let mut client = proxy.connect();
    let known = client.send("GET / HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n").response();
    assert_eq!((known.status(), known.header("x-user")), (200, Some("ann")), "{:?}", proxy.output());
    assert_eq!(client.get("/").status(), 403);
    assert!(guard.heads().iter().all(|head| head.start_line() == "HEAD /allowed HTTP/1.1"));
}

#[test]
fn one_name_serves_both_directions_and_keeps_a_value_between_them() {
    let script = r#"
        core.register_action("cors", { "http-req" }, function(txn, methods, origins)
            local origin = txn.http:req_get_headers()["origin"]
            if not origin then return end
            txn:set_priv({ origin = origin[0], origins = core.tokenize(origins, ",") })
            if txn.sf:method() == "OPTIONS" then
                local reply = txn:reply()
                reply:set_status(204, "No Content")
                reply:add_header("Access-Control-Allow-Methods", methods)
                reply:add_header("Access-Control-Max-Age", 600)
                txn:done(reply)
            end
        end, 2)
        core.register_action("cors", { "http-res" }, function(txn)
            local kept = txn:get_priv()
            for _, origin in ipairs(kept and kept.origins or {}) do
                if kept.origin:match("//" .. origin .. "$") then
                    txn.http:res_set_header("Access-Control-Allow-Origin", kept.origin)
                end
            end
        end, 0)"#;
    let front = "http-request lua.cors \"GET,PUT\" \"localhost,a.example\";\
                 http-response lua.cors;\
                 default_backend app";
    let origin = Origin::answering("hello");
    let config = config(front) + "backend app\n server s ${origin}\n";
    let proxy = Proxy::with(&config).set("origin", origin.address()).file("script.lua", script).start();
    let ask = |method: &str, from: &str| {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nOrigin: {from}\r\n\r\n");
        proxy.connect().send(request).response()
    };
    let preflight = ask("OPTIONS", "http://localhost");
    assert_eq!((preflight.status(), preflight.header("access-control-max-age")), (204, Some("600")));
    let allowed = |from: &str| ask("GET", from).header("access-control-allow-origin").map(str::to_owned);
    assert_eq!(allowed("http://a.example").as_deref(), Some("http://a.example"));
    assert_eq!(allowed("http://b.example"), None);
    assert_eq!(proxy.get("/").header("access-control-allow-origin"), None);
}

#[test]
fn a_task_reads_a_file_and_fills_the_map_that_requests_look_into() {
    let script = r#"
        local folder = ...
        local services = Map.new(folder .. "/services.map", Map._str)
        core.register_task(function()
            while true do
                for line in io.lines(folder .. "/services.txt") do
                    local ip, service = line:match("([^ ]+) ([^ ]+)")
                    if ip and not services:lookup(ip) then core.set_map(folder .. "/services.map", ip, service) end
                end
                core.msleep(20)
            end
        end)
        core.register_fetches("service", function(txn) return services:lookup(txn.sf:src()) or "unknown" end)"#;
    let front = "http-request return status 200 hdr x-service %[lua.service]";
    let starting = Proxy::with(&config(front)).file("script.lua", script);
    let proxy = starting.file("services.map", "10.0.0.1 old\n").file("services.txt", "10.0.0.2 b\n").start();
    assert_eq!(proxy.get("/").header("x-service"), Some("unknown"));
    proxy.rewrite_file("services.txt", "10.0.0.2 b\n127.0.0.1 ours\n");
    eventually("the map", || (proxy.get("/").header("x-service") == Some("ours")).then_some(()));
}
