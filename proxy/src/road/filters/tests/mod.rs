//! Filters that change, hold, delay and end messages, on the offline road.

mod probe;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::Line;
use crate::config::{environment, load};
use crate::offline::{Answer, Ask, Outcome, Stage, reply, request};
use crate::registry;
use portero_api::{
    Conn, Direction, Exchange, Filtering, Framing, Held, Interest, Kind, Method, Moment, Pass, ProxyState,
};
use probe::Seen;

/// A request through filters, and what has come of it.
struct Told {
    outcome: Outcome,
    /// What the server got: the head, and the body.
    server: Option<(String, String)>,
    status: u16,
    head: String,
    body: String,
    seen: Vec<String>,
}

/// Sends bytes through these filters to a server with this answer.
fn tell(filters: &[&str], bytes: &str, answer: &str) -> Told {
    let seen = Seen::default();
    let mut plugins = registry::plugins();
    plugins.push(probe::plugin(&seen));
    let lines: String = filters.iter().map(|words| format!("    filter probe {words}\n")).collect();
    let text = format!(
        "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 1s\n\
         frontend f\n bind :80\n default_backend b\n{lines}backend b\n server s 127.0.0.1:81\n"
    );
    let options = load::Options { plugins, ..load::Options::default() };
    let mut env = environment::settings(Default::default());
    let loaded = load::load_text("test.cfg", &text, &mut env, &options);
    let checked = loaded.checked.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let stage = Stage::open(Arc::new(checked)).expect("it was checked");
    let entry = stage.enter(None, None).expect("a frontend");
    let ask = Ask { src: None, dst: None, bytes: bytes.into() };
    let outcome = stage.ask(&entry, &ask, vec![Answer::Bytes(answer.as_bytes().into())], None);
    assert!(!outcome.stuck, "it waits for ever");
    let sent = outcome.calls.first().and_then(|call| call.connection.as_ref()).map(|c| c.sent());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let head = |bytes: &[u8]| text(bytes).split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
    let server = sent.and_then(|sent| Some((head(&sent), text(&request(&sent)?.body))));
    let heard = reply(&outcome.reply, &Method::Get);
    let (status, body) = heard.map_or((0, String::new()), |h| (h.head.status, text(&h.body)));
    let head = head(&outcome.reply);
    let seen = seen.lock().expect("nobody panics").clone();
    Told { outcome, server, status, head, body, seen }
}

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld";

/// An answer that is larger than a filter may hold.
fn large() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n{}", "x".repeat(40_000))
}

#[test]
fn bodies_grow_and_shrink_and_the_length_follows_where_all_of_it_is_there() {
    let told = tell(&["double"], POST, ANSWER);
    let (head, body) = told.server.expect("the server is reached");
    assert!(body == "hheelllloo" && head.contains("content-length: 10"), "{head}\n{body}");
    assert!(told.body == "wwoorrlldd" && told.head.contains("content-length: 10"), "{}", told.head);
    let told = tell(&["drop"], POST, ANSWER);
    let (head, body) = told.server.expect("the server is reached");
    assert!(body.is_empty() && head.contains("content-length: 0"), "{head}");
    assert!(told.body.is_empty() && told.head.contains("content-length: 0"), "{}", told.head);
    let told = tell(&["double"], POST, &large());
    assert!(told.body.len() == 80_000 && told.head.contains("transfer-encoding: chunked"), "{}", told.head);
    assert!(!told.head.contains("content-length"), "{}", told.head);
}

#[test]
fn a_client_of_old_gets_a_changed_body_up_to_the_end_of_the_connection() {
    let told = tell(&["double"], "GET / HTTP/1.0\r\n\r\n", &large());
    assert!(told.body.len() == 80_000 && !told.outcome.reset, "{}", told.head);
    assert!(
        !told.head.contains("content-length") && !told.head.contains("transfer-encoding"),
        "{}",
        told.head
    );
}

