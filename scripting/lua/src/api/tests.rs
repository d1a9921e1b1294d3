//! Small classes and functions, each by what a script sees of it.

use portero_api::{Answer, Exchange, Reply};
use portero_conformance::rig::exchange;

use crate::testing::{Stage, script};

/// Runs the body of an action, which must hold all that it asserts.
fn holds(body: &str) -> Exchange {
    let stage = acting(body);
    let mut exchange = exchange("/");
    let answer = stage.finish("it", &mut exchange);
    assert!(matches!(answer, Answer::Continue), "{answer:?}");
    assert!(stage.desk.lines().is_empty(), "{:?}", stage.desk.lines());
    exchange
}

/// The error that the body of an action ends with.
fn fails(body: &str) -> String {
    let stage = acting(body);
    stage.finish("it", &mut exchange("/"));
    stage.desk.lines().first().map(|(_, line)| line.clone()).unwrap_or_default()
}

fn acting(body: &str) -> Stage {
    script(&format!("core.register_action('it', {{ 'http-req' }}, function(txn)\n{body}\nend)"))
}

#[test]
fn texts_are_cut_into_tokens_and_put_together() {
    holds(
        r#"local function cut(...) return table.concat(core.tokenize(...), "|") end
        assert(cut("a,b,,c.", ",.") == "a|b||c|")
        assert(cut("a,b,,c.", ",.", true) == "a|b|c")
        assert(#core.tokenize("", ",") == 1 and #core.tokenize("", ",", true) == 0)
        local text = core.concat()
        text:add("a") text:add(5) text:add("")
        assert(text:dump() == "a5")"#,
    );
}

#[test]
fn dates_of_http_are_seconds() {
    holds(
        r#"local at = 784111777
        assert(core.imf_date("Sun, 06 Nov 1994 08:49:37 GMT") == at)
        assert(core.rfc850_date("Sunday, 06-Nov-94 08:49:37 GMT") == at)
        assert(core.asctime_date("Sun Nov  6 08:49:37 1994") == at)
        assert(core.http_date("Sunday, 06-Nov-94 08:49:37 GMT") == at)
        assert(core.imf_date("Sunday, 06-Nov-94 08:49:37 GMT") == nil and core.http_date("x") == nil)
        local now = core.now()
        assert(now.sec > at and now.usec >= 0 and now.usec < 1000000)
        assert(core.thread == 1)"#,
    );
}

#[test]
fn networks_are_compared() {
    holds(
        r#"assert(core.match_addr(core.parse_addr("127.0.0.1"), core.parse_addr("127.0.0.0/8")))
        assert(core.parse_addr("x") == nil)
        assert(core.match_addr("127.0.0.1", core.parse_addr("127.0.0.0/8")) == false)"#,
    );
}

#[test]
fn regular_expressions_match_and_give_their_groups() {
    holds(
        r#"local ok, needle = Regex.new("needle (..) (...)(x)?", true)
        assert(ok and needle:exec("a needle in the haystack") and not needle:exec("A Needle in the"))
        local found, parts = needle:match("a needle in the haystack")
        assert(found and #parts == 4 and parts[1] == "needle in the" and parts[3] == "the" and parts[4] == "")
        assert(needle:match("none") == false)
        local _, any = Regex.new("NEEDLE", false)
        assert(any:exec("needle"))
        local bad, why = Regex.new("(", true)
        assert(bad == false and why:find("'('", 1, true))"#,
    );
}

#[test]
fn header_fields_are_replaced_by_regular_expression() {
    let exchange = holds(
        r#"txn.http:req_set_header("X-A", "one-two")
        txn.http:req_rep_header("x-a", "^([a-z]+)-([a-z]+)$", "\\2:\\1")
        txn.http:req_rep_header("x-a", "nothing", "lost")
        txn.http:req_set_header("X-B", 'a=1, "b,=2", c=3')
        txn.http:req_rep_value("x-b", "^([ac])=", "\\1!")"#,
    );
    assert_eq!(exchange.request.headers.get(b"x-a"), Some(&b"two:one"[..]));
    assert_eq!(exchange.request.headers.get(b"x-b"), Some(&b"a!, \"b,=2\",c!"[..]));
}

#[test]
fn a_reply_is_put_together_and_sent() {
    let stage = acting(
        r#"local reply = txn:reply{ status = 400 }
        reply:set_status(418, "Teapot")
        reply:add_header("x-a", "1") reply:add_header("x-a", "2") reply:add_header("x-b", "3")
        reply:del_header("x-b")
        reply:set_body("tea")
        assert(txn:reply().status == 200 and reply.reason == "Teapot")
        txn:done(reply)"#,
    );
    let answer = stage.finish("it", &mut exchange("/"));
    let Answer::Reply(Reply::Message(message)) = answer else { panic!("{:?}", stage.desk.lines()) };
    assert_eq!(
        (message.status, message.reason.as_deref(), &message.body[..]),
        (418, Some("Teapot"), &b"tea"[..])
    );
    assert_eq!(message.headers.len(), 2);
}

#[test]
fn a_script_changes_priority_and_log_level() {
    let mut exchange = holds("txn:set_priority_class(-9999) txn:set_priority_offset(7) txn:set_loglevel(3)");
    let priority = exchange.tune().priority;
    assert_eq!((priority.class, priority.offset, exchange.log.level), (-2047, 7, Some(3)));
    assert!(holds("txn:set_loglevel(core.silent)").log.silent);
}

#[test]
fn what_is_not_there_yet_says_so() {
    for (body, why) in [
        ("txn:set_mark(1)", "TXN:set_fc_mark() is not supported yet"),
        ("CertCache.set{}", "CertCache.set() is not supported yet"),
        ("ACME.challenge_ready('a', 'b')", "ACME.challenge_ready() is not supported yet"),
        ("core.set_nice(1)", "core.set_nice() is not supported"),
    ] {
        let said = fails(body);
        assert!(said.contains(why), "{body}: {said}");
    }
}
