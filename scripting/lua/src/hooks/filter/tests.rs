use std::time::Duration;

use portero_api::{Exchange, Method, Sample, VarId};
use portero_conformance::rig::{Way, exchange};
use portero_conformance::{Filtering as Suite, filter};

use super::*;
use crate::Settings;
use crate::testing::{Stage, load};

/// A filter class with these callbacks, registered as `f`.
fn class(callbacks: &str) -> Stage {
    let source = format!(
        r#"
        F = {{}}
        F.id = "a filter"
        F.flags = filter.FLT_CFG_FL_HTX
        F.__index = F
        function F:new()
            local one = {{}}
            setmetatable(one, F)
            one.word = self.word
            return one
        end
        local function note(txn, what)
            txn:set_var("txn.seen", (txn:get_var("txn.seen") or "") .. what .. " ")
        end
        function F:start_analyze(txn, chn)
            filter.register_data_filter(self, chn)
            note(txn, "start:" .. tostring(chn:is_resp()))
        end
        function F:end_analyze(txn, chn) note(txn, "end:" .. tostring(chn:is_resp())) end
        {callbacks}
        core.register_filter("f", F, function(flt, args)
            if args[1] == "none" then return nil end
            if args[1] == "bad" then error("no such thing") end
            flt.word = args[1]
            return flt
        end)
        "#
    );
    let settings = Settings { on_error: OnError::Fail, ..Settings::default() };
    load(&source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message))
}

fn made(stage: &Stage, args: &str) -> Result<Box<dyn Filter>, BadArg> {
    stage.plugin("f").filter.as_ref().expect("it is a filter")(&stage.bench(args).setup())
}

/// An upload of that body, as the filter lets it pass.
fn upload(stage: &Stage, args: &str, body: &str, cut: usize) -> (Result<String, Pass>, Exchange) {
    let mut exchange = upload_of(body);
    let made = made(stage, args).unwrap_or_else(|bad| panic!("{}", bad.message));
    let Some(mut filtering) = made.attach(&mut exchange) else { return (Ok(body.into()), exchange) };
    let idle = || stage.desk.pass(Duration::from_millis(1));
    let mut way = Way::new(&mut *filtering, Direction::Request).with_time(&idle);
    let passed = way.whole(&mut exchange, body.as_bytes(), cut);
    filtering.end(&mut exchange);
    (passed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()), exchange)
}

fn upload_of(body: &str) -> Exchange {
    let mut exchange = exchange("/");
    exchange.room = portero_api::Room { whole: 16384, reserve: 1024, ..Default::default() };
    exchange.request.method = Method::Post;
    exchange.request.framing = Framing::Length(body.len() as u64);
    exchange.request.headers.add(b"Content-Length", body.len().to_string().as_bytes());
    exchange
}

fn seen(exchange: &Exchange) -> String {
    let id = VarId::parse("txn.seen").expect("a name");
    match exchange.vars.get(id).map(|value| value.to_sample()) {
        Some(Sample::Str(text)) => String::from_utf8_lossy(&text).into_owned(),
        _ => String::new(),
    }
}

#[test]
fn callbacks_come_in_haproxys_order_with_their_objects() {
    let stage = class(
        r#"
        function F:http_headers(txn, msg)
            note(txn, msg:get_stline().method .. msg:get_headers()["host"][0])
            msg:add_header("X-Word", self.word)
            return filter.CONTINUE
        end
        function F:http_payload(txn, msg) note(txn, (msg:body() or "") .. tostring(msg:eom())) end
        function F:http_end(txn, msg) note(txn, "over") end
        "#,
    );
    let (passed, exchange) = upload(&stage, "hi", "hello", 9);
    assert_eq!(passed.expect("it passes"), "hello");
    assert_eq!(exchange.request.headers.get(b"x-word"), Some(&b"hi"[..]));
    assert_eq!(seen(&exchange), "start:false POSTexample.com hellofalse true over end:false ");
}

