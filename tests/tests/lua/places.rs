//! Where the words of scripts may stand.

use std::process::Command;

use portero_tests::{Client, Folder, Origin, Proxy, eventually, portero};

const HEAD: &str = "
    global
        tune.lua.bool-sample-conversion normal
        lua-load-per-thread ${dir}/x.lua
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        timeout check 1s
    ";

fn config(proxies: &str) -> String {
    format!("{HEAD}{proxies}\n")
}

#[test]
fn actions_stand_in_all_rules_of_a_request() {
    let script = "
        local all = { 'tcp-req', 'http-req', 'http-res', 'http-after-res' }
        core.register_action('note', all, function(txn, what)
            txn:set_var('txn.seen', (txn:get_var('txn.seen') or '') .. what .. ' ')
        end, 1)";
    let origin = Origin::answering("hello");
    let proxy = Proxy::with(&config(
        "frontend front
            bind ${front}
            tcp-request inspect-delay 1s
            tcp-request content lua.note content
            http-request lua.note request
            http-response lua.note response
            http-after-response lua.note after
            http-after-response set-header x-seen %[var(txn.seen)]
            default_backend app
        backend app
            server s1 ${origin}",
    ));
    let proxy = proxy.set("origin", origin.address()).file("x.lua", script).start();
    assert_eq!(proxy.get("/").header("x-seen"), Some("content request response after"));
}

#[test]
fn fetches_and_converters_stand_in_expressions_conditions_and_formats() {
    let script = "
        core.register_fetches('upper_path', function(txn) return string.upper(txn.f:path()) end)
        core.register_converters('twice', function(text) return text .. text end)
        core.register_converters('type', type)";
    let proxy = Proxy::with(&config(
        "frontend front
            bind ${front}
            http-request return status 403 if { lua.upper_path /SECRET }
            http-request return status 200 hdr x %[lua.upper_path,lua.twice] hdr y %[int(5),lua.type]",
    ));
    let proxy = proxy.file("x.lua", script).start();
    assert_eq!(proxy.get("/secret").status(), 403);
    assert_eq!(proxy.get("/a").header("x"), Some("/A/A"));
    assert_eq!(proxy.get("/a").header("y"), Some("string"));
}

#[test]
fn a_balancer_chooses_by_the_request() {
    let script = "
        core.register_balancer('canary', function(txn, servers)
            local wanted = txn.f:req_hdr('x-canary') == 'yes' and 'new' or 'old'
            for _, server in ipairs(servers) do
                if server:get_name() == wanted then return server end
            end
        end)";
    let (old, new) = (Origin::answering("old"), Origin::answering("new"));
    let proxy = Proxy::with(&config(
        "frontend front
            bind ${front}
            default_backend app
        backend app
            balance lua.canary
            server old ${old}
            server new ${new}",
    ));
    let proxy = proxy.set("old", old.address()).set("new", new.address()).file("x.lua", script).start();
    let mut client = proxy.connect();
    assert_eq!(client.get("/").text(), "old");
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Canary: yes\r\n\r\n");
    assert_eq!(client.response().text(), "new");
}

/// A check that asks for a line.
const CHECK: &str = "
    core.register_check('line', function(server, dial)
        local socket, why = dial()
        if not socket then return false, why end
        socket:send('status\\n')
        local line = socket:receive('*l')
        socket:close()
        return line == 'fine', 'it said ' .. tostring(line)
    end)";

#[test]
fn a_check_of_a_script_decides_over_servers() {
    let says = |line: &'static str| {
        Origin::scripted(move |mut peer| {
            peer.exactly("status\n".len())?;
            peer.send(line)
        })
    };
    let (fine, ill) = (says("fine\n"), says("ill\n"));
    for (option, check) in [("option lua-check line", "check"), ("", "check lua.line")] {
        let text = config(&format!(
            "frontend front
                bind ${{front}}
                stats uri /stats
            backend app
                {option}
                server fine ${{fine}} {check} inter 50ms fall 1
                server ill ${{ill}} {check} inter 50ms fall 1"
        ));
        let proxy = Proxy::with(&text).set("fine", fine.address()).set("ill", ill.address());
        let proxy = proxy.file("x.lua", CHECK).start();
        let status = |server: &str| proxy.stats().field("app", server, "status").to_owned();
        eventually("the server that is ill is down", || (status("ill") == "DOWN").then_some(()));
        assert_eq!(status("fine"), "UP");
        let reason = proxy.stats().field("app", "ill", "last_chk").to_owned();
        assert!(reason.contains("it said ill"), "{reason}");
    }
}

