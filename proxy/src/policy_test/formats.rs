//! The results of tests for other programs: JUnit XML, which every CI reads, and JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::File;
use super::report::Results;
use crate::explain::json::steps;

/// JUnit XML: a suite for each file.
pub fn junit(all: &[(File, Results)]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (file, results) in all {
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"0\" time=\"{:.6}\">",
            escaped(&file.path.to_string_lossy()),
            results.cases.len(),
            results.failed().count(),
            results.took.as_secs_f64()
        );
        for (name, verdict) in &results.cases {
            let _ = write!(
                xml,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\"",
                escaped(&file.path.to_string_lossy()),
                escaped(name),
                verdict.took.as_secs_f64()
            );
            let Some(first) = verdict.failures.first() else {
                xml.push_str("/>\n");
                continue;
            };
            let text: Vec<_> = verdict.failures.iter().map(|f| f.render(&file.sources, false)).collect();
            let _ = writeln!(
                xml,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escaped(&first.message),
                escaped(&text.join("\n\n"))
            );
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// The same as JSON.
pub fn json(all: &[(File, Results)]) -> Value {
    let files: Vec<Value> = all.iter().map(|(file, results)| json_file(file, results)).collect();
    let count = |f: fn(&Results) -> usize| all.iter().map(|(_, results)| f(results)).sum::<usize>();
    let failed = count(|results| results.failed().count());
    json!({
        "passed": count(|results| results.cases.len()) - failed,
        "failed": failed,
        "filtered_out": count(|results| results.filtered),
        "files": files,
    })
}

fn json_file(file: &File, results: &Results) -> Value {
    let tests: Vec<Value> = results
        .cases
        .iter()
        .map(|(name, verdict)| {
            let failures: Vec<Value> = verdict
                .failures
                .iter()
                .map(|failure| {
                    let line = failure.span.map(|span| file.sources.line(span));
                    json!({ "line": line, "message": failure.message, "text": failure.render(&file.sources, false) })
                })
                .collect();
            json!({
                "name": name,
                "passed": failures.is_empty(),
                "requests": verdict.requests,
                "seconds": verdict.took.as_secs_f64(),
                "failures": failures,
                "trace": steps(&verdict.trace),
            })
        })
        .collect();
    json!({ "path": file.path.to_string_lossy(), "seconds": results.took.as_secs_f64(), "tests": tests })
}

/// Text as XML may hold it; what it may not hold at all becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_any_text() {
        assert_eq!(escaped("a<b> & \"c\"\x1b\n"), "a&lt;b&gt; &amp; &quot;c&quot;?\n");
    }
}
