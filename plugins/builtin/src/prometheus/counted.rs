//! What WASM modules count themselves, under their own names.

use std::collections::BTreeSet;
use std::fmt::Write;

use portero_api::{BOUNDS, MetricKind, MetricReading, Metrics};

use super::query::Query;

/// Adds the metrics that are asked for.
pub(super) fn render(query: &Query, metrics: &Metrics, text: &mut String) {
    let mut taken = BTreeSet::new();
    for one in metrics.read() {
        let name = free(&plain(&one.name), &taken);
        if query.wants(&name) {
            // a text takes everything
            let _ = write(&name, &one, text);
        }
        taken.insert(name);
    }
}

fn write(name: &str, one: &MetricReading, text: &mut String) -> std::fmt::Result {
    let help = one.name.replace('\\', "\\\\").replace('\n', "\\n");
    let kind = match one.kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    };
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    let Some(count) = one.buckets.last() else { return writeln!(text, "{name} {}", one.value) };
    for (bound, bucket) in BOUNDS.iter().zip(&one.buckets) {
        writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {bucket}")?;
    }
    writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {}\n{name}_count {count}", one.value)
}

/// A name as Prometheus can have it, outside of those of the program itself.
fn plain(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let plain: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    let ours = plain.is_empty()
        || ["haproxy_", "portero_"].iter().any(|own| plain.starts_with(own))
        || plain.starts_with(|c: char| c.is_ascii_digit());
    if ours { format!("wasm_{plain}") } else { plain }
}

/// The same with a number behind it, when another metric has it: two names may differ in what Prometheus does not have.
fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(metrics: &Metrics) -> String {
        let mut text = String::new();
        render(&Query::read(b"").expect("nothing is asked for"), metrics, &mut text);
        text
    }

    #[test]
    fn each_kind_has_its_type_and_lines() {
        let metrics = Metrics::default();
        let of = |name: &str, kind| metrics.of(name, kind).expect("there is room");
        of("calls.total", MetricKind::Counter).record(3);
        of("size", MetricKind::Histogram).record(7);
        of("1st", MetricKind::Gauge).record(2);
        let page = page(&metrics);
        assert!(page.contains("# TYPE calls_total counter\ncalls_total 3\n"), "{page}");
        assert!(page.contains("# TYPE wasm_1st gauge\nwasm_1st 2\n"), "{page}");
        assert!(page.contains("# TYPE size histogram\nsize_bucket{le=\"0.5\"} 0\n"), "{page}");
        assert!(page.contains("size_bucket{le=\"10\"} 1\n"), "{page}");
        assert!(page.ends_with("size_bucket{le=\"+Inf\"} 1\nsize_sum 7\nsize_count 1\n"), "{page}");
    }

    #[test]
    fn names_that_prometheus_cannot_tell_apart_are_numbered() {
        let metrics = Metrics::default();
        for (name, kind) in
            [("a.b", MetricKind::Counter), ("a.b", MetricKind::Gauge), ("a-b", MetricKind::Gauge)]
        {
            metrics.of(name, kind).expect("there is room");
        }
        let page = page(&metrics);
        let types: Vec<_> = page.lines().filter(|line| line.starts_with("# TYPE")).collect();
        assert_eq!(types, ["# TYPE a_b gauge", "# TYPE a_b_2 counter", "# TYPE a_b_3 gauge"]);
    }
}
