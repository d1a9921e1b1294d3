//! Rules on stick tables: what is tracked, counted, and looked up.

mod common;

use std::time::Duration;

use common::{World, exchange};
use portero_api::tables::{Data, Key, KeyBuf, KeyType};
use portero_api::{Exchange, clock};
use portero_policies::{Escape, Stage};

const MINUTE: u32 = 60_000;

/// The table `web`, the proxy's own, by address; and `other`, by text.
fn world() -> World {
    World::default()
        .with_table(
            "web",
            KeyType::Ip,
            &[
                (Data::ConnCnt, 1, 0),
                (Data::ConnCur, 1, 0),
                (Data::HttpReqRate, 1, MINUTE),
                (Data::HttpErrCnt, 1, 0),
                (Data::BytesInCnt, 1, 0),
                (Data::Gpc, 3, 0),
                (Data::GpcRate, 3, MINUTE),
                (Data::Gpt, 2, 0),
            ],
        )
        .with_table("other", KeyType::String(16), &[(Data::Gpc0, 1, 0), (Data::ServerId, 1, 0)])
}

fn get() -> Exchange {
    exchange("GET /a HTTP/1.1\nHost: a\nX-Key: k1")
}

/// The value of an expression, empty where it has none.
fn value(world: &World, exchange: &Exchange, expr: &str) -> String {
    world.format(&format!("%[{expr}]"), Stage::Log, Escape::None, exchange)
}

fn values(world: &World, exchange: &Exchange, exprs: &[&str]) -> Vec<String> {
    exprs.iter().map(|expr| value(world, exchange, expr)).collect()
}

#[test]
fn a_client_is_refused_behind_its_rate_and_let_in_again_when_time_has_passed() {
    let world = world();
    let rules = "http-request track-sc0 src\nhttp-request deny deny_status 429 if { sc0_http_req_rate gt 3 }";
    let verdicts: Vec<_> = (0..5).map(|_| world.run(rules, get()).verdict()).collect();
    assert_eq!(verdicts, ["-", "-", "-", "deny 429", "deny 429"]);
    clock::advance(Duration::from_secs(180));
    assert_eq!(world.run(rules, get()).verdict(), "-");
    clock::reset();
}

#[test]
fn what_is_tracked_is_read_by_its_number() {
    let world = world();
    let tracked = world.run("http-request track-sc1 src\nhttp-request track-sc1 src,ipmask(8)", get());
    let x = &tracked.exchange;
    let read = |exprs: &[&str]| values(&world, x, exprs);
    assert_eq!(
        read(&["sc1_key", "sc_key(1)", "sc0_key", "sc_tracked(1)", "sc0_tracked"]),
        ["192.0.2.7", "192.0.2.7", "", "1", "0"]
    );
    assert_eq!(
        read(&["sc1_conn_cnt", "sc_conn_cur(1)", "sc1_trackers", "sc1_http_req_rate"]),
        ["1", "1", "1", "1"]
    );
    assert_eq!(
        read(&["sc0_conn_cnt", "sc1_sess_cnt", "sc2_inc_gpc0"]),
        ["", "", ""],
        "not tracked, not stored"
    );
    assert_eq!(
        read(&["src_conn_cnt", "src,table_conn_cnt", "src,table_trackers(web)", "src,in_table"]),
        ["1", "1", "1", "1"]
    );
    drop(tracked);
    assert_eq!(value(&world, &get(), "src_conn_cur"), "0", "it ends with the exchange");
}

#[test]
fn rules_count_and_tag() {
    let world = world();
    let rules = "http-request track-sc0 src
        http-request sc-inc-gpc(2,0)
        http-request sc-add-gpc(2,0) 40
        http-request sc-add-gpc(2,0) str(abc),length
        http-request sc-inc-gpc0(0)
        http-request sc-inc-gpc1(0)
        http-request sc-set-gpt(1,0) int(7)
        http-request sc-set-gpt0(0) 9
        http-request sc-inc-gpc(99,0)
        http-request sc-inc-gpc0(1)";
    let done = world.run(rules, get());
    let read = |exprs: &[&str]| values(&world, &done.exchange, exprs);
    assert_eq!(
        read(&["sc_get_gpc(2,0)", "sc_gpc_rate(2,0)", "src_get_gpc(2)", "src,table_gpc(2)"]),
        ["44"; 4]
    );
    assert_eq!(
        read(&["sc0_get_gpc0", "sc0_gpc1_rate", "sc_get_gpt(1,0)", "src_get_gpt0"]),
        ["1", "1", "7", "9"]
    );
    assert_eq!(
        read(&["sc0_inc_gpc0", "sc_inc_gpc(2,0)", "src_inc_gpc1", "src,table_inc_gpc0"]),
        ["2", "45", "2", "3"]
    );
    assert_eq!(
        read(&["sc0_clr_gpc0", "sc0_get_gpc0", "sc_clr_gpc(2,0)", "src,table_clr_gpc1"]),
        ["3", "0", "45", "2"]
    );
}

