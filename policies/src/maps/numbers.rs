//! Numbers by values and ranges: the first entry that holds a number (HAProxy manual, section 7.1.2).

use std::sync::Arc;

use super::entry::{Entry, Hits, earlier};
use super::sorted::Sorted;

/// Entries by ranges of numbers, both ends included.
#[derive(Clone, Default)]
pub(super) struct Numbers {
    single: Sorted<i64>,
    /// In the order of their starts. Made anew with each change: there are never many.
    ranges: Arc<Vec<Range>>,
}

#[derive(Clone)]
struct Range {
    min: i64,
    max: i64,
    /// The greatest end of this range and all before it: beyond it there is no need to look back.
    reach: i64,
    entry: Entry,
}

impl Numbers {
    /// The earliest entry that holds a number.
    pub(super) fn find(&self, value: i64) -> Option<&Entry> {
        let single = self.single.get(value).map(Hits::first);
        let after = self.ranges.partition_point(|range| range.min <= value);
        let before = self.ranges[..after].iter().rev().take_while(|range| range.reach >= value);
        let holding = before.filter(|range| range.max >= value);
        holding.fold(single, |best, range| earlier(best, Some(&range.entry)))
    }

    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = ((i64, i64), Entry)>) {
        let mut added = Vec::new();
        for ((min, max), entry) in entries {
            match min == max {
                true => self.single.insert(min, entry),
                false => added.push(Range { min, max, reach: max, entry }),
            }
        }
        if !added.is_empty() {
            let all = Arc::make_mut(&mut self.ranges);
            all.append(&mut added);
            order(all);
        }
    }

    pub(super) fn remove(&mut self, (min, max): (i64, i64), id: u32) {
        if min == max {
            return self.single.remove(min, id);
        }
        let all = Arc::make_mut(&mut self.ranges);
        all.retain(|range| range.entry.id() != id);
        order(all);
    }
}

fn order(ranges: &mut [Range]) {
    ranges.sort_by_key(|range| range.min);
    let mut reach = i64::MIN;
    for range in ranges {
        reach = reach.max(range.max);
        range.reach = reach;
    }
}
