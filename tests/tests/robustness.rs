//! Bad company: servers and clients that break the rules. Each ends in the right status, log line and termination state,
//! and the proxy keeps serving the others.

use portero_tests::{Origin, Proxy, Response, Syslog};

/// The server `bad` is the one of the story; `/good` goes to one that works.
const CONFIG: &str = "
    global
        log ${log} local0
    defaults
        mode http
        log global
        option httplog
        timeout client 5s
        timeout server 1s
        timeout connect 1s
        timeout http-request 1s
        retries 1
    frontend front
        bind ${front}
        use_backend good if { path /good }
        default_backend bad
    backend bad
        server s1 ${bad}
    backend good
        server s1 ${good}
    ";

struct Story {
    proxy: Proxy,
    log: Syslog,
    _good: Origin,
}

impl Story {
    fn with(bad: impl ToString) -> Story {
        let (log, good) = (Syslog::udp(), Origin::answering("good"));
        let proxy = Proxy::with(CONFIG)
            .set("log", log.address())
            .set("good", good.address())
            .set("bad", bad.to_string())
            .start();
        Story { proxy, log, _good: good }
    }

    /// Asserts the status that was logged and the termination state, and that others are served.
    fn ends(&self, request: &str, status: u16, termination: &str) {
        assert_eq!(self.logged(request), (status.to_string(), termination.to_owned()));
    }

    /// The status and the termination state that were logged for the request; others are still served.
    fn logged(&self, request: &str) -> (String, String) {
        let line = self.log.line_with(&[request]);
        let fields = line.split_once("]: ").expect("a syslog header").1.split(' ').collect::<Vec<_>>();
        assert_eq!(self.proxy.get("/good").text(), "good");
        // client [date] frontend backend/server timers status bytes cookie cookie termination ...
        (fields[5].to_owned(), fields[9].to_owned())
    }

    fn get(&self) -> Response {
        self.proxy.get("/bad")
    }
}

// --- servers

#[test]
fn nobody_listens() {
    let story = Story::with(Origin::nobody());
    assert_eq!(story.get().status(), 503);
    story.ends("GET /bad", 503, "SC--");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.fall_silent()
    });
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 504);
    story.ends("GET /bad", 504, "sH--");
}

#[test]
fn a_server_that_resets_instead_of_answering() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.reset()
    });
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 502);
    story.ends("GET /bad", 502, "SH--");
}

#[test]
fn a_server_that_closes_instead_of_answering() {
    let origin = Origin::replying_once("");
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 502);
    story.ends("GET /bad", 502, "SH--");
}

#[test]
fn a_server_that_does_not_speak_http() {
    let origin = Origin::replying_once("220 mail.example.com ESMTP\r\n\r\n");
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 502);
    story.ends("GET /bad", 502, "PH--");
}

#[test]
fn a_response_head_that_comes_byte_by_byte_is_waited_for() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow" {
            peer.send([*byte])?;
        }
        Ok(())
    });
    let story = Story::with(origin.address());
    assert_eq!(story.get().text(), "slow");
    story.ends("GET /bad", 200, "----");
}

#[test]
fn two_lengths_that_differ_are_a_lie() {
    let origin =
        Origin::replying_once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc");
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 502);
    story.ends("GET /bad", 502, "PH--");
}

#[test]
fn of_two_framings_the_chunks_count_and_the_length_is_dropped() {
    let origin = Origin::replying_once(
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    let story = Story::with(origin.address());
    let response = story.get();
    assert_eq!(response.text(), "hello");
    assert_eq!(response.header("content-length"), None);
    story.ends("GET /bad", 200, "----");
}

#[test]
fn a_switch_of_protocols_that_nobody_asked_for() {
    let origin = Origin::replying_once(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    );
    let story = Story::with(origin.address());
    assert_eq!(story.get().status(), 502);
    story.ends("GET /bad", 502, "PH--");
}

#[test]
fn a_response_cut_short_is_cut_short_for_the_client_too() {
    let origin = Origin::replying_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head_only().header("content-length"), Some("10"));
    assert_eq!(client.rest(), b"half", "and then the connection ends: the client can tell");
    story.ends("GET /bad", 200, "SD--");
}

#[test]
fn chunks_cut_short_are_not_ended_for_the_client() {
    let origin = Origin::replying_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    let body = String::from_utf8(client.rest()).expect("text");
    assert!(body.contains("half") && !body.contains("0\r\n\r\n"), "no last chunk: {body:?}");
    story.ends("GET /bad", 200, "SD--");
}

#[test]
fn a_chunk_size_that_is_no_number() {
    let origin = Origin::replying_once(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
    );
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(!answer.contains("0\r\n\r\n"), "it must not look whole: {answer:?}");
    assert_eq!(story.proxy.get("/good").text(), "good");
}

