//! Requests and responses on both sides of the proxy, as diffs.

use portero_api::{Headers, Request, Response};

use super::paint::{Paint, Tone};
use crate::offline::Heard;

/// The request as the server gets it, beside what the client sent.
pub fn sent(before: Option<&Heard<Request>>, after: &Heard<Request>, paint: Paint) -> String {
    let line = |request: &Request| {
        let (method, target) = (request.method.as_bytes(), &request.target[..]);
        format!("{} {} HTTP/{}", lossy(method), lossy(target), request.version.digits())
    };
    let old = before.map(|before| line(&before.head));
    let mut out = changed_line(old.as_deref(), &line(&after.head), paint);
    let none = Headers::default();
    out.push_str(&fields(before.map_or(&none, |before| &before.head.headers), &after.head.headers, paint));
    if before.is_some_and(|before| before.body != after.body) {
        out.push_str("      (the body is another)\n");
    }
    out
}

/// The response as the client gets it, beside what the server sent, if one did.
pub fn reply(before: Option<&Heard<Response>>, after: &Heard<Response>, paint: Paint) -> String {
    let line = |response: &Response| format!("{} {}", response.status, lossy(&response.reason));
    let old = before.map_or_else(|| line(&after.head), |before| line(&before.head));
    let mut out = changed_line(Some(&old), &line(&after.head), paint);
    out.push_str(&fields(
        before.map_or(&after.head.headers, |before| &before.head.headers),
        &after.head.headers,
        paint,
    ));
    if before.is_none_or(|before| before.body != after.body) && !after.body.is_empty() {
        out.push('\n');
        out.push_str(&body(&after.body));
    }
    out
}

fn changed_line(before: Option<&str>, after: &str, paint: Paint) -> String {
    match before {
        Some(before) if before != after => format!(
            "    {}\n    {}\n",
            paint.of(Tone::No, &format!("- {before}")),
            paint.of(Tone::Yes, &format!("+ {after}"))
        ),
        _ => format!("      {after}\n"),
    }
}

/// The fields of both, those that are in one only marked. What only the proxy's own form changes is passed over.
fn fields(before: &Headers, after: &Headers, paint: Paint) -> String {
    let lines = |headers: &Headers| -> Vec<(String, String)> {
        let line = |(name, value): (&[u8], &[u8])| {
            (lossy(name).to_ascii_lowercase(), format!("{}: {}", lossy(name), lossy(value)))
        };
        headers.iter().map(line).collect()
    };
    let same = |a: &(String, String), b: &(String, String)| {
        a.0 == b.0 && a.1.split_once(':').map(|x| x.1) == b.1.split_once(':').map(|x| x.1)
    };
    let (old, mut new) = (lines(before), lines(after));
    let mut out = String::new();
    for line in &old {
        match new.iter().position(|other| same(line, other)) {
            Some(at) => {
                out.push_str(&format!("      {}\n", line.1));
                new.remove(at);
            }
            None => out.push_str(&format!("    {}\n", paint.of(Tone::No, &format!("- {}", line.1)))),
        }
    }
    for (_, line) in new {
        out.push_str(&format!("    {}\n", paint.of(Tone::Yes, &format!("+ {line}"))));
    }
    out
}

/// The beginning of a body.
fn body(bytes: &[u8]) -> String {
    const LINES: usize = 12;
    let text = lossy(&bytes[..bytes.len().min(2_048)]);
    let mut out: String =
        text.lines().take(LINES).map(|line| format!("      {line}").trim_end().to_owned() + "\n").collect();
    if bytes.len() > 2_048 || text.lines().count() > LINES {
        out.push_str("      …\n");
    }
    out
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