#[test]
fn data_are_changed_moved_and_held() {
    let upper = class(
        r#"
        function F:http_headers(txn, msg) msg:del_header("content-length") end
        function F:http_payload(txn, msg)
            local body = msg:body()
            if body then msg:set(body:upper()) end
        end
        "#,
    );
    let prepare = |exchange: &mut Exchange| {
        exchange.room = portero_api::Room { whole: 16384, reserve: 1024, ..Default::default() };
    };
    let bodies: &[(&[u8], &[u8])] = &[(b"hello, world", b"HELLO, WORLD"), (b"", b"")];
    filter(&Suite {
        plugin: upper.plugin("f"),
        bench: upper.bench(""),
        prepare: &prepare,
        idle: &|| {},
        bodies,
    });
    let edits = class(
        r#"
        function F:http_headers(txn, msg) msg:set_body_len("chunked") end
        function F:http_payload(txn, msg)
            if not msg:eom() then return filter.WAIT end
            msg:prepend("<") msg:append(">") msg:insert("|", -1)
            note(txn, msg:remove(1, 2))
            note(txn, msg:send("!"))
            note(txn, msg:forward(2))
            note(txn, msg:input() .. "/" .. msg:output())
        end
        "#,
    );
    let (passed, exchange) = upload(&edits, "", "hello", 2);
    assert_eq!(passed.expect("it passes"), "!<llo|>");
    assert!(seen(&exchange).contains("2 1 2 4/3"), "{}", seen(&exchange));
}

#[test]
fn what_waits_is_called_again_when_its_time_has_come() {
    let stage = class(
        r#"
        function F:http_headers(txn, msg)
            self.turns = (self.turns or 0) + 1
            if self.turns < 3 then filter.wake_time(1) return filter.WAIT end
        end
        function F:http_payload(txn, msg)
            core.msleep(1)
            self.parts = (self.parts or 0) + 1
            if self.parts < 3 then msg:forward(1) filter.wake_time(1) return filter.WAIT end
        end
        "#,
    );
    assert_eq!(upload(&stage, "", "hello", 9).0.expect("it passes"), "hello");
}

#[test]
fn a_message_can_be_refused_answered_or_broken_by_a_mistake() {
    let refused =
        |callbacks: &str| upload(&class(callbacks), "", "hello", 9).0.expect_err("it does not pass");
    let pass = refused("function F:http_headers() return filter.ERROR end");
    assert!(matches!(pass, Pass::Reply(Reply::Status(400))), "{pass:?}");
    let pass = refused("function F:http_payload(txn) txn:done({ status = 418 }) end");
    assert!(matches!(&pass, Pass::Reply(Reply::Message(message)) if message.status == 418), "{pass:?}");
    for mistake in [
        "function F:http_headers() nothing() end",
        "function F:http_payload(txn, msg) txn.http_res:body() end",
        // the length was told, and nobody took it back
        "function F:http_payload(txn, msg) msg:append('!') end",
        "function F:http_headers(txn, msg) msg:set_status(200) end",
    ] {
        assert!(matches!(refused(mistake), Pass::Fail), "{mistake}");
    }
}

#[test]
fn arguments_are_the_scripts_to_read() {
    let stage = class("");
    let bad = made(&stage, "bad").err().expect("the script refuses it");
    assert!(bad.message.contains("no such thing"), "{}", bad.message);
    let none = made(&stage, "none").expect("it is right");
    assert!(none.attach(&mut exchange("/")).is_none());
}

#[test]
fn the_data_of_sessions_pass_by_another_name() {
    let stage = class(
        r#"
        function F:tcp_payload(txn, chn)
            local line = chn:line()
            if line then chn:set(line .. "again: " .. chn:data()) end
        end
        "#,
    );
    let mut exchange = exchange("/");
    let mut filtering = made(&stage, "").expect("it is right").attach(&mut exchange).expect("an object");
    let passed = Way::new(&mut *filtering, Direction::Request).tunnel(&mut exchange, b"a\nb\n");
    assert_eq!(passed.expect("it passes"), b"a\nagain: a\nb\n");
}
