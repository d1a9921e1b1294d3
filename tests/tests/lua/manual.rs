//! The examples of docs/lua.md: all of them are loaded at once, and everything that they register is called.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use portero_tests::{Client, Origin, Proxy, eventually, repository};

/// What uses each name that the examples register.
const CONFIG: &str = "
    global
        tune.lua.bool-sample-conversion normal
        stats socket ${dir}/ctl level admin
        setenv SIGNER ${keys}/p256.public.pem
        LOADS
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter lua.marking yes
        filter lua.loud
        http-request use-service lua.time if { path /time }
        http-request lua.mark
        http-request lua.teapot
        http-request deny if { lua.country(DE) -m bool }
        http-request return status 503 if { lua.busy(app) -m bool }
        http-request lua.doors
        http-request lua.ask
        http-request lua.redis
        http-request lua.refill if { path /new }
        http-request lua.flag
        http-request lua.strike clients
        http-request lua.remember
        http-response set-header X-Vars \"%[var(txn.seen)] %[var(txn.door)] %[var(txn.allowed)] %[var(txn.redis)] %[var(txn.flags)]\"
        http-response set-header X-Counts \"%[var(txn.strikes)] %[var(txn.number)]\"
        http-response set-header X-Flag %[str(/beta),map(virt@flags,no)]
        http-response set-header X-Name \"%[str(ann of kent),lua.title] %[str(4000123412341234),lua.masked]\"
        http-response set-header X-Signed %[str(a),lua.signed]
        http-response set-header X-Is-Signed %[var(txn.signed)]
        http-request set-var(txn.signed) lua.is_signed
        default_backend app
    backend app
        balance lua.least
        server s1 ${origin} check port ${greeter} inter 50ms check lua.greets
    backend clients
        stick-table type ip size 10 store gpc0
    listen lines
        mode tcp
        bind ${lines}
        tcp-request inspect-delay 1s
        tcp-request content lua.hello
        tcp-request content reject unless { var(txn.hello) -m sub line }
        tcp-request content use-service lua.echo
    ";

/// The examples of the page, where what they connect to is found at these addresses.
fn examples(http: &Origin, redis: &Origin) -> Vec<String> {
    let page = std::fs::read_to_string(repository().join("docs/lua.md")).expect("the page is there");
    let page = page.replace("127.0.0.1:9000", &http.address().to_string());
    let page = page.replace("6379", &redis.address().port().to_string());
    let fences = page.split("```lua\n").skip(1);
    fences.map(|rest| rest.split("```\n").next().unwrap_or_default().to_owned()).collect()
}

/// The names that a script registers.
fn names(script: &str) -> impl Iterator<Item = &str> {
    let registered = script.split("core.register_").skip(1);
    registered.filter_map(|rest| rest.split_once('(')?.1.strip_prefix('"')?.split('"').next())
}

fn load(starting: portero_tests::Starting, (place, script): (usize, &String)) -> portero_tests::Starting {
    starting.file(&format!("{place}.lua"), script)
}

#[test]
fn every_example_of_the_manual_runs() {
    let (http, origin) = (Origin::answering("on"), Origin::answering("hello"));
    let talking = |word: &'static str| {
        Origin::scripted(move |mut peer| {
            peer.send(word)?;
            peer.fall_silent()
        })
    };
    let (redis, greeter) = (talking("+PONG\r\n"), talking("220 ready\r\n"));
    let examples = examples(&http, &redis);
    assert!(examples.len() > 10, "the page has examples");
    for name in examples.iter().flat_map(|script| names(script)) {
        assert!(CONFIG.contains(&format!("lua.{name}")), "nothing calls '{name}'");
    }
    let loads: Vec<_> =
        (0..examples.len()).map(|n| format!("lua-load-per-thread ${{dir}}/{n}.lua")).collect();
    let config = CONFIG.replace("LOADS", &loads.join("\n        "));
    let starting = Proxy::with(&config)
        .door("lines")
        .set("origin", origin.address())
        .set("keys", repository().join("scripting/keys/testdata").display())
        .set("greeter", greeter.address().port());
    let proxy = examples.iter().enumerate().fold(starting, load).start();

    eventually("the task's map", || (proxy.get("/").header("x-flag") == Some("on")).then_some(()));
    let seen = proxy.get("/new");
    assert_eq!((seen.status(), seen.text().as_str()), (200, "HELLO"), "{:?}", proxy.output());
    let vars = seen.header("x-vars").expect("it is set");
    assert!(vars.starts_with("1 ") && vars.ends_with(" 1 +PONG some"), "{vars}");
    let counts: Vec<u32> =
        seen.header("x-counts").expect("it is set").split(' ').flat_map(str::parse).collect();
    assert!(counts.len() == 2 && counts[0] > 1 && counts[1] == counts[0], "{counts:?}");
    assert_eq!(seen.header("x-marked"), Some("yes"));
    assert_eq!(seen.header("x-name"), Some("Ann Of Kent 4000..."));
    assert!(seen.header("x-signed").is_some_and(|json| json.contains("\"sum\"")), "{:?}", seen.head);
    assert!(origin.heads().iter().all(|head| head.header("x-client") == Some("nobody@127.0.0.1")));

    // by `openssl dgst -sha256 -sign p256.pem`, of "/signed"
    let signature =
        "MEUCIQCNXCQNPRq/ZKWglwLAKWo3kcnmx4LZogBAG7/PE1CEiAIgDdBSRbL89C7Zbg5fBKkyfiYVC0u9DdtgwLx+ObF6Oic=";
    let signed = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Signature: {signature}\r\n\r\n");
        proxy.connect().send(request).response().header("x-is-signed").map(str::to_owned)
    };
    assert_eq!((signed("/signed").as_deref(), signed("/other").as_deref()), (Some("1"), Some("0")));

    assert_eq!(proxy.get("/coffee").status(), 418);
    assert!(proxy.get("/time").text().to_lowercase().contains("\"path\":\"/time\""));
    let denied = proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\nX-Country: DE\r\n\r\n").response();
    assert_eq!(denied.status(), 403);
    assert_eq!(Client::to(proxy.door("lines")).send("a li").send("ne\n").exactly(7), b"a line\n");
    let mut commands = UnixStream::connect(proxy.folder().path().join("ctl")).expect("the runtime API");
    commands.write_all(b"show requests\n").expect("it takes a line");
    let mut requests = String::new();
    commands.read_to_string(&mut requests).expect("it answers");
    assert!(requests.trim().parse::<u32>().is_ok_and(|n| n >= counts[1]), "{requests}");
    let wrong = |line: &String| line.contains("Lua ") && line.contains("error");
    let wrong: Vec<_> = proxy.output().into_iter().filter(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
