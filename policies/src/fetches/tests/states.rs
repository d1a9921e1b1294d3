//! Proxies, servers, times, variables.

use std::time::{Duration, Instant};

use portero_api::{Captures, Oper, Value, VarId};

use super::World;

#[test]
fn states_of_proxies_and_servers() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    world.check(&x, &[("be_name", "fe"), ("be_id", "1"), ("srv_name", "-")]);
    x.backend = world.directory.proxy("be", true);
    x.server = x.backend.as_ref().map(|b| b.servers()[1].clone());
    world.check(
        &x,
        &[
            ("fe_name", "fe"),
            ("fe_id", "1"),
            ("fe_conn(fe)", "0"),
            ("be_name", "be"),
            ("be_id", "2"),
            ("be_conn", "0"),
            ("nbsrv", "2"),
            ("nbsrv(be)", "2"),
            ("queue", "3"),
            ("avg_queue", "2"),
            ("be_conn_free", "-1"),
            ("srv_name", "s2"),
            ("srv_id", "2"),
            ("srv_conn(s1)", "0"),
            ("srv_conn_free(s1)", "7"),
            ("srv_conn_free(be/s2)", "-1"),
            ("srv_is_up(be/s1)", "1"),
            ("srv_weight(s1)", "1"),
            ("srv_queue(s1)", "3"),
            ("so_id", "1"),
            ("so_name", "sock1"),
            ("src", "127.0.0.1"),
            ("src_port", "4000"),
            ("fc_dst_port", "80"),
            ("src_is_local", "1"),
        ],
    );
    let server = world.directory.proxy("be", true).expect("made above").servers()[0].clone();
    server.set_oper(Oper::Down);
    world.check(&x, &[("srv_is_up(s1)", "0"), ("nbsrv", "1")]);
}

#[test]
fn timers_count_milliseconds_and_what_never_happened_is_minus_one() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    let start = Instant::now();
    let after = |ms| Some(start + Duration::from_millis(ms));
    x.log.timers.start = Some(start);
    x.log.timers.handshake = after(1);
    x.log.timers.first_byte = after(4);
    x.log.timers.request = after(10);
    x.log.timers.queued = after(13);
    x.log.timers.connected = after(18);
    world.check(
        &x,
        &[
            ("fc.timer.handshake", "1"),
            ("req.timer.idle", "3"),
            ("req.timer.hdr", "6"),
            ("req.timer.tq", "10"),
            ("req.timer.queue", "3"),
            ("bc.timer.connect", "5"),
            ("res.timer.hdr", "-1"),
            ("accept_date", "1700000000"),
            ("accept_date(ms)", "1700000000250"),
            ("request_date(ms)", "1700000000254"),
        ],
    );
    x.log.timers.response = after(30);
    x.log.timers.end = after(50);
    world.check(
        &x,
        &[
            ("res.timer.hdr", "12"),
            ("res.timer.data", "20"),
            ("txn.timer.total", "46"),
            ("fc.timer.total", "50"),
            ("txn.timer.user", "47"),
        ],
    );
}

#[test]
fn variables_constants_and_facts_of_the_log() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    x.vars.set(VarId::parse("txn.a").expect("a name"), Value::Int(7));
    x.log.request_captures = Captures::of_lengths([9, 9]);
    x.log.request_captures.set(1, b"cap");
    world.check(
        &x,
        &[
            ("var(txn.a)", "7"),
            ("var(txn.b)", "-"),
            ("var(txn.b,dflt)", "dflt"),
            ("var(txn.b,)", ""),
            ("always_true", "1"),
            ("bool(false)", "0"),
            ("int(-3)", "-3"),
            ("str(a)", "a"),
            ("str", ""),
            ("bin(0102fF)", "0102FF"),
            ("ipv4(1.2.3.4)", "1.2.3.4"),
            ("ipv6(::1)", "::1"),
            ("meth(foo)", "foo"),
            ("rand(1)", "0"),
            ("rand(0)", "0"),
            ("capture.req.hdr(1)", "cap"),
            ("capture.req.hdr(0)", "-"),
            ("capture.req.hdr(9)", "-"),
            ("txn.sess_term_state", "--"),
            ("last_rule_line", "-"),
        ],
    );
    x.log.last_rule = Some(("a.cfg".into(), 12));
    world.check(&x, &[("last_rule_file", "a.cfg"), ("last_rule_line", "12"), ("last_entity", "a.cfg:12")]);
}

#[test]
fn uuids_have_their_version_and_variant() {
    let world = World::new();
    let x = world.exchange();
    for (text, version) in [("uuid", '4'), ("uuid(4)", '4'), ("uuid(7)", '7')] {
        let (one, two) = (world.value(&x, text), world.value(&x, text));
        let digits: Vec<char> = one.chars().collect();
        assert_eq!((digits.len(), digits[14]), (36, version), "{one}");
        assert!(matches!(digits[19], '8' | '9' | 'a' | 'b'), "{one}");
        assert_ne!(one, two);
    }
}
