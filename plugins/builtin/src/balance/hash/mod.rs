//! `balance hash EXPR`: the value of a sample expression keeps its server.

use portero_api::{BadArg, Exchange, Expression, Plugin, Setup};

use super::keyed::{Hasher, Key, Keyed};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("hash", "by the value of a sample expression")
        .balance(|setup| Keyed::new(Hash::read(setup)?, setup, "hash"))
}

struct Hash(Box<dyn Expression>);

impl Hash {
    fn read(setup: &Setup<'_>) -> Result<Hash, BadArg> {
        if setup.args.is_empty() {
            return Err(BadArg::new("'hash' needs a sample expression: 'hash req.cookie(id)'"));
        }
        let compiled = setup.compile.expression(&setup.args.join(" "));
        compiled.map(Hash).map_err(|error| BadArg { arg: Some(0), ..error })
    }
}

impl Key for Hash {
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32> {
        // What has not arrived when the server is chosen will not be waited for.
        let sample = self.0.value(exchange).ok().flatten()?;
        Some(hasher.sample(&sample))
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        balance(&Balancer { plugin: &plugin(), args: "path", lines: &[], live: false });
    }

    #[test]
    fn a_number_may_be_the_key_itself() {
        let farm = Farm::new(&[1; 5]);
        let bench = Bench::new("int(13)").line("hash-type map-based none");
        let balancer = bench.balancer(&plugin()).expect("good arguments");
        assert_eq!(farm.pick(&*balancer, &exchange("/"), &[]), Some(3));
    }

    #[test]
    fn requests_without_the_sample_take_turns() {
        let farm = Farm::new(&[1, 1]);
        let balancer = Bench::new("hdr(x-none)").balancer(&plugin()).expect("good arguments");
        assert_eq!(farm.picks(&*balancer, &exchange("/"), 3), [0, 1, 0].map(Some));
    }

    #[test]
    fn an_expression_is_needed() {
        assert!(Bench::default().balancer(&plugin()).is_err());
    }
}
