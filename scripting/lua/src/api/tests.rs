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
        ("CertCache.set{}", "CertCache.set() is not supported yet"),
        ("ACME.challenge_ready('a', 'b')", "ACME.challenge_ready() is not supported yet"),
        ("txn.req:data()", "a channel is there in rules of TCP"),
        ("txn.req:append('x')", "this can be done in the callbacks of filters only"),
    ] {
        let said = fails(body);
        assert!(said.contains(why), "{body}: {said}");
    }
}

#[test]
fn scripts_share_counters_and_dictionaries_over_reloads() {
    let common = std::sync::Arc::default();
    let load = |source: &str| {
        let settings = crate::Settings::default();
        let loaded =
            crate::testing::load_in(source, &settings, Default::default(), std::sync::Arc::clone(&common));
        loaded.unwrap_or_else(|mistake| panic!("{}", mistake.message));
    };
    load(
        r#"local hits = core.shared.counter("hits")
        assert(hits:add() == 1 and hits:add(4) == 5 and hits:set(7) == 5)
        local seen = core.shared.dict("seen", { max = 2 })
        assert(seen:set("a", "text", 60) and seen:add("b", 1.5))
        local none, why = seen:add("a", 1)
        assert(none == nil and why == "exists")
        none, why = seen:set("c", 1)
        assert(none == nil and why == "full")
        assert(not pcall(seen.set, seen, "c", {}) and not pcall(seen.set, seen, "c", 1, -1))
        assert(not pcall(core.shared.dict, "seen", { max = 0 }))"#,
    );
    load(
        r#"assert(core.shared.counter("hits"):get() == 7)
        local seen = core.shared.dict("seen")
        assert(seen:get("a") == "text" and seen:get("b") == 1.5 and seen:len() == 2)
        assert(seen:delete("a") and not seen:delete("a") and seen:set("b", nil) and seen:len() == 0)
        assert(seen:incr("n") == 1 and seen:incr("n", 5) == 6 and seen:incr("m", 1, 10, 60) == 11)
        table.sort(seen:keys())
        assert(#seen:keys() == 2 and #seen:keys(1) == 1)
        seen:set("n", "x")
        local none, why = seen:incr("n")
        assert(none == nil and why == "no number")"#,
    );
}

#[test]
fn debug_tells_where_a_script_is_and_refuses_to_change_it() {
    holds(
        r#"local function deep() return debug.traceback("here", 1), debug.getinfo(1, "Sl"), debug.getinfo(1).name end
        local text, at, name = deep()
        assert(text:find("^here\nstack traceback:") and text:find(".lua:2:", 1, true), text)
        assert(at.currentline == 2 and at.short_src:find("%.lua$") and at.what == "Lua" and name == "deep")
        assert(debug.getinfo(deep).linedefined == 2 and debug.getinfo(print).what == "C" and not debug.getinfo(99))
        local hidden = setmetatable({}, { __metatable = false })
        assert(debug.getmetatable(hidden).__metatable == false)
        local done, why = pcall(debug.sethook, print, "l")
        assert(not done and tostring(why):find("debug.sethook() is not supported", 1, true))"#,
    );
}

#[test]
fn scripts_have_the_libraries_that_the_configuration_gives_them() {
    let none = crate::Libs { debug: false, io: false, os: false, ..crate::Libs::default() };
    let settings = crate::Settings { openlibs: none, ..crate::Settings::default() };
    let loaded = crate::testing::load("assert(not debug and not io and not os and string)", &settings);
    loaded.unwrap_or_else(|mistake| panic!("{}", mistake.message));
}

#[test]
fn one_name_may_be_an_action_of_requests_and_another_of_responses() {
    let stage = script(
        r#"core.register_action("cors", { "http-req" }, function(txn, kind)
            txn.http:req_set_header("x-seen", kind)
        end, 1)
        core.register_action("cors", { "http-res" }, function(txn) txn.http:res_set_header("x-seen", "response") end)"#,
    );
    let make = stage.plugin("cors").action.as_ref().expect("it is an action");
    let mut exchange = exchange("/");
    stage.action("cors", "GET").run(&mut exchange);
    make(&stage.bench("").in_rules("http-res").setup()).expect("it is right").run(&mut exchange);
    assert_eq!(exchange.request.headers.get(b"x-seen"), Some(&b"GET"[..]));
    assert_eq!(exchange.response.headers.get(b"x-seen"), Some(&b"response"[..]));
    let wrong = make(&stage.bench("").in_rules("tcp-req").setup()).err().expect("there is none for tcp-req");
    assert!(wrong.message.contains("for 'http-req', 'http-res', not for 'tcp-req'"), "{}", wrong.message);
}

#[test]
fn a_variable_of_the_process_can_be_set_only_where_somebody_knows_it() {
    holds(
        r#"assert(txn:set_var("invalid.a", 1) == false and txn:get_var("invalid.a") == nil)
        assert(txn:set_var("txn.new_of_it", 1, true) and txn:get_var("txn.new_of_it") == 1)
        assert(txn:get_var("proc.nobodys") == nil and txn:set_var("proc.nobodys", 1, true) == false)
        assert(txn:set_var("proc.ours", 1) and txn:set_var("proc.ours", 2, true))
        txn:unset_var("proc.ours")
        assert(txn:get_var("proc.ours") == nil)"#,
    );
}
