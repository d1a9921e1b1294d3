//! Scripts from their text to what they do.

use std::task::Poll;
use std::time::Duration;

use portero_api::{Answer, Close, Reply, Sample, Scope, VarId, Wait};
use portero_conformance::rig::exchange;

use crate::Settings;
use crate::testing::{load, poll, script};

#[test]
fn an_action_rewrites_the_request_and_sets_variables() {
    let stage = script(
        r#"core.register_action("mark", { "http-req" }, function(txn)
            local host = txn.f:hdr("Host")
            txn.http:req_set_header("X-Seen", host .. " " .. txn.sf:path())
            txn:set_var("txn.count", 3)
            txn:set_var("txn.again", txn:get_var("txn.count") + 1)
        end)"#,
    );
    let mut exchange = exchange("/a");
    assert!(matches!(stage.act("mark", &mut exchange), Ok(Answer::Continue)));
    assert_eq!(
        exchange.request.headers.get(b"x-seen"),
        Some(&b"example.com /a"[..]),
        "{:?}",
        stage.desk.lines()
    );
    let id = VarId::parse("txn.again").expect("a name");
    assert_eq!(id.scope, Scope::Txn);
    assert_eq!(exchange.vars.get(id).map(|v| v.to_sample()), Some(Sample::Int(4)));
}

#[test]
fn an_action_says_how_the_transaction_goes_on() {
    let stage = script(
        r#"for name, value in pairs(act) do
            if type(value) == "number" then
                core.register_action(name, { "http-req" }, function() return value end)
            end
        end
        core.register_action("done", { "http-req" }, function(txn)
            txn:done{ status = 418, headers = { ["x-a"] = { "1", "2" } }, body = "tea" }
        end)
        core.register_action("gone", { "http-req" }, function(txn) txn:done() end)"#,
    );
    let answer = |name| stage.act(name, &mut exchange("/")).unwrap_or_else(|_| panic!("'{name}' waits"));
    assert!(matches!(answer("YIELD"), Answer::Wait(Wait::Data)));
    assert!(matches!(answer("STOP"), Answer::Stop));
    assert!(matches!(answer("ERROR"), Answer::Fail));
    assert!(matches!(answer("DENY"), Answer::Deny(Reply::Status(403))));
    assert!(matches!(answer("INVALID"), Answer::Deny(Reply::Status(400))));
    assert!(matches!(answer("ABORT"), Answer::Close(Close::Reject)));
    assert!(matches!(answer("gone"), Answer::Close(Close::Reject)));
    let Answer::Reply(Reply::Message(message)) = answer("done") else { panic!("no reply") };
    assert_eq!((message.status, &message.body[..], message.headers.len()), (418, &b"tea"[..], 2));
}

#[test]
fn an_action_that_sleeps_lets_the_road_wait() {
    let stage = script(
        r#"core.register_action("nap", { "http-req" }, function(txn)
            core.msleep(50)
            txn.http:req_set_path("/later")
        end)"#,
    );
    let mut exchange = exchange("/now");
    let Err(mut work) = stage.act("nap", &mut exchange) else { panic!("it did not wait") };
    assert!(poll(&mut work, &mut exchange).is_pending());
    stage.desk.pass(Duration::from_millis(50));
    assert!(matches!(poll(&mut work, &mut exchange), Poll::Ready(Answer::Continue)));
    assert_eq!(exchange.request.target, b"/later");
}

#[test]
fn an_endless_loop_lets_others_have_their_turn_and_is_stopped() {
    let settings = Settings { session_timeout: Some(Duration::from_millis(30)), ..Settings::default() };
    let source = r#"core.register_action("spin", { "http-req" }, function() while true do end end)"#;
    let stage = load(source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message));
    let mut exchange = exchange("/");
    let Err(mut work) = stage.act("spin", &mut exchange) else { panic!("it did not yield") };
    while poll(&mut work, &mut exchange).is_pending() {}
    let [(3, line)] = &stage.desk.lines()[..] else { panic!("{:?}", stage.desk.lines()) };
    assert!(line.contains("'spin'") && line.contains("ran too long") && line.contains(".lua:1"), "{line}");
}