/// What `portero` says, both streams together.
fn run(folder: &Folder, args: &[&str]) -> String {
    let output = Command::new(portero()).args(args).current_dir(folder.path()).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn explain_and_policy_tests_run_scripts() {
    let folder = Folder::new();
    folder.write(
        "x.lua",
        "seen = 0
         core.register_action('mark', { 'http-req' }, function(txn)
             seen = seen + 1
             txn:set_var('txn.seen', seen)
         end)
         core.register_action('slow', { 'http-req' }, function(txn) core.sleep(30) end)",
    );
    let front = HEAD.replace("${dir}/", "")
        + "frontend front
            bind :8080
            http-request lua.mark
            http-request lua.slow if { path /slow }
            http-request return status 200 hdr x-seen %[var(txn.seen)]
        ";
    folder.write("a.cfg", &front);
    let explained = run(&folder, &["explain", "-f", "a.cfg", "--request", "GET /a"]);
    assert!(explained.contains("lua.mark") && explained.contains("x-seen: 1"), "{explained}");
    let case = "config a.cfg
test \"each test has scripts of its own\"
    request GET /
    expect header x-seen 1
    request GET /slow
    expect header x-seen 2
test \"and so has the next\"
    request GET /
    expect header x-seen 1
";
    folder.write("a.test", case);
    let told = run(&folder, &["test", "a.test"]);
    assert!(told.contains("2 passed") || told.contains("ok"), "{told}");
    assert!(!told.contains("FAILED") && !told.contains("failed:"), "{told}");
}

/// As scripts that speak SOCKS or CONNECT do: an action asks the client, hears its answer and takes both away.
#[test]
fn an_action_speaks_with_a_client_of_tcp_before_a_server_hears_it() {
    let echo = Origin::scripted(|mut peer| {
        let said = peer.exactly(5)?;
        peer.send(said)?;
        peer.fall_silent()
    });
    let script = "core.register_action('greet', { 'tcp-req' }, function(txn)
            local version = txn.req:data(0, 2)
            assert(version == 'v1' and txn.req:remove(0, #version) == 2)
            assert(txn.res:send('name?') == 5)
            local name = txn.req:getline()
            txn:set_var('sess.name', name)
            assert(txn.req:line() == 'hello' and txn.req:data(1, 3) == 'ell')
        end)
        core.register_action('wait', { 'tcp-req' }, function(txn)
            local none = txn.req:data(0, 10)
            core.Warning('at the end: ' .. tostring(none) .. ' ' .. tostring(txn.req:data(0, 2)))
        end)";
    let config = "
        global
            lua-load ${dir}/x.lua
            tune.lua.bool-sample-conversion normal
        defaults
            mode tcp
            timeout client 5s
            timeout server 5s
            timeout connect 1s
        listen front
            bind ${front}
            tcp-request inspect-delay 10s
            tcp-request content lua.greet
            server s ${echo}
        listen short
            bind ${short}
            tcp-request inspect-delay 2s
            tcp-request content lua.wait
            server s ${echo}";
    let proxy = Proxy::with(config).door("short").file("x.lua", script).set("echo", echo.address()).start();
    let mut client = proxy.connect();
    assert_eq!(client.send("v").send("1").exactly(5), b"name?");
    assert_eq!(client.send("An").send("n\nhel").send("lo").exactly(5), b"hello");

    let mut client = Client::to(proxy.door("short"));
    client.send("some");
    proxy.output_with("at the end: some so");
    assert_eq!(client.send("!").exactly(5), b"some!");
}
