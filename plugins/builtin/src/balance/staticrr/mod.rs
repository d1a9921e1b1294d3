//! `balance static-rr`: servers in turns by the weights of the configuration.

use portero_api::Plugin;

use super::options;
use super::roundrobin::RoundRobin;
use super::schedule::Order;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("static-rr", "servers in turns by configured weight").balance(|setup| {
        options::no_args(setup)?;
        options::parse(setup)?;
        Ok(RoundRobin::new(setup, "static-rr", Order::Map))
    })
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm};
    use portero_conformance::{Balancer, balance, fair, turns_are_common};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        let balancer = Balancer { plugin: &plugin(), args: "", lines: &[], live: false };
        balance(&balancer);
        fair(&balancer, 4, false);
        turns_are_common(&balancer);
    }

    #[test]
    fn a_weight_changed_under_way_has_no_effect() {
        let farm = Farm::new(&[1, 1]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        farm.servers[1].set_weight(3);
        assert_eq!(farm.shares(&*balancer, 400, false), [200, 200]);
    }
}
