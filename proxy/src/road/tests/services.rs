//! Services that speak with the client.

use portero_api::{Answer, Close, Plugin, Reply};

use super::stand_ins::{Do, service};
use super::{reply, send};
use crate::offline::Outcome;

const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const POST: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";

fn config(front: &str, back: &str) -> String {
    format!(
        "global\n log 127.0.0.1 local0\n\
         defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n log global\n\
         frontend f\n bind 127.0.0.1:80\n log-format '%b/%s %ST %B %ts'\n{front}\n default_backend b\n\
         backend b\n{back}\n server s 127.0.0.1:81\n"
    )
}

fn serve(steps: &'static [Do], bytes: &str) -> Outcome {
    send(vec![service(steps)], &config(" http-request use-service talk", ""), bytes)
}

fn one(steps: &'static [Do]) -> Vec<Plugin> {
    vec![service(steps)]
}

/// Without the reply's first line.
fn body_of(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").expect("a whole head").1
}

#[test]
fn a_response_without_a_length_is_chunked() {
    let steps = &[Do::Begin(200, &[("x-a", "1")]), Do::Write("hello"), Do::Write("world")];
    let outcome = serve(steps, GET);
    let expected = "HTTP/1.1 200 OK\r\nx-a: 1\r\nTransfer-Encoding: chunked\r\n\r\n\
                    5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    assert_eq!(reply(&outcome), expected);
    assert_eq!(outcome.log, [format!("f/<talk> 200 {} LR", expected.len())]);
}

#[test]
fn a_length_that_was_said_frames_the_body() {
    let steps = &[Do::Begin(201, &[("content-length", "5")]), Do::Write("hello")];
    let expected = "HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(
        reply(&serve(steps, &format!("{GET}{GET}"))),
        expected.repeat(2),
        "and the connection goes on"
    );
}

