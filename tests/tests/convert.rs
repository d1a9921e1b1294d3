//! `portero convert` prints the TOML that means the same. Shown by running both.

use std::process::Command;

use portero_tests::{Origin, Proxy, Response, portero, repository};

/// What two proxies must answer alike: the request, byte for byte.
const REQUESTS: [&str; 9] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/v2/items?x=1 HTTP/1.1\r\nHost: a\r\nX-Api-Key: 1\r\n\r\n",
    "GET /api/v2/items HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /items HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /internal/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "GET / HTTP/1.0\r\n\r\n",
];

/// An origin that answers with what it was asked.
fn mirror() -> Origin {
    Origin::scripted(|mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let lines = head.0.lines().filter(|line| !line.to_lowercase().starts_with("host"));
            let text = lines.collect::<Vec<_>>().join("\n");
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nServer: mirror\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            ))?;
        }
    })
}

fn answers(proxy: &Proxy) -> Vec<Response> {
    REQUESTS.iter().map(|request| proxy.connect().send(request).response()).collect()
}

#[test]
fn the_rules_example_and_its_conversion_behave_alike() {
    let origin = mirror();
    let path = repository().join("examples/02-rules/haproxy.cfg");
    let mut config =
        std::fs::read_to_string(path).expect("the example is there").replace("*:8090", "${front}");
    for port in ["5001", "5002", "5003"] {
        config = config.replace(&format!("127.0.0.1:{port}"), &origin.address().to_string());
    }
    let written = Proxy::with(&config).start();
    let converted = Command::new(portero()).arg("convert").arg(written.file()).output().expect("it starts");
    assert!(converted.status.success(), "{}", String::from_utf8_lossy(&converted.stderr));
    let toml = String::from_utf8(converted.stdout).expect("text");
    let meant = Proxy::with_toml(&toml).start();
    for ((request, one), other) in REQUESTS.iter().zip(answers(&written)).zip(answers(&meant)) {
        assert_eq!(one.head.0, other.head.0, "{request:?}\n{toml}");
        assert_eq!(one.text(), other.text(), "{request:?}\n{toml}");
    }
}

#[test]
fn the_founding_example_converts_to_a_file_that_is_valid() {
    let path = repository().join("examples/01-flask/haproxy.cfg");
    let converted = Command::new(portero()).arg("convert").arg(path).output().expect("it starts");
    assert!(converted.status.success(), "{}", String::from_utf8_lossy(&converted.stderr));
    let toml = String::from_utf8(converted.stdout).expect("text");
    for part in ["http_front", "web_servers", "roundrobin", "web1:5000", "/haproxy_stats"] {
        assert!(toml.contains(part), "{part} in\n{toml}");
    }
}
