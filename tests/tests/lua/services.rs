//! Services of scripts: they answer in the place of a server.

use portero_tests::{Client, Origin, Proxy, Syslog};

const SCRIPT: &str = r#"
core.register_service("hello", "http", function(applet)
    applet:set_status(200)
    applet:add_header("x-from", "lua")
    applet:start_response()
    applet:send("hello ")
    applet:send(applet.path)
end)
core.register_service("echo", "http", function(applet)
    local body = applet:receive()
    applet:set_status(201)
    applet:add_header("content-length", #body)
    applet:start_response()
    applet:send(body)
end)
core.register_service("stream", "http", function(applet)
    applet:start_response()
    applet:send("first")
    core.msleep(10)
    local more = applet:getline()
    applet:send(more)
end)
core.register_service("large", "http", function(applet)
    applet:start_response()
    for i = 1, 1000 do applet:send(string.rep("x", 10000)) end
end)
core.register_service("early", "http", function(applet) error("too early") end)
core.register_service("late", "http", function(applet)
    applet:start_response()
    applet:send("half")
    core.msleep(10)
    error("too late")
end)
core.register_service("lines", "tcp", function(applet)
    applet:send("who?\n")
    while true do
        local line = applet:getline()
        if line == "" then return end
        applet:send("hello " .. line)
    end
end)
core.register_action("pause", { "http-req", "http-res" }, function(txn)
    core.msleep(20)
    txn:set_var("txn.paused", 1)
end)
"#;

const CONFIG: &str = "
    global
        .if version_atleast(3.1)
        tune.lua.bool-sample-conversion normal
        .endif
        lua-load-per-thread ${dir}/services.lua
    defaults
        mode http
        log ${syslog} local0
        timeout client 3s
        timeout server 3s
        timeout connect 3s
    frontend front
        bind ${front}
        log-format '%ft %b/%s %ST %B %ts'
        http-request use-service lua.hello if { path_beg /hello }
        http-request use-service lua.echo if { path /echo }
        http-request use-service lua.stream if { path /stream }
        http-request use-service lua.large if { path /large }
        http-request use-service lua.early if { path /early }
        http-request use-service lua.late if { path /late }
        http-request lua.pause if { path /paused }
        http-response set-header x-rule 1
        http-after-response set-header x-after 1
        default_backend app
    backend app
        http-request use-service lua.hello if { path /app }
        http-response set-header x-paused %[var(txn.paused)]
        server app ${app}
    listen lines
        mode tcp
        bind ${lines}
        log-format '%ft %b/%s %B %ts'
        tcp-request inspect-delay 1s
        tcp-request content use-service lua.lines
    ";

struct World {
    proxy: Proxy,
    log: Syslog,
    _app: Origin,
}

fn world() -> World {
    let (app, log) = (Origin::answering("from the server"), Syslog::udp());
    let proxy = Proxy::with(CONFIG)
        .set("app", app.address())
        .set("syslog", log.address())
        .file("services.lua", SCRIPT)
        .door("lines")
        .start();
    World { proxy, log, _app: app }
}

fn post(client: &mut Client, path: &str, body: &str) -> portero_tests::Response {
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    client.send(head + body).response()
}

#[test]
fn a_script_answers_and_the_connection_goes_on() {
    let World { proxy, log, .. } = world();
    let mut client = proxy.connect();
    for path in ["/hello/1", "/hello/2"] {
        let page = client.get(path);
        assert_eq!((page.status(), page.text()), (200, format!("hello {path}")));
        assert_eq!((page.header("x-from"), page.header("transfer-encoding")), (Some("lua"), Some("chunked")));
        assert_eq!((page.header("x-rule"), page.header("x-after")), (Some("1"), Some("1")));
    }
    let echoed = post(&mut client, "/echo", "some text");
    assert_eq!(
        (echoed.status(), echoed.text(), echoed.header("content-length")),
        (201, "some text".into(), Some("9"))
    );
    assert_eq!(post(&mut client, "/hello", "nobody reads this").text(), "hello /hello");
    assert_eq!(client.get("/hello/3").text(), "hello /hello/3", "the body was passed over");
    log.line_with(&["front front/<lua.hello> 200", " LR"]);
    log.line_with(&["front front/<lua.echo> 201", " LR"]);
}

#[test]
fn a_backend_has_services_too() {
    let World { proxy, log, .. } = world();
    assert_eq!(proxy.get("/app").text(), "hello /app");
    log.line_with(&["front app/<lua.hello> 200", " LR"]);
}

#[test]
fn a_response_leaves_while_the_script_goes_on() {
    let World { proxy, .. } = world();
    let mut client = proxy.connect();
    client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    let head = client.head_only();
    assert_eq!(head.status(), 200);
    assert_eq!(client.exactly(10), b"5\r\nfirst\r\n", "the script still waits for the body");
    client.send("line\n");
    assert_eq!(client.exactly(15), b"5\r\nline\n\r\n0\r\n\r\n");
}

#[test]
fn a_slow_client_gets_all_of_a_large_response() {
    let World { proxy, .. } = world();
    assert_eq!(proxy.get("/large").text().len(), 10_000_000);
}

#[test]
fn a_client_that_waits_to_be_asked_is_asked_once_the_script_reads() {
    let World { proxy, .. } = world();
    let mut client = proxy.connect();
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    client.send(head);
    assert_eq!(client.head_only().status(), 100);
    client.send("abc");
    assert_eq!(client.response().text(), "abc");
}

#[test]
fn a_script_that_fails_is_told_by_500_or_by_the_end() {
    let World { proxy, log, .. } = world();
    assert_eq!(proxy.get("/early").status(), 500);
    log.line_with(&["front front/<lua.early> 500", " LR"]);
    let mut client = proxy.connect();
    client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head_only().status(), 200);
    assert_eq!(client.rest(), b"4\r\nhalf\r\n", "no last chunk");
    log.line_with(&["front front/<lua.late> 200", " LR"]);
    log.line_with(&["Lua applet http '<lua.late>'", "too late"]);
}

