//! Log formats: (format, what an exchange shows). The expected texts were read off HAProxy 3.5 with the same formats.

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use common::{World, exchange};
use portero_api::{Address, Captures, Exchange, Kind, ProxyState, ServerState, Term, Timers};
use portero_policies::format::{CLF, HTTP, JSON, TCP, TCP_CLF};
use portero_policies::{Escape, Stage};

/// An exchange at its end, as the log sees it.
fn finished() -> Exchange {
    let mut exchange = exchange("GET /a/b?c=d HTTP/1.1\nHost: h");
    let start = Instant::now();
    let at = |ms| Some(start + Duration::from_millis(ms));
    let backend = Arc::new(ProxyState::new("back", 2, Kind::Backend, true));
    let server = ServerState::new(&backend, "s1", 1, Address::Unresolved("x".into()));
    exchange.server = Some(Arc::new(server));
    exchange.backend = Some(backend);
    let log = &mut exchange.log;
    log.timers = Timers {
        start: Some(start),
        date: Some(UNIX_EPOCH + Duration::from_millis(1_795_247_561_833)),
        handshake: at(1),
        first_byte: at(3),
        request: at(7),
        queued: at(15),
        connected: at(31),
        response: at(63),
        end: at(127),
    };
    log.term = Term { cause: b'c', phase: b'D', ..Term::default() };
    log.status = 200;
    log.bytes_out = 58;
    log.bytes_in = 96;
    log.request_captures = Captures::of_lengths([9, 9]);
    log.request_captures.set(0, b"a|\"b");
    log.response_captures = Captures::of_lengths([9]);
    log.response_captures.set(0, b"Foo");
    log.server_address = "192.0.2.9:8080".parse().ok();
    log.server_source = "192.0.2.1:5555".parse().ok();
    log.request_number = 12;
    exchange
}

fn log(format: &str, exchange: &Exchange) -> String {
    World::default().format(format, Stage::Log, Escape::Log, exchange)
}

#[test]
fn aliases_show_what_the_manual_says() {
    let exchange = finished();
    for (format, expected) in [
        ("%B %U %ST", "58 96 200"),
        ("%CC %CS %ID %sslc %sslv", "- - - - -"),
        ("%HM|%HP|%HPO|%HQ|%HU|%HV", "GET|/a/b|/a/b|?c=d|/a/b?c=d|HTTP/1.1"),
        ("%r", "GET /a/b?c=d HTTP/1.1"),
        ("%T", "21/Nov/2026:07:52:41 +0000"),
        ("%Ts %ms", "1795247561 833"),
        ("%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu", "1 2 4 7 8 16 32 64 124 127 125"),
        ("%ci:%cp %fi:%fp", "192.0.2.7:40000 198.51.100.1:80"),
        ("%bi:%bp %si:%sp", "192.0.2.1:5555 192.0.2.9:8080"),
        ("%f %ft %b/%s", "web web back/s1"),
        ("%fc %bc %sc %rc %sq %bq %lc %rt", "0 0 0 0 0 0 0 12"),
        ("%ts %tsc", "cD cD--"),
        ("%hr %hs", "{a#7C#22b|} {Foo}"),
        ("%hrl %hsl", "a#7C#22b - Foo"),
        ("%trg", "21/Nov/2026:07:52:41 +0000"),
        ("100%% %o%ST", "100% 200"),
        ("a  b   %ST", "a b 200"),
    ] {
        assert_eq!(log(format, &exchange), expected, "{format}");
    }
}

#[test]
fn flags_change_how_values_are_written() {
    let exchange = finished();
    for (format, expected) in [
        ("%{+Q}HM %{+Q}CC %{+Q}ST %{+Q}ci", "\"GET\" \"\" 200 \"192.0.2.7\""),
        ("%{+Q}o %s %{-Q}s %[int(3)]", "\"s1\" s1 \"3\""),
        ("%{+X}o%ci:%cp %fp %Ts", "C0000207:9C40 0050 6B014DC9"),
        ("%{+E}[str(a]b)] %{+Q,+E}[str('a\"b')]", "a\\]b \"a\\\"b\""),
        ("%[var(txn.none)] %{+Q}[var(txn.none)]", "- \"\""),
        ("%{+Q}hrl", "\"a#7C#22b\" \"\""),
        ("%{+json}ST %{+json}ci", "200 \"192.0.2.7\""),
    ] {
        assert_eq!(log(format, &exchange), expected, "{format}");
    }
}

