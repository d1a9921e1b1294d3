use std::time::Duration;

use portero_conformance::rig::{Way, exchange};
use portero_conformance::{Filtering as Suite, filter};

use super::*;
use crate::Settings;
use crate::testing::{load, script};

#[test]
fn bodies_are_rewritten_by_piece_in_both_directions() {
    let stage = script(
        r#"
        local function upper(txn, piece, last)
            core.msleep(1)
            return piece:upper()
        end
        core.on_request_body("upper", upper)
        core.on_response_body("upper", upper)
        "#,
    );
    let bodies: &[(&[u8], &[u8])] = &[(b"hello, world", b"HELLO, WORLD"), (b"", b"")];
    let idle = || stage.desk.pass(Duration::from_millis(1));
    let (plugin, bench) = (stage.plugin("upper"), stage.bench(""));
    filter(&Suite { plugin, bench, prepare: &|_| {}, idle: &idle, bodies });
}

/// An upload in pieces of 4 through `filter lua.f`.
fn upload(source: &str, body: &[u8]) -> (Result<Vec<u8>, Pass>, Exchange) {
    let settings = Settings { on_error: OnError::Fail, ..Settings::default() };
    let stage = load(source, &settings).unwrap_or_else(|mistake| panic!("{}", mistake.message));
    let made = stage.plugin("f").filter.as_ref().expect("it is a filter")(&stage.bench("").setup());
    let mut exchange = exchange("/");
    exchange.request.framing = Framing::Chunked;
    let filter = made.unwrap_or_else(|bad| panic!("{}", bad.message));
    let mut filtering = filter.attach(&mut exchange).expect("it looks");
    let passed = Way::new(&mut *filtering, Direction::Request).whole(&mut exchange, body, 4);
    drop(filtering);
    (passed, exchange)
}

#[test]
fn a_whole_body_is_there_before_its_head_goes() {
    let source = r#"
        core.on_request_body("f", function(txn, body, last)
            txn.http:req_set_header("x-size", #body .. tostring(last))
            return body:reverse()
        end, { whole = true })
        "#;
    let (passed, exchange) = upload(source, b"hello, world");
    assert_eq!(passed.expect("it passes"), b"dlrow ,olleh");
    assert_eq!(exchange.request.headers.get(b"x-size"), Some(&b"12true"[..]));
}

#[test]
fn what_is_larger_than_it_wants_to_see_passes_as_it_is() {
    let source = r#"
        core.on_request_body("f", function(txn, body) return "" end, { whole = true, max = 6 })
        "#;
    assert_eq!(upload(source, b"hello, world").0.expect("it passes"), b"hello, world");
    assert_eq!(upload(source, b"hello").0.expect("it passes"), b"");
}

#[test]
fn nothing_changes_nothing_and_nonsense_ends_the_message() {
    let source = |gives: &str| format!("core.on_request_body('f', function(txn, body) {gives} end)");
    assert_eq!(upload(&source(""), b"hello").0.expect("it passes"), b"hello");
    assert!(matches!(upload(&source("return {}"), b"hello").0, Err(Pass::Fail)));
    let (done, _) = upload(&source("txn:done({ status = 403 })"), b"hello");
    assert!(matches!(done, Err(Pass::Reply(Reply::Message(message))) if message.status == 403));
}

#[test]
fn words_that_mean_nothing_to_it_are_named() {
    let told = |how: &str| {
        let source = format!("core.on_request_body('f', function() end, {how})");
        load(&source, &Settings::default()).err().map(|mistake| mistake.message)
    };
    assert_eq!(told("{ whole = true, max = 10 }"), None);
    assert!(told("{ hole = true }").is_some_and(|message| message.contains("'hole'")));
}