#[test]
fn fetches_and_converters_give_values() {
    let stage = script(
        r#"core.register_fetches("host", function(txn, suffix) return txn.sf:hdr("Host") .. suffix end)
        core.register_converters("twice", function(text) return text .. text end)
        core.register_fetches("broken", function(txn) return nil .. "x" end)"#,
    );
    let exchange = exchange("/");
    let bench = stage.bench(":80");
    let fetch =
        stage.plugin("host").fetch.as_ref().expect("it is a fetch")(&bench.setup()).expect("it is right");
    assert_eq!(fetch.fetch(&exchange), Ok(Some(Sample::str("example.com:80"))));
    let none = stage.bench("");
    let convert =
        stage.plugin("twice").convert.as_ref().expect("a converter")(&none.setup()).expect("it is right");
    assert_eq!(convert.convert(Sample::str("ab"), &exchange), Some(Sample::str("abab")));
    let broken =
        stage.plugin("broken").fetch.as_ref().expect("it is a fetch")(&none.setup()).expect("it is there");
    assert_eq!(broken.fetch(&exchange), Ok(None));
    assert!(
        stage.desk.lines()[0].1.contains("attempt to concatenate a nil value"),
        "{:?}",
        stage.desk.lines()
    );
}

#[test]
fn a_script_that_fails_to_load_says_where() {
    let mistake = load("local x = 1\nerror('no luck')", &Settings::default()).err().expect("it fails");
    assert!(mistake.message.contains(".lua:2: no luck"), "{}", mistake.message);
    let mistake = load("core.register_action('x', { 'http' }, print)", &Settings::default()).err();
    assert!(mistake.expect("it fails").message.contains("'http' is no kind of rules"));
}

#[test]
fn turns_of_others_never_come_between_a_wish_and_its_wait() {
    let settings = Settings { forced_yield: 1, ..Settings::default() };
    let source = r#"core.register_action("nap", { "http-req" }, function(txn)
        local sum = 0
        for i = 1, 50 do
            core.yield()
            sum = sum + i
        end
        txn:set_var("txn.sum", sum)
    end)"#;
    let stage = load(source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message));
    let mut exchange = exchange("/");
    assert!(matches!(stage.finish("nap", &mut exchange), Answer::Continue));
    let sum = exchange.vars.get(VarId::parse("txn.sum").expect("a name")).map(|v| v.to_sample());
    assert_eq!(sum, Some(Sample::Int(1275)), "{:?}", stage.desk.lines());
}

#[test]
fn a_budget_that_is_used_up_cannot_be_caught() {
    let settings = Settings { session_timeout: Some(Duration::from_millis(30)), ..Settings::default() };
    let source = r#"core.register_action("stubborn", { "http-req" }, function()
        while true do pcall(function() while true do end end) end
    end)
    core.register_fetches("deaf", function()
        return select(2, coroutine.resume(coroutine.create(function() while true do end end)))
    end)"#;
    let stage = load(source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message));
    let mut exchange = exchange("/");
    assert!(matches!(stage.finish("stubborn", &mut exchange), Answer::Continue));
    let bench = stage.bench("");
    let deaf =
        stage.plugin("deaf").fetch.as_ref().expect("it is a fetch")(&bench.setup()).expect("it is there");
    assert_eq!(deaf.fetch(&exchange), Ok(None));
    let figures = stage.common.figures.read();
    let stopped: Vec<_> = figures.iter().map(|f| (&*f.name, f.calls, f.errors, f.stopped)).collect();
    assert_eq!(stopped, [("lua.deaf", 1, 1, 1), ("lua.stubborn", 1, 1, 1)], "{:?}", stage.desk.lines());
}

#[test]
fn a_state_whose_memory_is_used_up_is_made_anew() {
    let settings = Settings { maxmem: 4 << 20, ..Settings::default() };
    let source = r#"local kept = {}
    local calls = 0
    core.register_fetches("calls", function() calls = calls + 1 return calls end)
    core.register_action("hog", { "http-req" }, function()
        for i = 1, 1e6 do kept[i] = "text " .. i end
    end)
    core.register_action("huge", { "http-req" }, function() return #string.rep("x", 1e9) end)"#;
    let stage = load(source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message));
    let bench = stage.bench("");
    let calls =
        stage.plugin("calls").fetch.as_ref().expect("it is a fetch")(&bench.setup()).expect("it is there");
    let mut exchange = exchange("/");
    assert_eq!(calls.fetch(&exchange), Ok(Some(Sample::Int(1))));
    assert!(matches!(stage.act("huge", &mut exchange), Ok(Answer::Continue)));
    assert_eq!(calls.fetch(&exchange), Ok(Some(Sample::Int(1))), "a new state counts from the beginning");
    assert!(matches!(stage.finish("hog", &mut exchange), Answer::Continue));
    assert!(calls.fetch(&exchange).is_ok_and(|calls| calls.is_some()), "whoever comes next is served");
    let lines = stage.desk.lines();
    assert!(
        lines.iter().all(|(_, line)| line.contains("not enough memory")) && lines.len() == 2,
        "{lines:?}"
    );
}

