//! Every example is started here (the first one by founding.rs). The tidy test looks for each folder's name in these files.

use portero_tests::{Origin, Proxy, Starting, repository};

/// An origin that says its name and what it was asked.
fn named(name: &'static str) -> Origin {
    Origin::scripted(move |mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let text = format!("{name}: {}", head.0);
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            ))?;
        }
    })
}

fn rules_example(file: &str, start: fn(&str) -> Starting) {
    let path = repository().join("examples/02-rules").join(file);
    let origins = [named("api1"), named("api2"), named("site1")];
    let mut config =
        std::fs::read_to_string(path).expect("the example is there").replace("*:8090", "${front}");
    for (port, origin) in [5001, 5002, 5003].iter().zip(&origins) {
        config = config.replace(&format!("127.0.0.1:{port}"), &origin.address().to_string());
    }
    let proxy = start(&config).start();

    let site = proxy.get("/");
    assert!(site.text().starts_with("site1: GET / HTTP/1.1"), "{}", site.text());
    assert!(site.text().to_lowercase().contains("x-forwarded-for: 127.0.0.1"), "{}", site.text());
    assert_eq!((site.header("x-frame-options"), site.header("server")), (Some("DENY"), None));

    let api = proxy
        .connect()
        .send("GET /api/v2/items HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n\r\n")
        .response()
        .text();
    assert!(api.starts_with("api") && api.contains("GET /v2/items HTTP/1.1"), "{api}");
    assert!(!api.to_lowercase().contains("x-api-key"), "{api}");

    assert_eq!(proxy.get("/api/v2/items").status(), 401);
    let moved = proxy.get("/items");
    assert_eq!((moved.status(), moved.header("location")), (301, Some("/api/v2/items")));
    assert_eq!(proxy.get("/healthz").text(), "ok");
    assert_eq!(proxy.connect().send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").response().status(), 403);
}

#[test]
fn rules_by_haproxy_cfg() {
    rules_example("haproxy.cfg", Proxy::with);
}

#[test]
fn rules_by_portero_toml() {
    rules_example("portero.toml", Proxy::with_toml);
}
