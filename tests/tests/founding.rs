//! The case that Portero was begun for: three Flask servers behind one door, by the file of examples/01-flask with only its
//! addresses adapted. Real processes, a real browser.

use std::net::{SocketAddr, TcpStream};

use portero_tests::{Client, Flask, Origin, Proxy, Stats, dump_dom, eventually, get, repository, screenshot};

const SERVERS: [&str; 3] = ["web1", "web2", "web3"];

/// One of the two configurations of the example on addresses of ours, running; and its door.
fn example(file: &str, servers: &[Flask; 3]) -> (Proxy, SocketAddr) {
    let (path, front) = (repository().join("examples/01-flask").join(file), Origin::nobody());
    let mut config =
        std::fs::read_to_string(path).expect("the example is there").replace("*:80", &front.to_string());
    for (name, server) in SERVERS.iter().zip(servers) {
        config = config.replace(&format!("{name}:5000"), &server.address().to_string());
    }
    let proxy =
        if file.ends_with(".toml") { Proxy::with_toml(&config) } else { Proxy::with(&config) }.start();
    eventually("the door is open", || TcpStream::connect(front).ok());
    (proxy, front)
}

/// The state of a server on the statistics page: `UP`, `DOWN` ...
fn status(stats: &Stats, server: &str) -> String {
    stats.field("web_servers", server, "status").to_owned()
}

fn founding_case(file: &str) {
    let servers = SERVERS.map(Flask::start);
    let (_proxy, front) = example(file, &servers);
    let stats = || Stats::from_csv(&get(front, "/haproxy_stats;csv").text());
    let ask = || get(front, "/");

    // nine requests, three for each
    let answers: Vec<_> = (0..9).map(|_| ask().text()).collect();
    for name in SERVERS {
        assert_eq!(answers.iter().filter(|text| text.contains(name)).count(), 3, "{name}: {answers:?}");
    }
    assert_eq!(answers[..3], answers[3..6], "in turn");

    // one is stopped: before the check has noticed, a refused connection is tried on another server
    let [web1, web2, web3] = servers;
    let (name, address) = web2.stop();
    assert!(status(&stats(), "web2").starts_with("UP"), "the check has not noticed yet");
    for _ in 0..6 {
        assert_eq!(ask().status(), 200);
    }
    assert!(stats().number("web_servers", "BACKEND", "wredis") > 0, "tried elsewhere, and counted");

    // once it has noticed, the others share the work
    eventually("web2 is down", || (status(&stats(), "web2") == "DOWN").then_some(()));
    let answers: Vec<_> = (0..6).map(|_| ask().text()).collect();
    assert!(answers.iter().all(|text| text.contains("web1") || text.contains("web3")), "{answers:?}");
    let page = dump_dom(&format!("http://{front}/haproxy_stats"));
    for seen in ["web1", "web2", "web3", "DOWN", "UP"] {
        assert!(page.contains(seen), "{seen} on the page");
    }

    // it comes back
    let web2 = Flask::start_at(&name, address);
    eventually("web2 is up", || status(&stats(), "web2").starts_with("UP").then_some(()));
    let answers: Vec<_> = (0..6).map(|_| ask().text()).collect();
    assert_eq!(answers.iter().filter(|text| text.contains("web2")).count(), 2, "{answers:?}");
    drop((web1, web2, web3));
}

#[test]
fn haproxy_cfg() {
    founding_case("haproxy.cfg");
}

#[test]
fn portero_toml() {
    founding_case("portero.toml");
}

#[test]
fn what_was_assumed_is_said() {
    let servers = SERVERS.map(Flask::start);
    let (proxy, front) = example("haproxy.cfg", &servers);
    assert_eq!(get(front, "/").status(), 200);
    let output = proxy.output().join("\n");
    assert!(output.contains("mode http"), "there is no `mode` in the file: {output}");
}

#[test]
fn the_statistics_page_is_live_and_looks_well() {
    let servers = SERVERS.map(Flask::start);
    let (proxy, front) = example("haproxy.cfg", &servers);
    let mut client = Client::to(front);
    for _ in 0..30 {
        assert_eq!(client.get("/").status(), 200);
    }
    let page = dump_dom(&format!("http://{front}/haproxy_stats"));
    for seen in ["http_front", "web_servers", "web1", "web2", "web3"] {
        assert!(page.contains(seen), "{seen} on the page");
    }
    // kept for the README; a phone's width must do too. UPDATE_SCREENSHOTS writes them into docs/
    let folder = match std::env::var_os("UPDATE_SCREENSHOTS") {
        Some(_) => repository().join("docs"),
        None => proxy.folder().path().to_owned(),
    };
    screenshot(&format!("http://{front}/haproxy_stats"), 1280, 800, &folder.join("stats.png"));
    screenshot(&format!("http://{front}/haproxy_stats"), 390, 844, &folder.join("stats-phone.png"));
}
