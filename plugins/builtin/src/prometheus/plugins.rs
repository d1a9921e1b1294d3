//! What functions of scripts and modules cost, as metrics: `portero_plugin_...`.

use portero_api::Reading;

use super::page::{Page, label};

/// A metric of plugins.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&Reading) -> String,
}

#[rustfmt::skip]
const METRICS: &[Metric] = &[
    Metric { name: "portero_plugin_calls_total", kind: "counter", help: "Calls that have ended", value: |one| one.calls.to_string() },
    Metric { name: "portero_plugin_seconds_total", kind: "counter", help: "Time that they ran", value: |one| format!("{:.6}", one.time.as_secs_f64()) },
    Metric { name: "portero_plugin_errors_total", kind: "counter", help: "Calls that failed", value: |one| one.errors.to_string() },
    Metric { name: "portero_plugin_stopped_total", kind: "counter", help: "Calls that used up their time or memory", value: |one| one.stopped.to_string() },
    Metric { name: "portero_plugin_restarts_total", kind: "counter", help: "States or instances made in the place of failed ones", value: |one| one.restarts.to_string() },
    Metric { name: "portero_plugin_memory_bytes", kind: "gauge", help: "Memory of a state or an instance", value: |one| one.memory.to_string() },
];

/// The metrics, where there are scripts or modules.
pub(super) fn write(page: &mut Page<'_>) {
    let all = page.common.figures.read();
    if all.is_empty() {
        return;
    }
    for metric in METRICS {
        if page.begin_full(metric.name, metric.kind, metric.help) {
            for one in &all {
                page.line(metric.name, &label("plugin", &one.name), &(metric.value)(one));
            }
        }
    }
}
