//! Limits on the bandwidth: bodies arrive whole, and not before their time.

use std::time::{Duration, Instant};

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    defaults
        mode ${mode}
        timeout client 300ms
        timeout server 300ms
        timeout connect 1s
    frontend front
        bind ${front}
        filter bwlim-in up default-limit 20k default-period 100ms min-size 1k
        filter bwlim-out down default-limit 20k default-period 100ms
        ${rules}
        default_backend app
    backend app
        server s1 ${app}
    ";

fn proxy(app: &Origin, mode: &str, rules: &str) -> Proxy {
    Proxy::with(CONFIG).set("mode", mode).set("rules", rules).set("app", app.address()).start()
}

/// An origin that sends so many bytes.
fn large(length: usize) -> Origin {
    Origin::replying(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length)))
}

#[test]
fn a_download_takes_as_long_as_its_limit_says() {
    let app = large(100 * 1024);
    let rules = "http-request set-bandwidth-limit down if { path /slow }
        http-response set-bandwidth-limit down limit int(51200) period 100ms if quick
        acl quick var(txn.p) -m str /quick
        http-request set-var(txn.p) path";
    let proxy = proxy(&app, "http", rules);
    for (path, least) in [("/slow", 300), ("/quick", 50), ("/", 0)] {
        let start = Instant::now();
        assert_eq!(proxy.get(path).body.len(), 100 * 1024, "{path}");
        // longer than the time-outs: who is held back is not idle
        assert!(start.elapsed() >= Duration::from_millis(least), "{path}: {:?}", start.elapsed());
    }
}

#[test]
fn an_upload_takes_as_long_as_its_limit_says() {
    let app = Origin::answering("thanks");
    let proxy = proxy(&app, "http", "http-request set-bandwidth-limit up");
    let start = Instant::now();
    let mut client = proxy.connect();
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 100 * 1024));
    let response = client.send("x".repeat(100 * 1024)).response();
    assert_eq!(response.text(), "thanks");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

#[test]
fn a_session_takes_as_long_as_its_limit_says() {
    let app = large(100 * 1024);
    let proxy = proxy(&app, "tcp", "tcp-request content set-bandwidth-limit down");
    let start = Instant::now();
    assert_eq!(proxy.get("/").body.len(), 100 * 1024);
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
}

#[test]
fn downloads_of_one_key_share_a_limit() {
    let app = large(50 * 1024);
    let proxy = Proxy::with(
        "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter bwlim-out down limit 20k key req.hdr(x-key) table shares min-size 1k
        http-request set-bandwidth-limit down
        default_backend app
    backend app
        server s1 ${app}
    backend shares
        stick-table type string size 100 store bytes_out_rate(100ms)
    ",
    )
    .set("app", app.address())
    .start();
    let download = |key: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n");
        assert_eq!(proxy.connect().send(request).response().body.len(), 50 * 1024, "{key}");
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| download("a"));
        scope.spawn(|| download("a"));
    });
    // one alone would be done after two periods
    assert!(start.elapsed() >= Duration::from_millis(350), "{:?}", start.elapsed());
}