#[test]
fn encodings_hold_the_named_items_only() {
    let exchange = finished();
    let json = "%{+json}o %(a)ST text %B %(ip)ci %(n)[int(3)] %(t)[bool(true)] %(none)[var(txn.none)] %(s:str)[int(3)] \
                %(i:sint)[str(12)] %(b:bool)[int(3)] %(list)hrl";
    assert_eq!(
        log(json, &exchange),
        "{\"a\": 200, \"ip\": \"192.0.2.7\", \"n\": 3, \"t\": true, \"none\": \"\", \"s\": \"3\", \"i\": 12, \"b\": true, \
         \"list\": [\"a#7C#22b\", \"-\"]}"
    );
    assert_eq!(log("%{+json}o text %ST", &exchange), "{}");
    let cbor = "%{+cbor}o %(a)ST %(b)ci %(i)[int(-3)] %(big)[int(70000)] %(bt)[bool(true)]";
    assert_eq!(log(cbor, &exchange), "BF616118C86162693139322E302E322E37616922636269671A00011170626274F5FF");
}

#[test]
fn the_formats_of_the_options_have_their_documented_fields() {
    let exchange = finished();
    assert_eq!(
        log(&HTTP.replace("%tr", "DATE"), &exchange).replace("/0/0/0/0 ", " "),
        "192.0.2.7:40000 [DATE] web back/s1 4/8/16/32/124 200 58 - - cD-- 0 0/0 {a#7C#22b|} {Foo} \
         \"GET /a/b?c=d HTTP/1.1\""
    );
    assert_eq!(
        log(&CLF.replace("%trg", "DATE"), &exchange),
        "192.0.2.7 - - [DATE] \"GET /a/b?c=d HTTP/1.1\" 200 58 \"\" \"\" 40000 833 \"web\" \"back\" \"s1\" 4 8 16 32 124 \
         cD-- 0 0 0 0 0 0 0 \"\" \"\" \"a#7C#22b\" \"\" \"Foo\""
    );
    assert_eq!(
        log(&TCP.replace("%t]", "DATE]"), &exchange),
        "192.0.2.7:40000 [DATE] web back/s1 8/16/127 58 cD 0/0/0/0/0 0/0"
    );
    assert!(
        log(TCP_CLF, &exchange)
            .starts_with("192.0.2.7 - - [21/Nov/2026:07:52:41 +0000] \"TCP \" 000 58 \"\" \"\"")
    );
    assert!(log(JSON, &exchange).starts_with("{\""), "{}", log(JSON, &exchange));
}

#[test]
fn what_was_not_reached_is_minus_one() {
    let mut exchange = finished();
    let timers = exchange.log.timers;
    exchange.log.timers = Timers { queued: None, connected: None, response: None, ..timers };
    exchange.server = None;
    exchange.backend = None;
    exchange.log.request_line.clear();
    assert_eq!(
        log("%b/%s %TR/%Tw/%Tc/%Tr/%Ta %r %HM", &exchange),
        "web/<NOSRV> 4/-1/-1/-1/124 <BADREQ> <BADREQ>"
    );
}

#[test]
fn a_client_on_a_unix_socket_has_no_address() {
    let mut exchange = finished();
    exchange.conn.src = None;
    exchange.conn.listener_id = 3;
    assert_eq!(log("%ci:%cp", &exchange), "unix:3");
}

#[test]
fn services_redispatches_and_early_lines_are_marked() {
    let mut exchange = finished();
    exchange.log.service = Some("<STATS>".into());
    exchange.log.redispatched = true;
    exchange.log.retries = 3;
    exchange.log.early = true;
    assert_eq!(log("%s %rc %B %Ta", &exchange), "<STATS> +3 +58 +124");
    assert_eq!(log("%{+json}o %(b)B", &exchange), "{\"b\": 58}");
}

#[test]
fn log_lines_cannot_be_forged_from_values() {
    let exchange = exchange("GET /x%0aFake:%20line HTTP/1.1");
    assert_eq!(log("%[path,url_dec]", &exchange), "/x#0AFake: line");
    let header = World::default().format("%[path,url_dec]", Stage::Request, Escape::Header, &exchange);
    assert_eq!(header, "/x%0AFake: line");
    let body = World::default().format("%[path,url_dec]", Stage::Request, Escape::None, &exchange);
    assert_eq!(body, "/x\nFake: line");
}

#[test]
fn captures_that_are_not_declared_leave_no_trace_in_a_line() {
    let mut exchange = finished();
    exchange.log.request_captures = Captures::default();
    exchange.log.response_captures = Captures::default();
    for (format, expected) in [
        ("a %hr b%hs c%[var(txn.x)] d %[var(txn.x)] e %{+Q}hr f %hr %hs g", "a b c- d - e f g"),
        ("%hr a  b %hsl", "a b "),
    ] {
        assert_eq!(log(format, &exchange), expected, "{format}");
    }
}
