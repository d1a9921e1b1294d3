use portero_api::{Address, CheckStatus, CheckView, Counter, Kind, Oper, Request, ServerState};
use portero_conformance::rig::{Bench, exchange};

use super::*;

/// A frontend `front` and a backend `web<1>` with a server that is up and one that is down.
fn bench() -> Bench {
    let bench = Bench::default();
    let front = ProxyState::new("front", 1, Kind::Frontend, true);
    front.front.add(Counter::BytesIn, 82);
    front.front_sessions.enter();
    let back = ProxyState::new("web<1>", 2, Kind::Backend, true);
    let server = |name: &str, id| {
        let address = Address::Ip(([127, 0, 0, 1], 80).into());
        let server = ServerState::new(&back, name, id, address);
        server.set_checked(true);
        server
    };
    let (up, down) = (server("s1", 1), server("s2", 2));
    up.set_max_sessions(10);
    let view = CheckView {
        rise: 2,
        fall: 3,
        health: 4,
        status: CheckStatus::L7Ok,
        code: Some(200),
        ..CheckView::default()
    };
    *up.check.lock().expect("unpoisoned") = CheckView { ended: Some(Instant::now()), ..view.clone() };
    let refused = CheckView {
        status: CheckStatus::L4Connection,
        reason: "a \"b\", c".into(),
        health: 0,
        code: None,
        ..view
    };
    *down.check.lock().expect("unpoisoned") = refused;
    down.set_oper(Oper::Down);
    back.set_servers(vec![Arc::new(up), Arc::new(down)]);
    bench.common.directory.insert(Arc::new(front));
    bench.common.directory.insert(Arc::new(back));
    bench
}

fn ask_with(bench: &Bench, target: &str, change: impl Fn(&mut Request)) -> (Message, String) {
    let service = bench.service(&plugin()).expect("good lines");
    let mut exchange = exchange(target);
    change(&mut exchange.request);
    let served = service.serve(&mut exchange).reply().expect("an answer");
    let Body::Whole(body) = served.body else { panic!("a stream") };
    (served.head, String::from_utf8(body.to_vec()).expect("text"))
}

fn ask(bench: &Bench, target: &str) -> String {
    ask_with(bench, target, |_| {}).1
}

/// The values of a line of CSV by the names of the header.
fn line(csv: &str, start: &str) -> std::collections::HashMap<String, String> {
    let names = csv.lines().next().expect("a header").trim_start_matches("# ").split(',');
    let values = csv.lines().find(|line| line.starts_with(start)).expect(start).split(',');
    names.map(str::to_owned).zip(values.map(str::to_owned)).collect()
}

#[test]
fn the_columns_are_those_of_haproxy_in_its_order() {
    let names: Vec<_> = rows::FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(names.len(), 119);
    for (at, name) in
        [(0, "pxname"), (17, "status"), (36, "check_status"), (73, "addr"), (118, "cache_hint_hits")]
    {
        assert_eq!(names[at], name);
    }
}

#[test]
fn csv_has_a_line_for_each_frontend_server_and_backend() {
    let csv = ask(&bench(), "/stats;csv");
    let starts: Vec<_> = csv.lines().map(|l| l.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(starts, ["# pxname,svname", "front,FRONTEND", "web<1>,s1", "web<1>,s2", "web<1>,BACKEND"]);
    let front = line(&csv, "front,");
    assert_eq!([&front["scur"], &front["bin"], &front["status"], &front["qcur"]], ["1", "82", "OPEN", ""]);
    let up = line(&csv, "web<1>,s1");
    assert_eq!(
        [&up["status"], &up["check_status"], &up["check_code"], &up["slim"]],
        ["UP", "L7OK", "200", "10"]
    );
    assert!(csv.contains("\"a \"\"b\"\", c\""), "{csv}");
    assert_eq!(line(&csv, "web<1>,BACKEND")["act"], "1");
}

#[test]
fn json_is_in_the_shape_of_show_stat_json() {
    let json = ask(&bench(), "/stats;json");
    let first = "[[{\"objType\":\"Frontend\",\"proxyId\":1,\"id\":0,\"field\":{\"pos\":0,\"name\":\"pxname\"},\
         \"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},\
         \"value\":{\"type\":\"str\",\"value\":\"front\"}}";
    assert!(json.starts_with(first), "{json}");
    assert!(json.contains("\"value\":\"a \\\"b\\\", c\"") && json.ends_with("]]"));
}

#[test]
fn the_page_shows_every_server_and_escapes_names() {
    let (head, page) = ask_with(&bench(), "/stats", |_| {});
    assert_eq!(head.status, 200);
    assert!(page.contains("web&lt;1&gt;") && !page.contains("web<1>"));
    for part in ["data-row=\"web&lt;1&gt;/s2/2\" data-state=\"bad\"", "L4CON", "data-url=\"/stats;json\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_uri_cannot_smuggle_markup_into_the_page() {
    let page = ask(&bench(), "/stats?\"><script>alert(1)</script>");
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"));
}

#[test]
fn wishes_behind_the_semicolon_are_heard() {
    assert!(!ask(&bench(), "/stats;up").contains("/s2/2"));
    assert!(!ask(&bench(), "/stats;norefresh").contains("<script"));
    let refreshed = bench().line("refresh 5s");
    assert!(ask(&refreshed, "/stats").contains("content=\"5\""));
    assert!(!ask(&refreshed, "/stats;norefresh").contains("http-equiv"));
}

#[test]
fn the_version_is_hidden_unless_it_is_to_be_shown() {
    let told = format!("Portero {}", Process::VERSION);
    assert!(!ask(&bench(), "/stats").contains(&told));
    assert!(ask(&bench().line("show-version"), "/stats").contains(&told));
}

#[test]
fn the_scope_hides_other_proxies() {
    let csv = ask(&bench().line("scope front"), "/stats;csv");
    assert_eq!(csv.lines().count(), 2);
}

#[test]
fn strangers_are_asked_who_they_are() {
    let bench = bench().line("auth joe:secret").line_of(&["realm", "My \"realm\""]);
    let (head, _) = ask_with(&bench, "/stats;csv", |_| {});
    assert_eq!(head.status, 401);
    let realm =
        (b"www-authenticate".as_slice().into(), b"Basic realm=\"My \\\"realm\\\"\"".as_slice().into());
    assert!(head.headers.contains(&realm));
    let (head, _) =
        ask_with(&bench, "/stats;csv", |r| r.headers.add(b"Authorization", b"Basic am9lOnNlY3JldA=="));
    assert_eq!(head.status, 200);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (line, word, part) in [
        ("admin", 0, "'stats admin'"),
        ("refresh soon", 1, "'soon'"),
        ("auth joe", 1, "'joe'"),
        ("realm a b", 2, "'b'"),
        ("scope", 0, "needs a value"),
    ] {
        let error = Bench::default().line(line).service(&plugin()).err().expect(line);
        assert_eq!(error.line, Some((0, word)), "{line}");
        assert!(error.message.contains(part), "{line}: {}", error.message);
    }
}

#[test]
fn it_keeps_to_the_hook() {
    portero_conformance::service(&portero_conformance::Serving {
        plugin: &plugin(),
        bench: bench(),
        target: "/stats;csv",
        answered: &|status, body| assert!(status == 200 && body.starts_with(b"# pxname,")),
    });
}
