//! What scripts see of the process and change in it: servers, frontends, maps, tables, events, commands.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use portero_tests::{Folder, Proxy, eventually};

const CONFIG: &str = "
    global
        nbthread 1
        tune.lua.bool-sample-conversion normal
        stats socket ${dir}/api level admin
        lua-load-per-thread ${dir}/world.lua ${colors}
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        http-request lua.tell
    frontend side
        bind ${side} name door
        http-request return status 200 hdr x-color %[path,map_beg(${colors},none)]
    peers others
        table seen type ip size 10 store gpc0
    backend web
        stick-table type string len 32 size 100 expire 1m store gpc0,conn_rate(10s),server_key
        server one 127.0.0.1:1 weight 10
        server two 127.0.0.1:2 backup
    ";

/// A script that tells the story named by the path: what it returns is the body, what goes wrong a 500.
const SCRIPT: &str = r#"
local path = ...
local colors = Map.new(path, Map._beg)
local last = "nothing"
local stories = {}

core.event_sub({ "SERVER_DOWN", "SERVER_UP" }, function(event, data) last = event .. " " .. data.name end)
core.register_init(function()
    core.get_patref(path):event_sub({ "PAT_REF" }, function(event) last = event end)
end)

stories["/last"] = function() return last end

stories["/servers"] = function()
    local web = core.backends.web
    local one, two = web.servers.one, web.servers.two
    assert(core.get_info().Name == "HAProxy" and core.get_info().Nbthread == 1)
    assert(web:get_srv_act() == 1 and web:get_srv_bck() == 1 and one:get_stats().weight == 10)
    assert(one:set_weight("50%") == nil and one:get_weight() == 5 and one:set_weight("x"))
    assert(one:set_addr("127.0.0.9", "99"):find("99") and one:get_addr() == "127.0.0.9:99")
    assert(one:set_maxconn("7") == nil and one:get_maxconn() == 7)
    assert(two:is_backup() and two:tracking() == nil and #one:get_trackers() == 0)
    one:set_maint()
    return one:get_stats().status
end

stories["/ready"] = function()
    core.backends.web.servers.one:set_ready()
    return core.backends.web.servers.one:get_stats().status
end

stories["/pause"] = function()
    local side = core.frontends.side
    assert(side.listeners.door:get_stats().pxname == "side")
    side:pause()
    return side:get_cap()
end

stories["/resume"] = function() core.frontends.side:resume() return "yes" end

stories["/maps"] = function()
    assert(colors:lookup("/a/x") == "red" and colors:lookup("/z") == nil and colors:slookup("/z") == "")
    core.set_map(path, "/a", "black")
    core.set_map(path, "/n", "new")
    core.del_map(path, "/b")
    local ref = core.get_patref(path)
    assert(ref:is_map() and ref:get_name() == path and ref["/a"] == "black" and ref["/b"] == nil)
    return colors:lookup("/a")
end

stories["/versions"] = function()
    local ref = core.get_patref(path)
    ref:prepare()
    assert(ref:add_bulk({ ["/v"] = "one", ["/w"] = "two" }) and ref:set("/v", "1"))
    assert(ref:set("/none", "1") == nil and ref:set("/x", "3", true) and ref:del("/w") and not ref:del("/w"))
    assert(colors:lookup("/v") == nil, "it does not count yet")
    assert(ref:commit() and ref:commit() == nil)
    local all = {}
    for key, value in pairs(ref) do all[#all + 1] = key .. "=" .. value end
    table.sort(all)
    return table.concat(all, " ")
end

stories["/tables"] = function()
    local users, seen = core.backends.web.stktable, core.tables["others/seen"]
    local info = users:info()
    assert(info.type == "string" and info.size == 100 and info.expire == 60000 and info.length == 32)
    assert(info.data.gpc0 == -1 and info.data.conn_rate == 10000 and not info.nopurge)
    assert(users:lookup("ann") == nil and users:create_or_get("bob").gpc0 == 0)
    assert(users:set("ann", { gpc0 = 40, server_key = "s1" }) and users:incr("ann", "gpc0", 2) == 42)
    assert(users:lookup("ann").server_key == "s1" and users:lookup("ann").use == 0)
    assert(seen:incr("127.0.0.1", "gpc0") == 1 and not pcall(seen.incr, seen, "no address", "gpc0"))
    local found = users:dump({ { "gpc0", "gt", 30 } })
    assert(found.ann.gpc0 == 42 and found.bob == nil and users:dump().bob)
    assert(users:delete("bob") and not users:delete("bob"))
    return users:info().used
end

core.register_cli({ "show", "tale" }, "show tale <name>: tells one", function(applet, show, tale, name)
    applet:send("the tale of " .. tostring(name) .. "\n")
end)

core.register_action("tell", { "http-req" }, function(txn)
    local ok, answer = pcall(stories[txn.sf:path()])
    txn:done({ status = ok and 200 or 500, body = tostring(answer) })
end)
"#;

/// A proxy with the script and a map, in a folder.
fn start(folder: &Folder) -> Proxy {
    let map = folder.write("colors.map", "/a red\n/b green\n");
    Proxy::with(CONFIG).set("colors", map.display()).door("side").file("world.lua", SCRIPT).start()
}

/// What the story at a path ends with.
fn tell(proxy: &Proxy, path: &str) -> String {
    let response = proxy.get(path);
    let body = String::from_utf8_lossy(&response.body).into_owned();
    assert!(response.head.start_line().contains(" 200 "), "{path}: {body}");
    body
}

/// What a line to the runtime API is answered.
fn ask(proxy: &Proxy, line: &str) -> String {
    let path = proxy.folder().path().join("api");
    let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
    stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers text and closes");
    answer.trim_end().to_owned()
}

#[test]
fn a_script_looks_at_servers_and_changes_them() {
    let folder = Folder::new();
    let proxy = start(&folder);
    assert_eq!(tell(&proxy, "/servers"), "MAINT");
    // what follows from it is the manager's: the log, those who subscribed
    proxy.output_with("Server web/one is going DOWN for maintenance");
    assert!(ask(&proxy, "show stat web 4 -1").contains("MAINT"));
    eventually("the event", || tell(&proxy, "/last").starts_with("SERVER_DOWN").then_some(()));
    assert!(tell(&proxy, "/ready") != "MAINT");
    eventually("the next event", || tell(&proxy, "/last").starts_with("SERVER_UP").then_some(()));
}

#[test]
fn a_script_closes_a_frontend_and_opens_it_again() {
    let folder = Folder::new();
    let proxy = start(&folder);
    // one who comes just as the door closes may hear nothing at all
    let moment = Duration::from_millis(500);
    let connects = || TcpStream::connect_timeout(&proxy.door("side"), moment).is_ok();
    assert!(connects());
    assert_eq!(tell(&proxy, "/pause"), "frontend");
    eventually("the door to close", || (!connects()).then_some(()));
    assert_eq!(tell(&proxy, "/resume"), "yes");
    eventually("the door to open", || connects().then_some(()));
}

#[test]
fn a_map_of_a_script_is_the_one_of_rules_and_of_the_operator() {
    let folder = Folder::new();
    let proxy = start(&folder);
    let map = folder.path().join("colors.map").display().to_string();
    let color = |path: &str| {
        let response = portero_tests::get(proxy.door("side"), path);
        response.head.header("x-color").unwrap_or("-").to_owned()
    };
    assert_eq!(color("/a"), "red");
    assert_eq!(tell(&proxy, "/maps"), "black");
    assert_eq!((color("/a"), color("/n"), color("/b")), ("black".into(), "new".into(), "none".into()));
    eventually("the event", || (tell(&proxy, "/last") == "PAT_REF_DEL").then_some(()));
    assert_eq!(ask(&proxy, &format!("set map {map} /a white")), "");
    eventually("the event", || (tell(&proxy, "/last") == "PAT_REF_SET").then_some(()));
    assert_eq!(tell(&proxy, "/versions"), "/v=1 /x=3");
    assert_eq!((color("/a"), color("/x")), ("none".into(), "3".into()));
}

#[test]
fn a_script_counts_in_tables_of_proxies_and_of_peers_sections() {
    let folder = Folder::new();
    let proxy = start(&folder);
    assert_eq!(tell(&proxy, "/tables"), "1");
    let shown = ask(&proxy, "show table web");
    assert!(shown.contains("key=ann") && shown.contains("gpc0=42"), "{shown}");
}

#[test]
fn a_function_of_a_script_is_a_command_of_the_runtime_api() {
    let folder = Folder::new();
    let proxy = start(&folder);
    assert_eq!(ask(&proxy, "show tale bob; show version").lines().next(), Some("the tale of bob"));
    assert!(ask(&proxy, "help show t").contains("show tale <name>: tells one"));
    assert!(ask(&proxy, "user; show tale").contains("the tale of nil"), "everybody may");
    assert!(ask(&proxy, "show taless").contains("Unknown command"));
}