#[test]
fn a_service_takes_a_session_over() {
    let World { proxy, log, .. } = world();
    let mut client = Client::to(proxy.door("lines"));
    assert_eq!(client.exactly(5), b"who?\n", "it speaks first");
    client.send("me\n");
    assert_eq!(client.exactly(9), b"hello me\n");
    client.send("you");
    client.half_close();
    assert_eq!(client.rest(), b"hello you");
    log.line_with(&["lines lines/<lua.lines> 23 --"]);
}

#[test]
fn an_action_waits_and_the_request_goes_on() {
    let World { proxy, _app, .. } = world();
    let page = proxy.get("/paused");
    assert_eq!((page.text(), page.header("x-paused")), ("from the server".into(), Some("1")));
}

/// A listener with these lines, and scripts that wait.
fn waiting(lines: &str) -> (Proxy, Syslog) {
    const SCRIPT: &str = r#"
        core.register_service("never", "http", function(applet) core.sleep(1000) end)
        core.register_action("never", { "http-req" }, function(txn) core.sleep(1000) end)
        core.register_service("read", "http", function(applet)
            local body = applet:receive()
            applet:start_response()
            applet:send(body)
        end)
    "#;
    const CONFIG: &str = "
        global
            .if version_atleast(3.1)
            tune.lua.bool-sample-conversion normal
            .endif
            lua-load-per-thread ${dir}/waiting.lua
        listen front
            mode http
            bind ${front}
            log ${syslog} local0
            log-format '%b/%s %ST %ts'
            timeout client 300ms
            timeout server 3s
            timeout connect 3s
            ${lines}
        ";
    let log = Syslog::udp();
    let starting = Proxy::with(CONFIG).set("lines", lines).set("syslog", log.address());
    (starting.file("waiting.lua", SCRIPT).start(), log)
}

#[test]
fn a_client_that_leaves_ends_what_a_script_does_for_it() {
    for rule in ["use-service lua.never", "lua.never"] {
        let (proxy, log) = waiting(&format!("option abortonclose\n http-request {rule}"));
        let mut client = proxy.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.leave();
        log.line_with(&["front/", " CR"]);
    }
}

#[test]
fn a_client_that_does_not_send_its_body_is_told_when_its_time_is_over() {
    let (proxy, log) = waiting("http-request use-service lua.read");
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    assert_eq!(client.response().status(), 408);
    log.line_with(&["front/<lua.read> 408 cR"]);
}
