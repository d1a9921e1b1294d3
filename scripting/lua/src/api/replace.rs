//! `HTTP:req_rep_header` and its kin: header fields by regular expression.

use ::regex::bytes::{Captures, Regex};
use mlua::{Lua, LuaString, Value};
use portero_api::{Exchange, Headers, trim};

use crate::api::{http, regex};
use crate::class::{Method, now};
use crate::scene;

/// The rows of the class `HTTP`.
pub(crate) const HTTP: &[Method] = &[
    now!(
        "req_rep_header",
        "(self: HTTP, name: string, regex: string, replace: string)",
        "replaces the request's fields of a name that match; `\\1` is what the first group matched",
        req_header
    ),
    now!(
        "res_rep_header",
        "(self: HTTP, name: string, regex: string, replace: string)",
        "replaces the response's fields of a name that match",
        res_header
    ),
    now!(
        "req_rep_value",
        "(self: HTTP, name: string, regex: string, replace: string)",
        "replaces the comma-separated values of the request's fields that match",
        req_value
    ),
    now!(
        "res_rep_value",
        "(self: HTTP, name: string, regex: string, replace: string)",
        "replaces the comma-separated values of the response's fields that match",
        res_value
    ),
];

/// What the functions are given: their object, name, expression, replacement.
pub(crate) type Args = (Value, LuaString, LuaString, LuaString);

fn req_header(_: &Lua, args: Args) -> mlua::Result<()> {
    lines(args, false)
}

fn res_header(_: &Lua, args: Args) -> mlua::Result<()> {
    lines(args, true)
}

fn req_value(_: &Lua, args: Args) -> mlua::Result<()> {
    values(args, false)
}

fn res_value(_: &Lua, args: Args) -> mlua::Result<()> {
    values(args, true)
}

/// Replaces whole fields.
pub(crate) fn lines(args: Args, response: bool) -> mlua::Result<()> {
    replace(args, response, line)
}

/// Replaces each of the values with commas between them.
pub(crate) fn values(args: Args, response: bool) -> mlua::Result<()> {
    replace(args, response, each_value)
}

/// What takes the place of a field's value; none where nothing matches.
type Change = fn(&Regex, &[u8], &[u8]) -> Option<Vec<u8>>;

fn replace((_, name, expression, template): Args, response: bool, change: Change) -> mlua::Result<()> {
    let regex = regex::compile(&expression.to_string_lossy(), true).map_err(mlua::Error::runtime)?;
    let (name, template) = (name.as_bytes(), template.as_bytes());
    http::check(&name, b"")?;
    scene::change(|exchange| {
        for index in 0..headers(exchange, response).len() {
            let Some((its, value)) = headers(exchange, response).at(index) else { break };
            let Some(new) =
                its.eq_ignore_ascii_case(&name).then(|| change(&regex, &template, value)).flatten()
            else {
                continue;
            };
            http::check(&name, &new)?;
            let longer = new.len().saturating_sub(value.len());
            let fits = match response {
                true => exchange.response_may_grow(longer),
                false => exchange.request_may_grow(longer),
            };
            if !fits {
                return Err(mlua::Error::runtime("there is no room for the header field"));
            }
            headers(exchange, response).set_at(index, &new);
        }
        Ok(())
    })?
}

fn headers(exchange: &mut Exchange, response: bool) -> &mut Headers {
    if response { &mut exchange.response.headers } else { &mut exchange.request.headers }
}

fn line(regex: &Regex, template: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut new = Vec::new();
    expand(template, &regex.captures(value)?, &mut new);
    Some(new)
}

/// Each value between commas that stand in no quotes, with the blanks around it.
fn each_value(regex: &Regex, template: &[u8], line: &[u8]) -> Option<Vec<u8>> {
    let (mut quoted, mut escaped, mut changed) = (false, false, false);
    let pieces = line.split(move |&b| {
        let comma = b == b',' && !quoted;
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        comma
    });
    let mut new = Vec::with_capacity(line.len());
    for (index, piece) in pieces.enumerate() {
        if index > 0 {
            new.push(b',');
        }
        match regex.captures(trim(piece)) {
            Some(groups) if !trim(piece).is_empty() => {
                expand(template, &groups, &mut new);
                changed = true;
            }
            _ => new.extend_from_slice(piece),
        }
    }
    changed.then_some(new)
}

/// Appends a template: `\0` to `\9` are groups, any other character behind a backslash stands for itself.
fn expand(template: &[u8], groups: &Captures<'_>, into: &mut Vec<u8>) {
    let mut bytes = template.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, if byte == b'\\' { bytes.next() } else { None }) {
            (b'\\', Some(digit @ b'0'..=b'9')) => {
                let group = groups.get(usize::from(digit - b'0'));
                into.extend_from_slice(group.map_or(&b""[..], |group| group.as_bytes()));
            }
            (b'\\', Some(other)) => into.push(other),
            (byte, _) => into.push(byte),
        }
    }
}
