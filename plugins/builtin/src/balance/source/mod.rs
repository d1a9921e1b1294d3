//! `balance source`: a client address keeps its server.

use portero_api::{Exchange, Plugin};

use super::keyed::{Hasher, Key, Keyed};
use super::options;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("source", "by the client's address").balance(|setup| {
        options::no_args(setup)?;
        Keyed::new(Source, setup, "source")
    })
}

/// The client's address, as rules may have changed it.
struct Source;

impl Key for Source {
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32> {
        exchange.conn.src.map(|client| hasher.address(client.ip()))
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        for lines in [&[][..], &["hash-type consistent"]] {
            balance(&Balancer { plugin: &plugin(), args: "", lines, live: false });
        }
    }

    #[test]
    fn a_client_without_address_takes_turns() {
        let farm = Farm::new(&[1, 1]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        let mut exchange = exchange("/");
        exchange.conn.src = None;
        assert_eq!(farm.picks(&*balancer, &exchange, 3), [0, 1, 0].map(Some));
    }

    #[test]
    fn the_port_does_not_matter() {
        let farm = Farm::new(&[1; 16]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        let mut exchange = exchange("/");
        let first = farm.pick(&*balancer, &exchange, &[]);
        exchange.conn.src = Some(([127, 0, 0, 1], 1).into());
        assert_eq!(farm.pick(&*balancer, &exchange, &[]), first);
    }
}
