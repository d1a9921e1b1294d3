//! A plugin wants a server, or a backend.

use portero_api::WantedServer;

use super::stand_ins::{Do, action};
use super::{answered, told};
use crate::offline::Answer;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

const CONFIG: &str = "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n retries 1\n\
     frontend f\n bind 127.0.0.1:80\n http-request act\n default_backend b\n\
     backend b\n cookie SRV insert\n server s1 127.0.0.1:81 cookie s1\n server s2 127.0.0.1:82 cookie s2\n server s3 127.0.0.1:83 backup\n\
     backend other\n server s1 127.0.0.1:91\n";

fn wants(server: &'static str, strict: bool) -> &'static [Do] {
    Box::leak(Box::new([Do::Want(WantedServer { server: server.into(), strict })]))
}

/// The servers that were asked, and what the client got.
fn asked(steps: &'static [Do], request: &str, answers: Vec<Answer>) -> (Vec<String>, String) {
    let (outcome, _) = answered(vec![action(steps)], CONFIG, request, answers);
    let servers = outcome.calls.iter().map(|call| format!("{}/{}", call.server.backend, call.server.name));
    (servers.collect(), super::reply(&outcome))
}

fn well() -> Answer {
    Answer::message("HTTP/1.1 200 OK", &[], b"")
}

#[test]
fn the_server_that_a_plugin_wants_gets_the_request() {
    for server in ["s2", "127.0.0.1:82"] {
        assert_eq!(asked(wants(server, false), GET, vec![well()]).0, ["b/s2"], "{server}");
    }
    assert_eq!(asked(wants("s3", false), GET, vec![well()]).0, ["b/s3"], "a backup as well");
}

#[test]
fn it_comes_before_the_cookie() {
    let request = GET.replace("Host: h", "Host: h\r\nCookie: SRV=s1");
    assert_eq!(asked(wants("s2", false), &request, vec![well()]).0, ["b/s2"]);
}

#[test]
fn another_server_is_tried_where_it_was_only_wanted_at_first() {
    let refused = || vec![Answer::Refused, well()];
    let (servers, reply) = asked(wants("s2", false), GET, refused());
    assert_eq!(servers, ["b/s2", "b/s1"]);
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    assert_eq!(asked(wants("s2", true), GET, refused()).0, ["b/s2", "b/s2"], "this one or none");
}

#[test]
fn a_server_that_is_not_there_is_passed_over_or_ends_it() {
    let (servers, reply) = asked(wants("s9", false), GET, vec![well()]);
    assert_eq!((servers.len(), &reply[..13]), (1, "HTTP/1.1 200 "));
    let (servers, reply) = asked(wants("s9", true), GET, vec![well()]);
    assert_eq!((servers.len(), &reply[..13]), (0, "HTTP/1.1 503 "));
}

#[test]
fn the_backend_that_a_plugin_wants_comes_before_the_rules() {
    let (outcome, trace) = told(vec![action(&[Do::WantBackend("other")])], CONFIG, GET);
    assert_eq!(&*outcome.calls[0].server.backend, "other");
    assert!(format!("{:?}", trace.take()).contains("other, as a plugin wants it"));
    assert_eq!(asked(&[Do::WantBackend("nobody")], GET, vec![well()]).0, ["b/s1"], "as if nothing was said");
}
