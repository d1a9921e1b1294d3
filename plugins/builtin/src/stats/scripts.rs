//! What functions of scripts and modules cost, as a table of the page, and the metrics that modules define themselves.

use std::fmt::Write;
use std::time::Duration;

use portero_api::{MetricKind, MetricReading, Reading};

use super::page::escape;

/// The section, where there are scripts or modules.
pub(super) fn section(figures: &[Reading], metrics: &[MetricReading], out: &mut String) {
    if figures.is_empty() && metrics.is_empty() {
        return;
    }
    out.push_str("<section id=\"scripts\"><h2>Scripts<span class=\"tag\">per function or module</span></h2><div class=\"scroll\">");
    out.push_str(&tables(figures, metrics));
    out.push_str("</div></section>\n");
}

/// The tables alone: what the page asks for again and again.
pub(super) fn tables(figures: &[Reading], metrics: &[MetricReading]) -> String {
    let mut out = table(figures);
    if !metrics.is_empty() {
        out.push_str("<table><thead><tr><th>Metric</th><th>Kind</th><th>Value</th></tr></thead><tbody>\n");
        metrics.iter().for_each(|one| metric(one, &mut out));
        out.push_str("</tbody></table>");
    }
    out
}

fn metric(one: &MetricReading, out: &mut String) {
    let (kind, value) = match one.kind {
        MetricKind::Counter => ("counter", one.value.to_string()),
        MetricKind::Gauge => ("gauge", one.value.to_string()),
        MetricKind::Histogram => {
            let count = one.buckets.last().copied().unwrap_or_default();
            ("histogram", format!("{count} values, {} in all", one.value))
        }
    };
    let name = escape(&one.name);
    put(out, format_args!("<tr><th scope=\"row\">{name}</th><td>{kind}</td><td>{value}</td></tr>\n"));
}

fn table(figures: &[Reading]) -> String {
    let mut out = String::from("<table><thead><tr><th>Function</th>");
    for heading in ["Calls", "Time", "Per call", "Errors", "Stopped", "Restarts", "Memory"] {
        put(&mut out, format_args!("<th>{heading}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    for one in figures {
        let state = if one.errors > 0 { "bad" } else { "good" };
        put(
            &mut out,
            format_args!("<tr data-state=\"{state}\"><th scope=\"row\">{}</th>", escape(&one.name)),
        );
        let each =
            one.time.checked_div(u32::try_from(one.calls.max(1)).unwrap_or(u32::MAX)).unwrap_or_default();
        let memory = if one.memory == 0 { "-".to_owned() } else { format!("{} kB", one.memory / 1024) };
        for value in [
            one.calls.to_string(),
            time(one.time),
            time(each),
            one.errors.to_string(),
            one.stopped.to_string(),
            one.restarts.to_string(),
            memory,
        ] {
            put(&mut out, format_args!("<td>{value}</td>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>");
    out
}

fn time(time: Duration) -> String {
    format!("{time:.1?}")
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a text takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_a_row_and_no_function_no_section() {
        let mut out = String::new();
        section(&[], &[], &mut out);
        assert_eq!(out, "");
        let reading = Reading {
            name: "lua.<a>".to_owned(),
            calls: 4,
            time: Duration::from_micros(10),
            errors: 1,
            memory: 4096,
            ..Reading::default()
        };
        section(&[reading], &[], &mut out);
        assert!(
            out.contains("lua.&lt;a&gt;") && out.contains("<td>2.5µs</td>") && out.contains("<td>4 kB</td>"),
            "{out}"
        );
    }

    #[test]
    fn a_metric_has_a_row_with_its_value() {
        let of = |kind, buckets| MetricReading { name: "a<b".to_owned(), kind, value: 7, buckets };
        let all = [of(MetricKind::Gauge, vec![]), of(MetricKind::Histogram, vec![1, 2])];
        let mut out = String::new();
        section(&[], &all, &mut out);
        let rows = [
            "<th scope=\"row\">a&lt;b</th><td>gauge</td><td>7</td>",
            "<td>histogram</td><td>2 values, 7 in all</td>",
        ];
        assert!(rows.iter().all(|row| out.contains(row)), "{out}");
    }
}
