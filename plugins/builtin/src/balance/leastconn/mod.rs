//! `balance leastconn`: the server with the fewest sessions for its weight.

use std::cmp::Ordering;
use std::sync::Arc;

use portero_api::{Balance, Candidates, Exchange, Plugin};

use super::load::compare;
use super::options;
use super::roundrobin::Turn;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("leastconn", "the server with the fewest sessions for its weight").balance(|setup| {
        options::no_args(setup)?;
        options::parse(setup)?;
        Ok(LeastConn { turn: Turn::of(setup, "leastconn") })
    })
}

/// Picks the least loaded; equals take turns, in an order that all workers share.
pub struct LeastConn {
    turn: Arc<Turn>,
}

impl Balance for LeastConn {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        let all = candidates.all();
        let start = self.turn.peek().checked_rem(all.len())?;
        let mut best: Option<usize> = None;
        for index in (start..all.len()).chain(0..start) {
            let better = best.is_none_or(|b| compare(&all[index], &all[b]) == Ordering::Less);
            if better && candidates.free(index) {
                best = Some(index);
            }
        }
        // A lost race between workers costs no more than a turn.
        self.turn.set(best? + 1);
        best
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance, fair, turns_are_common};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        let balancer = Balancer { plugin: &plugin(), args: "", lines: &[], live: false };
        balance(&balancer);
        fair(&Balancer { live: true, ..balancer }, 4, true);
        turns_are_common(&Balancer { plugin: &plugin(), args: "", lines: &[], live: true });
    }

    #[test]
    fn sessions_and_waiting_requests_count_in_relation_to_weights() {
        let farm = Farm::new(&[1, 2, 1]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        farm.servers[0].try_enter();
        (0..3).for_each(|_| _ = farm.servers[1].try_enter());
        farm.servers[2].queue.set(2);
        assert_eq!(farm.pick(&*balancer, &exchange("/"), &[]), Some(0));
    }

    #[test]
    fn a_full_server_is_passed_over() {
        let farm = Farm::new(&[1, 1]);
        let balancer = Bench::default().balancer(&plugin()).expect("no arguments");
        farm.fill(0);
        (0..9).for_each(|_| _ = farm.servers[1].try_enter());
        assert_eq!(farm.pick(&*balancer, &exchange("/"), &[]), Some(1));
    }
}
