//! `show lua`, `show wasm`: what functions of scripts and modules cost.

use std::fmt::Write;

use portero_api::MetricKind;

use super::call::{Answer, Call};

/// A line for each function of a script: its figures since the start of the process.
pub(super) fn lua(call: &mut Call<'_>) -> Result<Answer, String> {
    Ok(show(call, "function", "lua.")?.into())
}

/// A line for each module, and for each metric that modules have defined.
pub(super) fn wasm(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text = show(call, "module", "wasm.")?;
    let metrics = call.daemon.shared.common.metrics.read();
    if !metrics.is_empty() {
        text.push_str("# metric kind value count\n");
    }
    for one in metrics {
        let kind = match one.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let count = one.buckets.last().map_or("-".to_owned(), u64::to_string);
        writeln!(text, "{} {kind} {} {count}", one.name, one.value).map_err(|e| e.to_string())?;
    }
    Ok(text.into())
}

fn show(call: &mut Call<'_>, what: &str, prefix: &str) -> Result<String, String> {
    let mut text = format!("# {what} calls time_us errors stopped memory restarts\n");
    let all = call.daemon.shared.common.figures.read();
    for one in all.iter().filter(|one| one.name.starts_with(prefix)) {
        let time = one.time.as_micros();
        let line = writeln!(
            text,
            "{} {} {time} {} {} {} {}",
            one.name, one.calls, one.errors, one.stopped, one.memory, one.restarts
        );
        line.map_err(|e| e.to_string())?;
    }
    Ok(text)
}
