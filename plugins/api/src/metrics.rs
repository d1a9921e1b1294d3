//! Metrics that scripts define themselves: counters, gauges and histograms, for statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// All metrics by name and kind. They live on over a reload.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<BTreeMap<(String, MetricKind), Arc<Metric>>>);

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is set, grows and shrinks.
    Gauge,
    /// It counts values by their size.
    Histogram,
}

/// A metric, on all threads.
#[derive(Debug)]
pub struct Metric {
    kind: MetricKind,
    /// The value; of a histogram the sum of all values.
    value: AtomicU64,
    /// How many values of a histogram are at most as large as each bound, those of lower bounds not counted, and how many
    /// are larger than all of them.
    buckets: Box<[AtomicU64]>,
}

/// A metric as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricReading {
    /// Its name, as it was defined.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// Its value; of a histogram the sum of all values.
    pub value: u64,
    /// Of a histogram: for each of [`BOUNDS`] how many values are at most as large, and then how many there are.
    pub buckets: Vec<u64>,
}

/// The bounds by which histograms count: those of Envoy.
pub const BOUNDS: [f64; 19] = [
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1_000.0,
    2_500.0,
    5_000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

/// Metrics of the process, at most.
const MOST: usize = 10_000;

/// Bytes of a name, at most.
const LONGEST: usize = 1_024;

impl Metrics {
    /// The metric of that name and kind; made when it is first asked for. None when there are too many, or the name is
    /// too long.
    pub fn of(&self, name: &str, kind: MetricKind) -> Option<Arc<Metric>> {
        let mut all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(metric) = all.get(&(name.to_owned(), kind)) {
            return Some(metric.clone());
        }
        if all.len() >= MOST || name.len() > LONGEST {
            return None;
        }
        let metric = Arc::new(Metric::new(kind));
        all.insert((name.to_owned(), kind), metric.clone());
        Some(metric)
    }

    /// All of them, in the order of their names.
    pub fn read(&self) -> Vec<MetricReading> {
        let all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        all.iter().map(|((name, _), metric)| metric.read(name)).collect()
    }
}

impl Metric {
    fn new(kind: MetricKind) -> Metric {
        let buckets = if kind == MetricKind::Histogram { BOUNDS.len() + 1 } else { 0 };
        Metric { kind, value: AtomicU64::new(0), buckets: (0..buckets).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Adds to a counter or a gauge; takes from a gauge, down to 0. False for what cannot be done to its kind.
    pub fn add(&self, by: i64) -> bool {
        match (self.kind, by) {
            (MetricKind::Histogram, _) | (MetricKind::Counter, ..=0) => return false,
            (_, 1..) => drop(self.value.fetch_add(by.unsigned_abs(), Relaxed)),
            (_, _) => {
                let less = |value: u64| Some(value.saturating_sub(by.unsigned_abs()));
                // the change is never refused
                let _ = self.value.fetch_update(Relaxed, Relaxed, less);
            }
        }
        true
    }

    /// Adds to a counter, sets a gauge, counts a value of a histogram. It is always possible.
    pub fn record(&self, value: u64) {
        match self.kind {
            MetricKind::Gauge => self.value.store(value, Relaxed),
            MetricKind::Counter => drop(self.value.fetch_add(value, Relaxed)),
            MetricKind::Histogram => {
                let place = BOUNDS.partition_point(|&bound| bound < value as f64);
                self.buckets[place].fetch_add(1, Relaxed);
                self.value.fetch_add(value, Relaxed);
            }
        }
    }

    /// The value; none of a histogram.
    pub fn value(&self) -> Option<u64> {
        (self.kind != MetricKind::Histogram).then(|| self.value.load(Relaxed))
    }

    fn read(&self, name: &str) -> MetricReading {
        let mut sum = 0;
        let mut grow = |bucket: &AtomicU64| {
            sum += bucket.load(Relaxed);
            sum
        };
        let buckets = self.buckets.iter().map(&mut grow).collect();
        MetricReading { name: name.to_owned(), kind: self.kind, value: self.value.load(Relaxed), buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_metric_of_each_kind() {
        let metrics = Metrics::default();
        let of = |kind| metrics.of("a", kind).expect("there is room");
        assert!(of(MetricKind::Counter).add(2) && of(MetricKind::Counter).add(3));
        assert!(!of(MetricKind::Counter).add(0) && !of(MetricKind::Counter).add(-1));
        of(MetricKind::Gauge).record(7);
        assert!(of(MetricKind::Gauge).add(-9) && of(MetricKind::Gauge).add(1));
        let values: Vec<_> = metrics.read().into_iter().map(|one| (one.kind, one.value)).collect();
        assert_eq!(values, [(MetricKind::Counter, 5), (MetricKind::Gauge, 1)]);
        assert!(metrics.of(&"x".repeat(LONGEST + 1), MetricKind::Gauge).is_none());
    }

    #[test]
    fn a_histogram_counts_what_is_at_most_as_large_as_each_bound() {
        let metrics = Metrics::default();
        let sizes = metrics.of("sizes", MetricKind::Histogram).expect("there is room");
        [0, 5, 6, 9_999_999].into_iter().for_each(|value| sizes.record(value));
        assert!(!sizes.add(1) && sizes.value().is_none());
        let [one] = &metrics.read()[..] else { panic!("{:?}", metrics.read()) };
        assert_eq!(
            (one.value, &one.buckets[..4], one.buckets.last()),
            (10_000_010, &[1, 1, 2, 3][..], Some(&4))
        );
    }

    #[test]
    fn there_are_so_many_metrics_and_no_more() {
        let metrics = Metrics::default();
        assert!((0..MOST).all(|n| metrics.of(&n.to_string(), MetricKind::Gauge).is_some()));
        assert!(metrics.of("one more", MetricKind::Gauge).is_none());
        assert!(metrics.of("0", MetricKind::Gauge).is_some());
    }
}