#[test]
fn an_http_1_0_client_gets_a_body_that_ends_with_the_connection() {
    let steps = &[Do::Begin(200, &[]), Do::Write("hello")];
    let got = reply(&serve(steps, "GET /a HTTP/1.0\r\n\r\n"));
    assert_eq!(got, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
}

#[test]
fn head_and_bodyless_statuses_get_no_body() {
    let steps = &[Do::Begin(200, &[("content-length", "5")]), Do::Write("hello")];
    let got = reply(&serve(steps, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_eq!(got, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    let steps = &[Do::Begin(204, &[]), Do::Write("hello")];
    assert_eq!(reply(&serve(steps, GET)), "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_service_reads_the_body_and_answers_with_it() {
    let steps = &[Do::Read, Do::Begin(200, &[]), Do::Echo];
    let chunked =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    for ask in [POST, chunked] {
        let got = reply(&serve(steps, &format!("{ask}{ask}")));
        assert_eq!(got.matches("\r\n5\r\nhello\r\n0\r\n\r\n").count(), 2, "{got}");
    }
    let late = &[Do::Begin(200, &[]), Do::Flush, Do::Read, Do::Echo];
    assert!(reply(&serve(late, POST)).ends_with("\r\n5\r\nhello\r\n0\r\n\r\n"));
}

#[test]
fn a_body_that_a_service_leaves_is_passed_over() {
    let steps = &[Do::Begin(200, &[("content-length", "0")])];
    let got = reply(&serve(steps, &format!("{POST}{GET}")));
    assert_eq!(got.matches("HTTP/1.1 200 OK").count(), 2, "{got}");
}

#[test]
fn rules_for_responses_see_what_a_service_begins() {
    let front = " http-request use-service talk if { path /front }\n http-response set-header x-front 1\n \
                 http-after-response set-header x-after 1";
    let back = " http-request use-service talk if { path /back }\n http-response set-header x-back 1";
    let steps = &[Do::Wait(1), Do::Begin(200, &[]), Do::Write("a")];
    let ask = |path: &str| {
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        let outcome = send(one(steps), &config(front, back), &bytes);
        (reply(&outcome), outcome.log[0].clone())
    };
    let (front, log) = ask("/front");
    assert!(front.contains("x-front: 1\r\nx-after: 1\r\n") && !front.contains("x-back"), "{front}");
    assert!(log.starts_with("f/<talk> 200 "), "{log}");
    let (back, log) = ask("/back");
    assert!(back.contains("x-back: 1\r\nx-front: 1\r\nx-after: 1\r\n"), "{back}");
    assert!(log.starts_with("b/<talk> 200 "), "{log}");
}

#[test]
fn a_rule_that_refuses_the_response_has_the_last_word() {
    let rules = " http-request use-service talk\n http-response deny deny_status 410";
    let steps = &[Do::Begin(200, &[]), Do::Write("secret")];
    let outcome = send(one(steps), &config(rules, ""), GET);
    assert!(reply(&outcome).starts_with("HTTP/1.1 410 ") && !reply(&outcome).contains("secret"));
}

#[test]
fn a_service_that_passes_lets_the_request_go_on() {
    let rules = " http-request use-service talk\n http-request set-header x-next 1";
    let outcome = send(one(&[]), &config(rules, ""), GET);
    let sent = outcome.calls[0].connection.as_ref().expect("the server was asked").sent();
    assert!(String::from_utf8_lossy(&sent).contains("x-next: 1"));
    assert!(outcome.log[0].starts_with("b/s 200 "), "{:?}", outcome.log);
}

#[test]
fn a_service_that_fails_before_it_answers_is_an_error_of_ours() {
    for steps in [&[Do::End(|| Answer::Fail)], &[Do::End(|| Answer::Continue)], &[Do::Wait(1)]] {
        let outcome = serve(steps, GET);
        assert!(reply(&outcome).starts_with("HTTP/1.1 500 "), "{}", reply(&outcome));
        assert!(outcome.log[0].starts_with("f/<talk> 500 ") && outcome.log[0].ends_with(" LR"));
    }
    let outcome = serve(&[Do::End(|| Answer::Reply(Reply::Status(410)))], GET);
    assert!(reply(&outcome).starts_with("HTTP/1.1 410 "), "{}", reply(&outcome));
}

#[test]
fn a_service_that_fails_in_its_answer_ends_the_connection() {
    let begin = Do::Begin(200, &[]);
    for end in [Do::End(|| Answer::Fail), Do::End(|| Answer::Close(Close::Reject))] {
        let steps: &'static [Do] = Box::leak([begin.clone(), Do::Write("hel"), end].into());
        let outcome = serve(steps, &format!("{GET}{GET}"));
        assert_eq!(body_of(&reply(&outcome)), "3\r\nhel\r\n", "neither an end nor a second answer");
        assert!(outcome.log[0].starts_with("f/<talk> 200 ") && outcome.log[0].ends_with(" LR"));
        let old = serve(steps, "GET /a HTTP/1.0\r\n\r\n");
        assert!(old.reset, "nothing else tells the client that something is missing");
    }
    let short = &[Do::Begin(200, &[("content-length", "9")]), Do::Write("hel")];
    assert_eq!(body_of(&reply(&serve(short, &format!("{GET}{GET}")))), "hel");
    let long = &[Do::Begin(200, &[("content-length", "2")]), Do::Write("hel")];
    assert_eq!(body_of(&reply(&serve(long, &format!("{GET}{GET}")))), "he");
}

#[test]
fn a_response_is_begun_once_and_with_a_status_of_its_own() {
    let twice = &[Do::Begin(200, &[]), Do::Begin(201, &[])];
    assert_eq!(body_of(&reply(&serve(twice, GET))), "");
    for bad in [&[Do::Begin(100, &[])], &[Do::Begin(200, &[("Content-Length", "x")])]] {
        assert!(reply(&serve(bad, GET)).starts_with("HTTP/1.1 500 "));
    }
}

#[test]
fn a_body_that_breaks_off_is_the_clients_fault() {
    let steps = &[Do::Read, Do::Begin(200, &[])];
    let outcome = serve(steps, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhello");
    assert!(reply(&outcome).starts_with("HTTP/1.1 400 "), "{}", reply(&outcome));
    assert!(outcome.log[0].ends_with(" CR"), "{:?}", outcome.log);
}

#[test]
fn a_service_takes_a_session_over() {
    let config = "global\n log 127.0.0.1 local0\n\
        defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n log global\n\
        frontend f\n bind 127.0.0.1:80\n log-format '%b/%s %B %ts'\n tcp-request inspect-delay 1s\n \
        tcp-request content use-service talk if { req.payload(0,2) -m str he }\n default_backend b\n\
        backend b\n server s 127.0.0.1:81\n";
    let steps = &[Do::Write("you said "), Do::Read, Do::Echo];
    let outcome = send(one(steps), config, "hello");
    assert_eq!(reply(&outcome), "you said hello");
    assert_eq!(outcome.log, ["f/<talk> 14 --"]);
    let other = send(one(steps), config, "xello");
    assert_eq!(other.calls.len(), 1, "the server is asked");
    let begins = &[Do::Begin(200, &[])];
    assert_eq!(reply(&send(one(begins), config, "hello")), "");
}