#[test]
fn a_head_that_waits_for_its_body_may_tell_of_it() {
    let told = tell(&["whole", "double"], POST, ANSWER);
    let (head, body) = told.server.expect("the server is reached");
    assert!(head.contains("x-size: 5") && body == "hheelllloo", "{head}");
    assert!(told.head.contains("x-size: 5") && told.head.contains("content-length: 10"), "{}", told.head);
    // the second filter sees the head when the first lets it go
    let request: Vec<_> = told.seen.iter().take_while(|s| s.starts_with("request")).collect();
    let expected = ["head", "body", "end", "head", "body", "end"].map(|part| format!("request-{part}"));
    assert_eq!(request, expected.iter().collect::<Vec<_>>());
}

#[test]
fn who_wants_more_than_can_be_held_is_refused() {
    let told = tell(&["whole"], POST, &large());
    assert_eq!(told.status, 502);
    let post = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n{}", "x".repeat(40_000));
    let told = tell(&["whole"], &post, ANSWER);
    assert!(told.status == 413 && told.server.is_none(), "{}", told.head);
    assert!(told.head.contains("connection: close"));
}

#[test]
fn moments_that_are_pending_go_on_when_they_are_woken() {
    let told = tell(&["later", "later double"], POST, ANSWER);
    assert_eq!(told.server.expect("the server is reached").1, "hheelllloo");
    assert_eq!((told.status, &*told.body), (200, "wwoorrlldd"));
    for part in ["request-head", "request-body", "request-end", "response-head", "response-body"] {
        assert_eq!(told.seen.iter().filter(|s| *s == part).count(), 2, "{part} in {:?}", told.seen);
    }
}

#[test]
fn a_filter_that_holds_for_ever_ends_by_a_time_out() {
    for moment in ["request-head", "request-body", "response-head"] {
        let told = tell(&[&format!("whole stuck={moment}")], POST, ANSWER);
        assert_eq!(told.status, 504, "{moment}");
        assert_eq!(told.seen.last().map(String::as_str), Some("end"), "{moment}");
    }
    let told = tell(&["watch stuck=response-body"], POST, ANSWER);
    assert!(told.outcome.reset, "half a response is none: {}", told.head);
}

#[test]
fn every_phase_can_answer_or_end_as_long_as_there_is_somebody_to_tell() {
    for moment in ["request-head", "request-body", "request-end", "response-head"] {
        let told = tell(&[&format!("reply={moment}")], POST, ANSWER);
        assert_eq!((told.status, &*told.body), (418, "no"), "{moment}");
        let told = tell(&[&format!("fail={moment}")], POST, ANSWER);
        assert_eq!(told.status, 500, "{moment}");
        let told = tell(&[&format!("close={moment}")], POST, ANSWER);
        assert_eq!((told.outcome.reply.len(), told.status), (0, 0), "{moment}");
    }
    let told = tell(&["whole reply=response-body"], POST, ANSWER);
    assert_eq!(told.status, 418, "the head still waited");
    let told = tell(&["reply=response-end"], POST, &large());
    assert!(told.outcome.reset, "the response has begun: {}", told.head);
}

#[test]
fn the_end_comes_once_whatever_has_become_of_the_exchange() {
    let garbage = "HTTP/1.1 nonsense\r\n\r\n";
    for (filter, answer) in
        [("", ANSWER), ("reply=request-head", ANSWER), ("fail=response-head", ANSWER), ("", garbage)]
    {
        let told = tell(&[filter], POST, answer);
        let ends = told.seen.iter().filter(|s| *s == "end").count();
        assert!(ends == 1 && told.seen.last().is_some_and(|s| s == "end"), "{filter}: {:?}", told.seen);
    }
    assert_eq!(tell(&["away"], POST, ANSWER).seen, Vec::<String>::new());
}

#[test]
fn a_promised_length_is_kept_or_the_message_ends() {
    let told = tell(&["liar"], POST, ANSWER);
    assert!(told.status == 500 && told.server.is_none_or(|(_, body)| body.is_empty()));
}

