//! Statistics as CSV and as JSON, in the shapes of HAProxy's `show stat` and `show stat json`.

use std::fmt::Write;
use std::sync::Arc;

use portero_api::ProxyState;

use super::rows::{FIELDS, Stat, View, each_row};

/// A header line that begins with a sharp, then a line for each row; each line ends with a comma.
pub fn csv(proxies: &[Arc<ProxyState>], view: &View) -> String {
    let mut out = String::from("# ");
    FIELDS.iter().for_each(|field| out.extend([field.name, ","]));
    out.push_str("-,\n");
    each_row(proxies, view, |row| {
        for value in &row.values {
            if let Some(value) = value {
                quote(&value.to_string(), &mut out);
            }
            out.push(',');
        }
        out.push_str("-,\n");
    });
    out
}

fn quote(text: &str, out: &mut String) {
    if text.contains(['"', ',', '\n', '\r']) {
        out.extend(["\"", &text.replace('"', "\"\""), "\""]);
    } else {
        out.push_str(text);
    }
}

/// A line for each value: `F.2.0.4.scur.1:MGPV:u32:0` (management manual, 9.2).
pub fn typed(proxies: &[Arc<ProxyState>], view: &View) -> String {
    let mut out = String::new();
    each_row(proxies, view, |row| {
        let (letter, proxy, id) = (row.subject.letter(), row.subject.proxy().id(), row.subject.id());
        for (at, (field, value)) in FIELDS.iter().zip(&row.values).enumerate() {
            let Some(value) = value else { continue };
            let tags: String = field.tags.iter().filter_map(|tag| tag.chars().next()).collect();
            let kind = typed_value(value).0;
            // writing into a string cannot fail
            let _ = writeln!(out, "{letter}.{proxy}.{id}.{at}.{}.1:{tags}V:{kind}:{value}", field.name);
        }
    });
    out
}

/// A list of rows; a row is a list of the fields that have a value.
pub fn json(proxies: &[Arc<ProxyState>], view: &View) -> String {
    let mut rows = Vec::new();
    each_row(proxies, view, |row| {
        let (object, proxy, id) = (row.subject.object(), row.subject.proxy().id(), row.subject.id());
        let mut fields = Vec::new();
        for (at, (field, value)) in FIELDS.iter().zip(&row.values).enumerate() {
            let Some(value) = value else { continue };
            let [origin, nature, scope] = field.tags;
            let (kind, value) = typed_value(value);
            fields.push(format!(
                "{{\"objType\":\"{object}\",\"proxyId\":{proxy},\"id\":{id},\
                 \"field\":{{\"pos\":{at},\"name\":\"{}\"}},\"processNum\":1,\
                 \"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
                 \"value\":{{\"type\":\"{kind}\",\"value\":{value}}}}}",
                field.name
            ));
        }
        rows.push(format!("[{}]", fields.join(",")));
    });
    format!("[{}]", rows.join(","))
}

fn typed_value(value: &Stat) -> (&'static str, String) {
    match value {
        Stat::U32(number) => ("u32", number.to_string()),
        Stat::U64(number) => ("u64", number.to_string()),
        Stat::Text(text) => ("str", json_string(text)),
    }
}

/// The text as JSON writes it, quotes included (RFC 8259, 7).
fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