#[test]
fn surplus_bytes_reach_nobody() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        )?;
        peer.fall_silent()
    });
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    for _ in 0..3 {
        assert_eq!(client.get("/bad").text(), "ok");
    }
    assert_eq!(origin.connections(), 3, "a connection with surplus bytes is not used again");
    story.ends("GET /bad", 200, "----");
}

#[test]
fn a_server_that_ends_its_direction_first_is_heard_out() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        peer.half_close()
    });
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    assert_eq!(client.get("/bad").text(), "hello");
    assert_eq!(client.get("/bad").text(), "hello", "over a new connection");
    story.ends("GET /bad", 200, "----");
}

#[test]
fn a_kept_connection_that_the_server_closes_at_reuse_costs_nobody_a_request() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        if peer.number == 1 {
            peer.head()?; // takes the second request, and is gone
            return peer.reset();
        }
        peer.fall_silent()
    });
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    assert_eq!(client.get("/bad").text(), "hello");
    assert_eq!(client.get("/bad?again").text(), "hello", "sent again over a new connection");
    assert_eq!(origin.connections(), 2);
    story.ends("GET /bad?again", 200, "----");
}

#[test]
fn a_post_that_the_server_may_have_seen_is_not_sent_twice() {
    let origin = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        peer.request()?;
        peer.reset()
    });
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    assert_eq!(client.get("/bad").text(), "hello");
    client.try_send("POST /bad?pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n10");
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(!answer.contains("200 OK"), "{answer:?}");
    assert_eq!(origin.heads().iter().filter(|head| head.0.contains("pay")).count(), 1);
}

// --- clients

#[test]
fn malformed_requests_are_refused_with_400() {
    let story = Story::with(Origin::nobody());
    let malformed = [
        "GET /bad HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: a\r\nFolded: 1\r\n 2\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: a\r\nNul: \0\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET /bad HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET /b ad HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
    ];
    for request in malformed {
        let mut client = story.proxy.connect();
        client.send(request);
        let response = client.response();
        assert_eq!(response.status(), 400, "{request:?}");
        client.expect_closed();
    }
    story.ends("<BADREQ>", 400, "PR--");
}

#[test]
fn ten_thousand_headers_are_too_many() {
    let story = Story::with(Origin::nobody());
    let mut client = story.proxy.connect();
    let headers: String = (0..10_000).map(|number| format!("h{number}: x\r\n")).collect();
    client.try_send(format!("GET /bad HTTP/1.1\r\nHost: a\r\n{headers}\r\n"));
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
    let (status, termination) = story.logged("<BADREQ>");
    // 431 says it better (RFC 6585, 5), HAProxy says 400
    assert!(["400", "431"].contains(&status.as_str()), "{status}");
    assert_eq!(termination, "PR--");
}

#[test]
fn a_client_that_dawdles_over_its_head_gets_408() {
    let story = Story::with(Origin::nobody());
    let mut client = story.proxy.connect();
    // one byte now and then: each resets an inactivity timer, none the time the whole head may take
    for byte in b"GET /bad HTTP/1.1\r\nHost: a\r\nX: 123456789012345678901234567890" {
        if !client.try_send([*byte]) {
            break;
        }
        #[expect(clippy::disallowed_methods, reason = "the dawdling itself")]
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer:?}");
    story.ends("<BADREQ>", 408, "cR--");
}

#[test]
fn a_client_that_leaves_before_it_has_asked() {
    let story = Story::with(Origin::nobody());
    let mut client = story.proxy.connect();
    client.send("GET /bad HT");
    client.leave();
    story.ends("<BADREQ>", 400, "CR--");
}

#[test]
fn a_client_that_leaves_while_it_is_answered() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")?;
        loop {
            peer.send([b'x'; 65536])?;
        }
    });
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    client.reset();
    story.ends("GET /bad", 200, "CD--");
}

#[test]
fn a_body_shorter_than_declared() {
    let origin = Origin::answering("never");
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive!").half_close();
    client.rest();
    let (status, termination) = story.logged("POST /bad");
    assert_eq!(status, "400");
    // the server has not begun to answer: HAProxy 3.5 calls that H, the body that was still coming would be D
    assert!(["CH--", "CD--"].contains(&termination.as_str()), "{termination}");
}

#[test]
fn a_body_longer_than_declared_is_the_next_request_and_refused_as_one() {
    let origin = Origin::answering("whole");
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello, and more\r\n\r\n");
    assert_eq!(client.response().text(), "whole");
    assert_eq!(client.response().status(), 400);
    client.expect_closed();
    story.ends("<BADREQ>", 400, "PR--");
}

#[test]
fn a_chunked_body_that_is_broken_off_is_not_ended_for_the_server() {
    let origin = Origin::answering("never");
    let story = Story::with(origin.address());
    let mut client = story.proxy.connect();
    client.send(
        "POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n",
    );
    let answer = String::from_utf8(client.rest()).expect("text");
    assert!(!answer.contains("200 OK"), "{answer:?}");
    assert_eq!(story.proxy.get("/good").text(), "good");
}