#[test]
fn who_wants_no_body_sees_heads_alone() {
    let told = tell(&["blind"], POST, ANSWER);
    assert_eq!(told.seen, ["request-head", "response-head", "end"]);
    let told = tell(&["blind", "watch", "blind"], "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ANSWER);
    assert_eq!(told.seen.iter().filter(|s| s.ends_with("-body")).count(), 2, "{:?}", told.seen);
}

#[test]
fn chunks_and_trailers_pass() {
    let post =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\nX-Sum: 2\r\n\r\n";
    let told = tell(&["double", "later watch"], post, answer);
    assert_eq!(told.server.expect("the server is reached").1, "hheelllloo");
    assert_eq!(told.body, "wwoorrlldd");
    let sent = told.outcome.calls[0].connection.as_ref().expect("it was reached").sent();
    let (sent, got) = (String::from_utf8_lossy(&sent), String::from_utf8_lossy(&told.outcome.reply));
    assert!(sent.ends_with("0\r\nX-Sum: 1\r\n\r\n"), "{sent}");
    assert!(got.ends_with("0\r\nX-Sum: 2\r\n\r\n"), "{got}");
}

#[test]
fn the_next_request_on_the_connection_is_not_the_rest_of_a_body() {
    let both = format!("{POST}GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = tell(&["reply=request-head"], &both, ANSWER);
    assert_eq!(told.outcome.seen.len(), 2, "both were answered");
    let got = String::from_utf8_lossy(&told.outcome.reply).into_owned();
    assert_eq!(got.matches("418").count(), 2, "{got}");
}

#[test]
fn a_body_is_added_where_there_may_be_one() {
    let told = tell(&["add"], "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ANSWER);
    let (head, body) = told.server.expect("the server is reached");
    assert!(body == "more" && head.contains("content-length: 4"), "{head}");
    assert_eq!(told.body, "worldmore");
    let head_only = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    let told = tell(&["add"], head_only, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert!(told.outcome.reply.ends_with(b"\r\n\r\n"), "{}", told.head);
    let told = tell(&["add"], POST, "HTTP/1.1 304 Not Modified\r\n\r\n");
    assert!(told.status == 304 && told.outcome.reply.ends_with(b"\r\n\r\n"), "{}", told.head);
}

/// Keeps what it is shown by itself, and lets it pass when somebody says so.
#[derive(Default)]
struct Keeper {
    kept: Vec<u8>,
    free: Rc<Cell<bool>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Filtering for Keeper {
    fn interest(&self, _: Direction) -> Interest {
        Interest::Change
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        _: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        if let Moment::Body(_) = moment {
            self.kept.append(&mut held.data);
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            match self.free.get() {
                true => held.data = std::mem::take(&mut self.kept),
                false => held.pass = 0,
            }
        }
        Poll::Ready(Pass::Continue)
    }
}

#[test]
fn who_keeps_a_body_by_itself_lets_it_pass_before_more_has_come() {
    let keeper = Keeper::default();
    let (free, waker) = (keeper.free.clone(), keeper.waker.clone());
    let mut all: Vec<Box<dyn Filtering>> = vec![Box::new(keeper)];
    let mut line = Line::new(Direction::Request, 100);
    let frontend = Arc::new(ProxyState::new("f", 1, Kind::Frontend, true));
    let mut exchange = Exchange::new(Conn::of_nobody(frontend));
    exchange.request.framing = Framing::Chunked;
    line.add(0);
    line.feed(b"body");
    let mut cx = Context::from_waker(Waker::noop());
    line.poll(&mut cx, &mut all, &mut exchange).expect("it holds");
    assert_eq!(line.passed().data, b"");
    free.set(true);
    waker.take().expect("it waits").wake();
    line.poll(&mut cx, &mut all, &mut exchange).expect("it passes");
    assert_eq!(line.passed().data, b"body");
}
