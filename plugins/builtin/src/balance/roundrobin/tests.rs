use portero_conformance::rig::{Bench, Farm, exchange};
use portero_conformance::{Balancer, balance, fair, turns_are_common};

use portero_api::BadArg;

use super::*;

fn made(bench: &Bench) -> Box<dyn Balance> {
    bench.balancer(&plugin()).expect("no arguments")
}

#[test]
fn it_keeps_to_the_hook() {
    let balancer = Balancer { plugin: &plugin(), args: "", lines: &[], live: true };
    balance(&balancer);
    fair(&balancer, 4, false);
    turns_are_common(&balancer);
}

#[test]
fn the_turns_of_a_full_server_fall_to_all_others_alike() {
    let farm = Farm::new(&[1, 1, 1]);
    farm.fill(0);
    assert_eq!(farm.shares(&*made(&Bench::default()), 100, false), [0, 50, 50]);
}

#[test]
fn nobody_is_picked_when_all_are_full() {
    let farm = Farm::new(&[1, 1]);
    (0..2).for_each(|server| farm.fill(server));
    assert_eq!(farm.pick(&*made(&Bench::default()), &exchange("/"), &[]), None);
}

#[test]
fn a_weight_changed_under_way_counts_from_the_next_request() {
    let farm = Farm::new(&[1, 1]);
    let balancer = made(&Bench::default());
    farm.shares(&*balancer, 7, false);
    farm.servers[1].set_weight(3);
    assert_eq!(farm.shares(&*balancer, 400, false), [100, 300]);
}

#[test]
fn an_argument_is_refused() {
    let error = Bench::new("fast").balancer(&plugin()).err().expect("refused");
    assert_eq!(error, BadArg::at(0, "'fast': this algorithm takes no arguments"));
}
