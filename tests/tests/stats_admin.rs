//! The statistics page changes servers for those who may.

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    listen app
        bind ${front}
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 5s
        acl operator req.hdr(x-who) operator
        stats uri /stats
        stats admin if operator
        server s1 ${origin}
        server s2 ${origin}
    ";

/// Sends a form, and gives back where the page says to look next.
fn post(proxy: &Proxy, who: &str, form: &str) -> String {
    let head =
        format!("POST /stats HTTP/1.1\r\nhost: a\r\nx-who: {who}\r\ncontent-length: {}\r\n\r\n", form.len());
    let mut client = proxy.connect();
    let response = client.send(head + form).response();
    assert_eq!(response.status(), 303);
    response.header("location").expect("it leads somewhere").to_owned()
}

fn status(proxy: &Proxy, server: &str) -> String {
    let csv = proxy.get("/stats;csv");
    let start = format!("app,{server},");
    let line = csv.text().lines().find(|line| line.starts_with(&start)).expect("a row").to_owned();
    line.split(',').nth(17).expect("a status").to_owned()
}

#[test]
fn a_form_changes_the_servers_that_it_names() {
    let origin = Origin::answering("x");
    let proxy = Proxy::with(CONFIG).set("origin", origin.address()).start();
    let form = "s=s1&action=maint&b=%231";
    assert_eq!(post(&proxy, "stranger", form), "/stats;st=DENY");
    assert_eq!(status(&proxy, "s1"), "no check");
    assert_eq!(post(&proxy, "operator", "s=s1&action=maint&b=app"), "/stats;st=DONE");
    assert_eq!((&*status(&proxy, "s1"), &*status(&proxy, "s2")), ("MAINT", "no check"));
    assert_eq!(post(&proxy, "operator", "s=s1&s=s2&s=s9&action=ready&b=app"), "/stats;st=PART");
    assert_eq!(status(&proxy, "s1"), "no check");
}

#[test]
fn only_who_may_change_servers_sees_the_form() {
    let origin = Origin::answering("x");
    let proxy = Proxy::with(CONFIG).set("origin", origin.address()).start();
    let page = proxy.get("/stats");
    assert!(!page.text().contains("<form"));
    let mut operator = proxy.connect();
    let page = operator.send("GET /stats;st=DENY HTTP/1.1\r\nhost: a\r\nx-who: operator\r\n\r\n").response();
    let text = page.text();
    assert!(text.contains("name=\"s\" value=\"s2\"") && text.contains("You may not change that."), "{text}");
}
