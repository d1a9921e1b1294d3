use portero_conformance::rig::{Bench, Net};
use portero_conformance::{Check, health};

use super::*;

#[test]
fn it_keeps_to_the_hook() {
    health(&Check {
        plugin: &plugin(),
        bench: Bench::default(),
        well: vec![],
        passed: CheckStatus::L4Ok,
        listens: false,
    });
}

#[test]
fn nothing_is_said() {
    let net = Net::talk([]);
    let farm = portero_conformance::rig::Farm::new(&[1]);
    net.probe(&Tcp, &farm.servers[0]);
    assert!(net.heard().is_empty());
}
