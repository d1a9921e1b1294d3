//! `show info` in its forms (management manual, section 9.3).

use std::fmt::Write;

use super::call::{Answer, Call};
use crate::control::{FACTS, Fact, Value};
use crate::shared::Shared;

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, String> {
    let (mut typed, mut json, mut desc) = (false, false, false);
    for arg in call.args {
        match arg.as_str() {
            "typed" => typed = true,
            "json" => json = true,
            "desc" => desc = true,
            // numbers are whole here in any case
            "float" => {}
            other => return Err(format!("'show info {other}' is not supported.\n")),
        }
    }
    let text = match (json, typed) {
        (true, _) => as_json(&call.daemon.shared),
        (_, true) => lines(&call.daemon.shared, desc, typed_line),
        _ => lines(&call.daemon.shared, desc, |fact, value| format!("{}: {value}", fact.name)),
    };
    Ok(text.into())
}

fn lines(shared: &Shared, desc: bool, line: impl Fn(&Fact, &Value) -> String) -> String {
    let mut text = String::new();
    for fact in FACTS {
        text.push_str(&line(fact, &(fact.value)(shared)));
        if desc {
            text.extend([":\"", fact.meaning, "\""]);
        }
        text.push('\n');
    }
    text
}

/// `15.Maxconn.1:CLPV:u32:2000`
fn typed_line(fact: &Fact, value: &Value) -> String {
    let Fact { place, name, tags, .. } = fact;
    let tags: String = tags.iter().filter_map(|tag| tag.chars().next()).collect();
    format!("{place}.{name}.1:{tags}V:{}:{value}", value.kind())
}

fn as_json(shared: &Shared) -> String {
    let mut text = "[".to_owned();
    for fact in FACTS {
        let Fact { place, name, tags: [origin, nature, scope], value, .. } = fact;
        let value = value(shared);
        let shown = match &value {
            Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            number => number.to_string(),
        };
        // writing into a string cannot fail
        let _ = write!(
            text,
            "{}{{\"field\":{{\"pos\":{place},\"name\":\"{name}\"}},\"processNum\":1,\
             \"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
             \"value\":{{\"type\":\"{}\",\"value\":{shown}}}}}",
            if text.len() > 1 { "," } else { "" },
            value.kind(),
        );
    }
    text.push_str("]\n");
    text
}
