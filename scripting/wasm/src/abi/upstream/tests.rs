//! Higress's two functions, as its plugins call them.

use portero_api::{Direction, Exchange, Oper, Pass, Reply, WantedServer};
use portero_conformance::rig::{Farm, Way, exchange};

use crate::pairs;
use crate::testing::{Running, data, module};

const IMPORTS: &str = r#"
  (import "env" "proxy_get_upstream_hosts" (func $hosts (param i32 i32) (result i32)))
  (import "env" "proxy_set_upstream_override_host" (func $override (param i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#;

/// Answers with the status 200, and that of the function behind it; and with what that has given as the body.
fn asking(call: &str, host: &[u8]) -> Running {
    let text = format!(
        r#"{}
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (local $status i32)
          (local.set $status {call})
          (drop (call $reply (i32.add (i32.const 200) (local.get $status)) (i32.const 0) (i32.const 0)
            (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const 0) (i32.const -1)))
          (i32.const 1))"#,
        data(100, host)
    );
    Running::new(&module(IMPORTS, &text), |_| ())
}

fn answered(running: &Running, exchange: &mut Exchange) -> (u16, Vec<u8>) {
    let mut attached = running.attach(exchange).expect("it looks");
    let ended = Way::new(&mut *attached, Direction::Request).whole(exchange, b"", 1);
    attached.end(exchange);
    let Err(Pass::Reply(Reply::Message(message))) = ended else { panic!("{ended:?}") };
    (message.status, message.body.to_vec())
}

#[test]
fn hosts_are_the_servers_of_the_backend_with_weight_and_health() {
    let running = asking("(call $hosts (i32.const 0) (i32.const 4))", b"");
    let mut exchange = exchange("/");
    assert_eq!(answered(&running, &mut exchange).0, 201, "there is no backend yet");
    let farm = Farm::new(&[1, 3]);
    farm.servers[1].set_oper(Oper::Down);
    exchange.backend = Some(farm.backend.clone());
    let (status, body) = answered(&running, &mut exchange);
    let hosts: Vec<_> = pairs::read(&body)
        .expect("they are pairs")
        .into_iter()
        .map(|(host, about)| (String::from_utf8_lossy(host), String::from_utf8_lossy(about)))
        .collect();
    let about = |server: usize, weight: u32, health: &str| {
        let about = format!(r#"{{"weight":{weight},"health_status":"{health}"}}"#);
        (farm.servers[server].address().to_string().into(), about.into())
    };
    assert_eq!((status, hosts), (200, vec![about(0, 1, "Healthy"), about(1, 3, "Unhealthy")]));
}

#[test]
fn a_host_is_where_the_request_goes_first_when_the_backend_has_it() {
    let farm = Farm::new(&[1, 1]);
    let host = farm.servers[1].address().to_string();
    for (host, status) in [(host.as_str(), 200), ("10.9.8.7:6", 201)] {
        let call = format!("(call $override (i32.const 100) (i32.const {}))", host.len());
        let mut exchange = exchange("/");
        exchange.backend = Some(farm.backend.clone());
        assert_eq!(answered(&asking(&call, host.as_bytes()), &mut exchange).0, status, "{host}");
        let wanted = exchange.tuning.as_ref().and_then(|tuning| tuning.server.clone());
        let expected = WantedServer { server: host.into(), strict: false };
        assert_eq!(wanted, (status == 200).then_some(expected));
    }
}