#[test]
fn an_error_has_a_traceback() {
    let stage = script(
        r#"local function inner() error("no luck") end
        core.register_action("outer", { "http-req" }, function() inner() end)
        core.register_action("deep", { "http-req" }, function()
            local function down(n) return 1 + down(n + 1) end
            return down(1)
        end)"#,
    );
    for name in ["outer", "deep"] {
        assert!(matches!(stage.finish(name, &mut exchange("/")), Answer::Continue));
    }
    let lines = stage.desk.lines();
    assert!(
        lines[0].1.contains(".lua:1: no luck\nstack traceback:") && lines[0].1.contains("'inner'"),
        "{lines:?}"
    );
    assert!(lines[1].1.contains("stack overflow"), "{lines:?}");
}

#[test]
fn a_state_says_goodbye_once_the_last_one_has_left() {
    let stage = script(
        r#"core.on_unload(function() core.Info("goodbye") end)
        core.register_action("stay", { "http-req" }, function() core.msleep(50) end)"#,
    );
    let mut exchange = exchange("/");
    let Err(mut work) = stage.act("stay", &mut exchange) else { panic!("it did not wait") };
    assert!(stage.desk.lines().is_empty(), "a request is still under way");
    stage.desk.pass(Duration::from_millis(50));
    assert!(poll(&mut work, &mut exchange).is_ready());
    drop(work);
    assert_eq!(stage.desk.lines(), [(6, "goodbye".to_owned())]);
}

/// The answers are those of the library in Debian's HAProxy, which runs the same lines.
#[test]
fn what_scripts_for_lua_5_3_use_is_there() {
    script(
        r#"local function same(...) local t = {...} for i=1,#t,2 do if t[i] ~= t[i+1] then error(("case %d: %s ~= %s"):format(i//2+1, tostring(t[i]), tostring(t[i+1])), 2) end end end
        same(bit32.band(), 0xffffffff, bit32.band(0xff, 0x0f, 0x3c), 0x0c, bit32.bor(), 0, bit32.bor(1, 2, -1), 0xffffffff, bit32.bxor(0xff, 0x0f), 0xf0)
        same(bit32.bnot(0), 0xffffffff, bit32.bnot(-1), 0, bit32.btest(1, 3), true, bit32.btest(4, 3), false)
        same(bit32.lshift(1, 31), 0x80000000, bit32.lshift(1, 32), 0, bit32.lshift(0x80000000, -31), 1, bit32.rshift(-1, 28), 15, bit32.rshift(1, -4), 16)
        same(bit32.arshift(0x80000000, 31), 0xffffffff, bit32.arshift(0x80000000, 40), 0xffffffff, bit32.arshift(0x40000000, 2), 0x10000000, bit32.arshift(1, -3), 8, bit32.arshift(0x80000001, -1), 2)
        same(bit32.lrotate(0x80000001, 1), 3, bit32.rrotate(1, 1), 0x80000000, bit32.lrotate(1, -1), 0x80000000, bit32.lrotate(5, 32), 5)
        same(bit32.extract(0xabcd1234, 8, 8), 0x12, bit32.extract(0x80000000, 31), 1, bit32.replace(0, 0xff, 4, 4), 0xf0, bit32.replace(0xffffffff, 0, 0, 32), 0)
        same(pcall(bit32.extract, 1, 31, 2), false, (pcall(bit32.extract, 1, 0, 0)), false)
        for _, seed in ipairs { 1, 2.0, 1.5, -0.25, 1e300 } do math.randomseed(seed) end
        math.randomseed(7.5)
        local first = math.random(1000000)
        math.randomseed(7.5)
        assert(math.random(1000000) == first and not pcall(math.randomseed, 0 / 0) and not pcall(math.randomseed, "x"))
        math.randomseed()"#,
    );
}
