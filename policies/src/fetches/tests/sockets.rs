//! What the system and a PROXY header say of a socket, and what the log keeps.

use std::rc::Rc;

use portero_api::{Measured, Scope, Socket, Value, VarId};

use super::World;

/// A socket that says what it is told to say.
#[derive(Debug, Default)]
struct Told {
    measured: Option<Measured>,
    values: Option<Vec<u8>>,
}

impl Socket for Told {
    fn measure(&self) -> Option<Measured> {
        self.measured
    }

    fn first_packet(&self) -> Option<Vec<u8>> {
        Some(vec![0x45, 0])
    }

    fn siblings(&self) -> u32 {
        3
    }

    fn proxy_values(&self) -> Option<&[u8]> {
        self.values.as_deref()
    }
}

#[test]
fn a_socket_is_measured_in_the_unit_asked_for() {
    let world = World::new();
    let mut x = world.exchange();
    world.check(&x, &[("fc_rtt", "-"), ("fc_lost", "-"), ("dst_conn", "-"), ("bc_rtt", "-")]);
    let measured = Measured { rtt: 1500, rtt_variance: 999, lost: 2, reordering: 3, ..Measured::default() };
    x.sockets.client = Some(Rc::new(Told { measured: Some(measured), values: None }));
    x.sockets.server = Some(Rc::new(Told { measured: Some(measured), values: None }));
    world.check(
        &x,
        &[
            ("fc_rtt", "1"),
            ("fc_rtt(ms)", "1"),
            ("fc_rtt(us)", "1500"),
            ("fc_rttvar", "0"),
            ("fc_rttvar(us)", "999"),
            ("fc_lost", "2"),
            ("fc_reordering", "3"),
            ("fc_retrans", "0"),
            ("fc_saved_syn", "4500"),
            ("dst_conn", "3"),
            ("bc_rtt(us)", "1500"),
            ("fc_rcvd_proxy", "0"),
        ],
    );
}

#[test]
fn values_of_a_proxy_header_are_found_by_number_and_by_name() {
    let world = World::new();
    let mut x = world.exchange();
    let values = b"\x02\0\x03a.b\xea\0\x02xy\x05\0\x01u\xea\0\x01z\xee\0\x09cut".to_vec();
    x.sockets.client = Some(Rc::new(Told { measured: None, values: Some(values) }));
    world.check(
        &x,
        &[
            ("fc_rcvd_proxy", "1"),
            ("fc_pp_authority", "a.b"),
            ("fc_pp_tlv(AUTHORITY)", "a.b"),
            ("fc_pp_tlv(0x02)", "a.b"),
            ("fc_pp_tlv(2)", "a.b"),
            ("fc_pp_unique_id", "u"),
            ("fc_pp_tlv(0xEA)", "xy"),
            ("fc_pp_tlv(0xEE)", "-"),
            ("fc_pp_tlv(ALPN)", "-"),
        ],
    );
    assert_eq!(world.each(&x, "fc_pp_tlv(0xEA)"), "xy|z");
    assert_eq!(world.each(&x, "fc_pp_authority"), "a.b");
}

#[test]
fn what_the_log_keeps_of_the_server_is_told() {
    let world = World::new();
    let mut x = world.response(&[]);
    world.check(&x, &[("server_status", "-"), ("bc_reused", "0"), ("waiting_entity", "-")]);
    x.log.server_status = 503;
    x.log.reused = true;
    x.log.request_number = (1 << 32) + 7;
    x.log.waiting = Some(("a.cfg".into(), 5));
    world.check(
        &x,
        &[
            ("server_status", "503"),
            ("bc_reused", "1"),
            ("txn.id32", "7"),
            ("waiting_entity", "a.cfg:5"),
            ("term_events", "-"),
            ("quic_enabled", "0"),
            ("tgroup", "0"),
        ],
    );
}

#[test]
fn variables_are_shown_by_scope_and_prefix() {
    let world = World::new();
    let x = world.exchange();
    let set = |name: &str, value: Value| {
        let id = VarId::parse(name).expect("a name");
        x.vars_of(id.scope).expect("not of the process").set(id, value);
    };
    set("txn.s", Value::Str(b"a\"b\\\n".as_slice().into()));
    set("txn.i", Value::Int(5));
    set("txn.ip", Value::Ip([10, 0, 0, 1].into()));
    set("txn.b", Value::Bin([1, 0xff].as_slice().into()));
    set("sess.t", Value::Bool(true));
    world.check(
        &x,
        &[
            ("dump_all_vars(txn)", "txn.s=\"a\\\"b\\\\\\n\", txn.i=5, txn.ip=10.0.0.1, txn.b=01FF"),
            ("dump_all_vars(txn,i,|)", "txn.i=5|txn.ip=10.0.0.1"),
            ("dump_all_vars(sess)", "sess.t=true"),
            ("dump_all_vars(res)", ""),
        ],
    );
    assert!(x.vars_of(Scope::Proc).is_none());
    assert!(world.value(&x, "dump_all_vars").starts_with("sess.t=true, txn.s="));
}

#[test]
fn places_at_servers_count_only_where_all_have_limits() {
    let world = World::new();
    let x = world.exchange();
    let be = world.directory.proxy("be", true).expect("made above");
    world.check(&x, &[("connslots(be)", "-1")]);
    let servers = be.servers();
    servers.iter().for_each(|server| server.set_max_queue(5));
    world.check(&x, &[("connslots(be)", "-1")]);
    servers[1].set_max_sessions(2);
    // 10 + 5 without the 3 that wait, and 2 + 5
    world.check(&x, &[("connslots(be)", "19")]);
    let fe = world.directory.proxy("fe", false).expect("made above");
    world.check(&x, &[("fe_defbe", "-")]);
    fe.set_default_backend("be");
    world.check(&x, &[("fe_defbe", "be")]);
}
