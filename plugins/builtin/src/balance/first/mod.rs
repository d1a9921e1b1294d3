//! `balance first`: the first server that has a place free.

use portero_api::{Balance, Candidates, Exchange, Plugin};

use super::options;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("first", "the first server by id that has a place free").balance(|setup| {
        options::no_args(setup)?;
        options::parse(setup)?;
        Ok(First)
    })
}

/// Picks the lowest id.
pub struct First;

impl Balance for First {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        candidates.usable().min_by_key(|(_, server)| server.id()).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        balance(&Balancer { plugin: &plugin(), args: "", lines: &[], live: false });
    }

    #[test]
    fn the_next_server_is_used_once_the_first_is_full() {
        let farm = Farm::new(&[1, 9, 1]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        assert_eq!(farm.picks(&*balancer, &exchange("/"), 3), [Some(0); 3]);
        farm.fill(0);
        assert_eq!(farm.pick(&*balancer, &exchange("/"), &[]), Some(1));
    }
}
