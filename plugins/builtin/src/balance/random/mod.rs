//! `balance random`: the least loaded of some servers drawn at random.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Instant;

use portero_api::{BadArg, Balance, Candidates, Exchange, Plugin, ServerState, Setup};

use super::load::{Bound, compare};
use super::options;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("random", "the least loaded of some servers drawn at random by weight").balance(Random::new)
}

/// Draws servers by weight and takes the least loaded; equals are told apart by their rate of the last second.
pub struct Random {
    draws: u32,
    factor: u32,
    state: Cell<u64>,
    /// For one version of the servers: their places, and the sums of the weights up to and with each.
    wheel: RefCell<(Option<u64>, Vec<(u64, u32)>)>,
}

impl Random {
    fn new(setup: &Setup<'_>) -> Result<Random, BadArg> {
        let draws = match setup.args {
            [] => 2,
            [draws] => match draws.parse() {
                Ok(draws) if draws > 0 => draws,
                _ => return Err(BadArg::at(0, format!("'{draws}' is no number of draws: 1 or more is"))),
            },
            [_, surplus, ..] => return Err(BadArg::at(1, format!("'{surplus}' is one word too many"))),
        };
        let factor = options::parse(setup)?.factor;
        let seed = RandomState::new().build_hasher().finish() | 1;
        Ok(Random { draws, factor, state: Cell::new(seed), wheel: RefCell::default() })
    }

    /// A number below `bound`, by xorshift: quick, and nobody has to be unable to guess it.
    fn below(&self, bound: u64) -> u64 {
        let mut x = self.state.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.state.set(x);
        ((u128::from(x) * u128::from(bound)) >> 64) as u64
    }

    fn draw(&self, wheel: &[(u64, u32)]) -> Option<usize> {
        let (total, _) = wheel.last()?;
        let number = self.below(*total);
        let at = wheel.partition_point(|&(sum, _)| sum <= number);
        Some(wheel[at].1 as usize)
    }

    /// One of those that may be picked, by weight: when draws hit none of them.
    fn among(&self, candidates: &Candidates<'_>, may: impl Fn(&ServerState) -> bool) -> Option<usize> {
        let all = || candidates.usable().filter(|(_, s)| may(s)).map(|(i, s)| (i, u64::from(s.weight())));
        let mut number = self.below(all().map(|(_, weight)| weight).sum());
        for (index, weight) in all() {
            if number < weight {
                return Some(index);
            }
            number -= weight;
        }
        None
    }
}

impl Balance for Random {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        let mut wheel = self.wheel.borrow_mut();
        if wheel.0 != Some(candidates.version()) {
            wheel.0 = Some(candidates.version());
            wheel.1.clear();
            let mut sum = 0;
            wheel.1.extend(candidates.rotation().map(|(index, server)| {
                sum += u64::from(server.weight());
                (sum, index as u32)
            }));
        }
        let bound = Bound::new(self.factor, candidates);
        let may = |server: &ServerState| bound.as_ref().is_none_or(|b| b.allows(server));
        let mut best: Option<usize> = None;
        for _ in 0..self.draws {
            let drawn = self.draw(&wheel.1)?;
            let server = &candidates.all()[drawn];
            if candidates.free(drawn)
                && may(server)
                && best.is_none_or(|b| better(server, &candidates.all()[b]))
            {
                best = Some(drawn);
            }
        }
        best.or_else(|| self.among(candidates, may)).or_else(|| self.among(candidates, |_| true))
    }
}

fn better(a: &ServerState, b: &ServerState) -> bool {
    compare(a, b).then_with(|| {
        let now = Instant::now();
        a.rate.per_second(now).cmp(&b.rate.per_second(now))
    }) == Ordering::Less
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm};
    use portero_conformance::{Balancer, balance, fair};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        for args in ["", "1", "4"] {
            balance(&Balancer { plugin: &plugin(), args, lines: &[], live: true });
        }
        fair(&Balancer { plugin: &plugin(), args: "1", lines: &[], live: true }, 100, false);
        fair(&Balancer { plugin: &plugin(), args: "3", lines: &[], live: true }, 20, true);
    }

    #[test]
    fn the_more_loaded_of_two_is_not_taken() {
        let farm = Farm::new(&[1, 1]);
        (0..5).for_each(|_| _ = farm.servers[0].try_enter());
        let balancer = Bench::new("40").balancer(&plugin()).expect("good arguments");
        assert_eq!(farm.shares(&*balancer, 100, false), [0, 100]);
    }

    #[test]
    fn a_server_above_its_bound_is_not_drawn() {
        let farm = Farm::new(&[1, 1]);
        (0..5).for_each(|_| _ = farm.servers[0].try_enter());
        let bench = Bench::new("1").line("hash-balance-factor 101");
        let balancer = bench.balancer(&plugin()).expect("good arguments");
        assert_eq!(farm.shares(&*balancer, 4, true), [0, 4]);
    }

    #[test]
    fn bad_draws_are_refused() {
        for (args, at) in [("0", 0), ("x", 0), ("2 3", 1)] {
            let error = Bench::new(args).balancer(&plugin()).err().expect(args);
            assert_eq!(error.arg, Some(at), "{args}");
        }
    }
}
