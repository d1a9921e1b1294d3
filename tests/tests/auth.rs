//! Users and passwords: who is let in, and what the others are asked.

use portero_tests::{Origin, Proxy, Response};

const CONFIG: &str = "
    userlist staff
        group admin users ann
        user ann password $6$k6y3o.eP$igsQ78VXKk9l2wz.QFQagpKvYHWFNvg0DOkd1VmMynF60v8nKVbmNrY7rIn2yimPK6tKljx287YlyBOj9X8Gk/
        user bob insecure-password word
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        stats uri /stats
        stats realm numbers
        stats http-request auth unless { http_auth_group(staff) admin }
        http-error status 401 content-type text/plain string \"who?\" hdr WWW-Authenticate other
        http-request auth realm inside if { path_beg /in } !{ http_auth(staff) }
        http-request auth if { path_beg /own } !{ http_auth(staff) }
        default_backend app
    backend app
        server s1 ${app}
    ";

fn proxy(app: &Origin) -> Proxy {
    Proxy::with(CONFIG).set("app", app.address()).start()
}

fn ask(proxy: &Proxy, target: &str, credentials: &str) -> Response {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n\r\n");
    proxy.connect().send(request).response()
}

const ANN: &str = "YW5uOmVsZ2F0bw=="; // ann:elgato
const BOB: &str = "Ym9iOndvcmQ="; // bob:word
const WRONG: &str = "YW5uOndvcmQ="; // ann:word

#[test]
fn who_is_in_the_list_is_let_in() {
    let app = Origin::answering("hello");
    let proxy = proxy(&app);
    for (credentials, status) in [(ANN, 200), (ANN, 200), (BOB, 200), (WRONG, 401), ("", 401)] {
        assert_eq!(ask(&proxy, "/in", credentials).status(), status, "{credentials}");
    }
    assert_eq!(app.heads().len(), 3);
}

#[test]
fn the_others_are_asked_with_the_page_of_the_proxy() {
    let app = Origin::answering("hello");
    let proxy = proxy(&app);
    for (target, challenge) in [("/in", "Basic realm=\"inside\""), ("/own", "Basic realm=\"front\"")] {
        let response = proxy.get(target);
        assert_eq!((response.status(), response.text()), (401, "who?".to_owned()));
        assert_eq!(response.head.headers("www-authenticate"), [challenge]);
    }
}

#[test]
fn the_statistics_are_for_a_group() {
    let app = Origin::answering("hello");
    let proxy = proxy(&app);
    assert_eq!(ask(&proxy, "/stats", ANN).status(), 200);
    let refused = ask(&proxy, "/stats", BOB);
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"numbers\""));
}
