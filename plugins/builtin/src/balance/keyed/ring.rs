//! The ring of consistent hashing: many points for each server, a key goes to the nearest.

use portero_api::Candidates;

use super::function::avalanche;

/// Points for each unit of weight.
const POINTS: u32 = 16;

/// How far the points of servers with neighbouring ids are apart before they are mixed: the points that a server
/// with the greatest weight (256) has.
const RANGE: u32 = 256 * POINTS;

/// The points of one version of the servers, sorted: (place on the ring, place in the list of servers).
#[derive(Debug, Default)]
pub(super) struct Ring {
    version: Option<u64>,
    points: Vec<(u32, u32)>,
}

impl Ring {
    /// The ring for these candidates by the weights of now.
    pub(super) fn refresh(&mut self, candidates: &Candidates<'_>) -> &Ring {
        if self.version != Some(candidates.version()) {
            self.version = Some(candidates.version());
            self.points.clear();
            self.points.extend(candidates.rotation().flat_map(|(index, server)| {
                let first = server.id().wrapping_mul(RANGE);
                let point = move |n| (avalanche(first.wrapping_add(n)), index as u32);
                (0..server.weight() * POINTS).map(point)
            }));
            self.points.sort_unstable();
        }
        self
    }

    /// The servers from the point nearest to a number on around the ring; a server comes as often as it has points.
    pub(super) fn from(&self, number: u32) -> impl Iterator<Item = usize> {
        let (before, after) = self.points.split_at(self.nearest(number));
        after.iter().chain(before).map(|&(_, server)| server as usize)
    }

    fn nearest(&self, number: u32) -> usize {
        let len = self.points.len();
        if len == 0 {
            return 0;
        }
        let at = self.points.partition_point(|&(point, _)| point < number);
        let (before, after) = ((at + len - 1) % len, at % len);
        let back = number.wrapping_sub(self.points[before].0);
        let ahead = self.points[after].0.wrapping_sub(number);
        if back <= ahead { before } else { after }
    }
}
