//! Sockets of scripts against peers that follow a script of their own.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use portero_api::{Answer, Sample, VarId};
use portero_conformance::rig::{Answer as Peer, Net, Turn, exchange, say};

use crate::Settings;
use crate::testing::{Stage, load_in, poll};

/// A script whose action `it` runs a function of that body with a socket, and keeps what it returns in variables.
fn stage(body: &str, net: Net) -> Stage {
    let source = format!(
        r#"local function it(socket) {body} end
        core.register_action("it", {{ "http-req" }}, function(txn)
            local told = table.pack(it(core.tcp()))
            for i = 1, told.n do txn:set_var("txn.r" .. i, tostring(told[i])) end
        end)"#
    );
    load_in(&source, &Settings::default(), net, Arc::default())
        .unwrap_or_else(|bad| panic!("{}", bad.message))
}

/// What the function returned.
fn told(stage: &Stage, waits: &[Duration]) -> Vec<String> {
    let mut exchange = exchange("/");
    let Err(mut work) = stage.act("it", &mut exchange) else { panic!("{:?}", stage.desk.lines()) };
    let mut polled = poll(&mut work, &mut exchange);
    for wait in waits {
        assert!(polled.is_pending(), "{:?}", stage.desk.lines());
        stage.desk.pass(*wait);
        polled = poll(&mut work, &mut exchange);
    }
    assert!(matches!(polled, Poll::Ready(Answer::Continue)), "{:?}", stage.desk.lines());
    assert!(stage.desk.lines().is_empty(), "{:?}", stage.desk.lines());
    let value = |number: usize| {
        let id = VarId::parse(&format!("txn.r{number}")).expect("a name");
        match exchange.vars.get(id)?.to_sample() {
            Sample::Str(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            other => panic!("{other:?} is no text"),
        }
    };
    (1..).map_while(value).collect()
}

#[test]
fn lines_and_pieces_are_read_and_answers_sent() {
    let net = Net::talk([say("a li\rne\r\nand"), say(" more\nabcdef"), Turn::Hear, say("end")]);
    let stage = stage(
        r#"assert(socket:connect("127.0.0.1", 1) == 1)
        local line, rest = socket:receive(), socket:receive("*l", "> ")
        local piece = socket:receive(4, "=")
        local sent = socket:send("xyz", 2)
        return line, rest, piece, sent, socket:receive("*a"), socket:close()"#,
        net,
    );
    assert_eq!(told(&stage, &[]), ["a line", "> and more", "=abcd", "3", "efend", "1"]);
    assert_eq!(stage.desk.net().heard(), b"yz");
}

#[test]
fn the_end_of_a_connection_gives_what_came_before_it() {
    let stage = stage(
        r#"socket:connect("127.0.0.1:1")
        local none, why, part = socket:receive("*l", "+")
        local all, closed, empty = socket:receive("*a")
        return none, why, part, all, closed, empty"#,
        Net::talk([say("half a line")]),
    );
    assert_eq!(told(&stage, &[]), ["nil", "closed", "+half a line", "nil", "closed", ""]);
}

#[test]
fn a_peer_that_says_nothing_is_waited_for_as_long_as_the_script_says() {
    let stage = stage(
        r#"socket:settimeout(0.5)
        socket:connect("127.0.0.1", 1)
        return socket:receive(4)"#,
        Net::talk([say("ab"), Turn::Silence]),
    );
    assert_eq!(
        told(&stage, &[Duration::from_millis(400), Duration::from_millis(100)]),
        ["nil", "timeout", "ab"]
    );
}

#[test]
fn where_no_connection_is_made_the_script_hears_why() {
    let stage = stage(r#"return socket:connect("127.0.0.1", 2)"#, Net::default());
    assert_eq!(told(&stage, &[]), ["nil", "connection refused"]);
    let stage = self::stage(
        r#"local said, why = socket:send("x")
        return said, why, (socket:getpeername()), pcall(socket.receive, socket, "*n")"#,
        Net::default().with(2, Peer::Hangs),
    );
    let told = told(&stage, &[]);
    assert_eq!(told[..4], ["nil", "closed", "nil", "false"]);
    assert!(told[4].contains("a pattern is"), "{told:?}");
}

#[test]
fn tls_is_refused_by_name() {
    let stage = stage(r#"socket:connect_ssl("127.0.0.1", 443)"#, Net::default());
    assert!(matches!(stage.act("it", &mut exchange("/")), Ok(Answer::Continue)));
    assert!(stage.desk.lines()[0].1.contains("comes with TLS"), "{:?}", stage.desk.lines());
}
