//! What functions of scripts and modules cost, as a table of the page.

use std::fmt::Write;
use std::time::Duration;

use portero_api::Reading;

use super::page::escape;

/// The section, where there are scripts or modules.
pub(super) fn section(figures: &[Reading], out: &mut String) {
    if figures.is_empty() {
        return;
    }
    out.push_str("<section id=\"scripts\"><h2>Scripts<span class=\"tag\">per function or module</span></h2><div class=\"scroll\">");
    out.push_str(&table(figures));
    out.push_str("</div></section>\n");
}

/// The table alone: what the page asks for again and again.
pub(super) fn table(figures: &[Reading]) -> String {
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
        section(&[], &mut out);
        assert_eq!(out, "");
        let reading = Reading {
            name: "lua.<a>".to_owned(),
            calls: 4,
            time: Duration::from_micros(10),
            errors: 1,
            memory: 4096,
            ..Reading::default()
        };
        section(&[reading], &mut out);
        assert!(
            out.contains("lua.&lt;a&gt;") && out.contains("<td>2.5µs</td>") && out.contains("<td>4 kB</td>"),
            "{out}"
        );
    }
}