#[test]
fn a_look_up_makes_no_entry_and_a_change_does() {
    let world = world();
    let read = |exprs: &[&str]| values(&world, &get(), exprs);
    assert_eq!(
        read(&["src_conn_cnt", "src,table_server_id(other)", "src,in_table", "table_cnt"]),
        ["0", "0", "0", "0"]
    );
    assert_eq!(read(&["src,table_expire", "src,table_expire(web,5)", "src,table_idle"]), ["", "5", ""]);
    assert_eq!(
        read(&["req.hdr(x-key),table_inc_gpc0(other)", "src_updt_conn_cnt", "src_updt_conn_cnt(web)"]),
        ["1", "1", "2"]
    );
    assert_eq!(
        read(&["table_cnt(other)", "table_avl(other)", "table_cnt", "str(k1),in_table(other)"]),
        ["1", "99", "1", "1"]
    );
    assert_eq!(
        read(&["src,table_kbytes_in", "src,table_sess_cnt"]),
        ["0", ""],
        "what is not stored has no value"
    );
    let web = world.common.tables.get("web").expect("it is there");
    let entry = web.find(Key::Ip([192, 0, 2, 7].into())).expect("it was made");
    entry.set(Data::BytesInCnt, 5000);
    assert_eq!(read(&["src_kbytes_in"]), ["4"]);
}

#[test]
fn a_tracked_key_is_looked_up_in_another_table() {
    let world = world();
    let other = world.common.tables.get("other").expect("it is there");
    other.enter(Key::Bytes(b"k1")).expect("there is room").set(Data::Gpc0, 5);
    let world = world.with_table("third", KeyType::String(16), &[(Data::Gpc0, 1, 0)]);
    let done = world.run("http-request track-sc0 req.hdr(x-key) table third", get());
    let read = |exprs: &[&str]| values(&world, &done.exchange, exprs);
    assert_eq!(
        read(&["sc0_get_gpc0", "sc0_get_gpc0(other)", "sc_get_gpc0(0,third)", "sc_tracked(0,other)"]),
        ["0", "5", "0", "1"]
    );
    assert_eq!(done.exchange.tracked(0).map(|entry| entry.key()), Some(KeyBuf::String(b"k1".into())));
}

#[test]
fn a_key_that_has_no_value_or_another_type_tracks_nothing() {
    let world = world();
    for key in ["req.hdr(absent)", "str(no-address)"] {
        let done = world.run(&format!("http-request track-sc0 {key}"), get());
        assert!(!done.exchange.tracks(), "{key}");
    }
    let said = world.check("http-request track-sc0 bool(true)");
    assert!(said.contains("a key of the table 'web' is made of an address, and this is a boolean"), "{said}");
}

#[test]
fn connections_track_for_themselves() {
    let world = world();
    let rules = "tcp-request connection track-sc0 src\nhttp-request track-sc0 req.hdr(x-key) table other";
    let done = world.run(rules, get());
    assert!(!done.exchange.conn.trackers.is_empty() && done.exchange.trackers.is_empty());
    assert_eq!(
        value(&world, &done.exchange, "sc0_http_req_rate"),
        "0",
        "the road counts the requests of a connection"
    );
}

#[test]
fn a_response_that_is_tracked_counts_as_what_it_is() {
    let world = world();
    let response = exchange("GET /a HTTP/1.1\n\nHTTP/1.1 404 Not Found");
    let done = world.run("http-response track-sc0 src", response);
    assert_eq!(values(&world, &done.exchange, &["sc0_http_err_cnt", "sc0_http_req_rate"]), ["1", "1"]);
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    let world = world();
    for (expr, message) in [
        ("sc_conn_cnt(3)", "'3' is no counter: there are 3 ('tune.stick-counters'), from 0"),
        ("sc_conn_cnt(x)", "'x' is no counter"),
        ("sc_conn_cnt(0,nope)", "there is no table 'nope'"),
        ("sc0_conn_cnt(nope)", "there is no table 'nope'"),
        ("sc_get_gpc(100,0)", "'100' is no index from 0 to 99"),
        ("src_get_gpt(x)", "'x' is no index from 0 to 99"),
        ("src_conn_cnt(nope)", "there is no table 'nope'"),
        ("table_cnt(nope)", "there is no table 'nope'"),
        ("src,in_table(nope)", "there is no table 'nope'"),
        ("src,table_gpc(0,nope)", "there is no table 'nope'"),
        ("src,table_expire(web,x)", "'x' is no integer"),
    ] {
        let said = world.check(&format!("http-request set-header a %[{expr}]"));
        assert!(said.contains(message), "{expr}\n{said}");
    }
}
