//! The order in which servers take turns, laid out once for each version of the servers and then only indexed.

use portero_api::Candidates;

/// The most turns of a schedule. Shares are exact up to here; beyond it weights are scaled down to fit, so that a
/// share is off by at most one turn in this many. A backend with more servers than that has one turn for each.
pub const MOST_TURNS: usize = 4096;

/// One round of turns, valid for one version of the backend's servers.
#[derive(Debug)]
pub struct Schedule {
    order: Order,
    version: Option<u64>,
    turns: Vec<u32>,
}

/// How turns are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By the weights of now, as evenly as it goes: the server that is owed most has the next turn.
    Smooth,
    /// By the weights of the configuration, as in the maps of HAProxy, whose placement of keys depends on it:
    /// the first of those that are owed most whole turns has the next one.
    Map,
}

impl Schedule {
    /// A schedule that is still to be laid out.
    pub fn new(order: Order) -> Schedule {
        Schedule { order, version: None, turns: Vec::new() }
    }

    /// The turns for these candidates, as places in their list; laid out anew when their version moved.
    pub fn refresh(&mut self, candidates: &Candidates<'_>) -> &[u32] {
        if self.version != Some(candidates.version()) {
            self.version = Some(candidates.version());
            let weights = candidates.rotation().map(|(i, s)| match self.order {
                Order::Smooth => (i as u32, s.weight()),
                Order::Map => (i as u32, s.initial_weight()),
            });
            lay_out(self.order, weights.collect(), &mut self.turns);
        }
        &self.turns
    }
}

/// Writes one round: each server as often as its weight says, the first of equals first.
fn lay_out(order: Order, mut weights: Vec<(u32, u32)>, turns: &mut Vec<u32>) {
    turns.clear();
    weights.retain(|&(_, weight)| weight > 0);
    let total = shrink(&mut weights);
    if total == weights.len() {
        turns.extend(weights.iter().map(|&(server, _)| server));
        return;
    }
    let total_score = total as i64;
    let owed = |score: i64| match order {
        Order::Smooth => score,
        Order::Map => score.div_euclid(total_score),
    };
    let mut scores = vec![0i64; weights.len()];
    for _ in 0..total {
        let mut best = 0;
        for (i, &(_, weight)) in weights.iter().enumerate() {
            scores[i] += i64::from(weight);
            if owed(scores[i]) > owed(scores[best]) {
                best = i;
            }
        }
        scores[best] -= total_score;
        turns.push(weights[best].0);
    }
}

/// Divides the weights by what they have in common, then scales them to at most [`MOST_TURNS`]; gives their sum.
fn shrink(weights: &mut [(u32, u32)]) -> usize {
    let sum = |weights: &[(u32, u32)]| weights.iter().map(|&(_, w)| w as usize).sum::<usize>();
    let common = weights.iter().fold(0, |a, &(_, w)| gcd(a, w)).max(1);
    weights.iter_mut().for_each(|(_, w)| *w /= common);
    let total = sum(weights);
    if total > MOST_TURNS {
        weights.iter_mut().for_each(|(_, w)| *w = (*w as usize * MOST_TURNS / total).max(1) as u32);
    }
    sum(weights)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(order: Order, weights: &[u32]) -> Vec<u32> {
        let mut turns = Vec::new();
        lay_out(order, weights.iter().enumerate().map(|(i, &w)| (i as u32, w)).collect(), &mut turns);
        turns
    }

    #[test]
    fn turns_of_unequal_servers_are_spread() {
        assert_eq!(round(Order::Smooth, &[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn maps_are_those_of_haproxy() {
        for (weights, map) in [
            (&[5, 1, 1][..], &[0, 0, 0, 1, 0, 0, 2][..]),
            (&[10, 20, 30], &[0, 2, 1, 2, 1, 2]),
            (&[1, 2, 7], &[0, 2, 2, 1, 2, 2, 1, 2, 2, 2]),
            (&[3, 3, 2], &[0, 1, 0, 2, 1, 0, 1, 2]),
        ] {
            assert_eq!(round(Order::Map, weights), map, "{weights:?}");
        }
    }

    #[test]
    fn equal_weights_take_one_turn_each_in_order() {
        assert_eq!(round(Order::Smooth, &[100, 100, 100]), [0, 1, 2]);
    }

    #[test]
    fn a_weight_of_zero_gets_no_turn() {
        assert_eq!(round(Order::Smooth, &[0, 2, 0, 2]), [1, 3]);
        assert!(round(Order::Map, &[0, 0]).is_empty());
    }

    #[test]
    fn long_rounds_are_cut_and_keep_the_shares() {
        let weights: Vec<u32> = (0..100).map(|i| if i == 0 { 255 } else { 256 - i % 2 }).collect();
        let turns = round(Order::Smooth, &weights);
        assert!(turns.len() <= MOST_TURNS);
        let count = |server| turns.iter().filter(|&&t| t == server).count();
        assert!((40..=41).contains(&count(0)) && (40..=41).contains(&count(99)));
    }

    #[test]
    fn more_servers_than_turns_have_one_each() {
        let weights: Vec<u32> = (0..5000).map(|i| 1 + i % 2).collect();
        assert_eq!(round(Order::Smooth, &weights).len(), 5000);
    }
}
