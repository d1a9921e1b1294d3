//! The class `HTTP`: the heads of the transaction of the moment.

use bstr::BString;
use mlua::{Function, Lua, LuaString, Table};
use portero_api::{Exchange, Headers, Method};

use crate::api::replace;
use crate::class::{Class, Ignored, now};
use crate::scene;
use crate::values;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "HTTP",
    summary: "the heads of request and response",
    global: false,
    fields: &[],
    functions: &[
        &[
            now!(
                "req_get_headers",
                "(self: HTTP): table<string, table<integer, string>>",
                "the request's fields by name, values from index 0",
                req_get_headers
            ),
            now!(
                "res_get_headers",
                "(self: HTTP): table<string, table<integer, string>>",
                "the response's fields by name, values from index 0",
                res_get_headers
            ),
            now!(
                "req_add_header",
                "(self: HTTP, name: string, value: string)",
                "adds a field to the request",
                req_add
            ),
            now!(
                "res_add_header",
                "(self: HTTP, name: string, value: string)",
                "adds a field to the response",
                res_add
            ),
            now!("req_del_header", "(self: HTTP, name: string)", "removes all fields of a name", req_del),
            now!("res_del_header", "(self: HTTP, name: string)", "removes all fields of a name", res_del),
            now!(
                "req_set_header",
                "(self: HTTP, name: string, value: string)",
                "replaces all fields of a name",
                req_set
            ),
            now!(
                "res_set_header",
                "(self: HTTP, name: string, value: string)",
                "replaces all fields of a name",
                res_set
            ),
            now!("req_set_method", "(self: HTTP, method: string)", "changes the method", req_set_method),
            now!(
                "req_set_path",
                "(self: HTTP, path: string)",
                "changes the path, keeps the query",
                req_set_path
            ),
            now!(
                "req_set_query",
                "(self: HTTP, query: string)",
                "changes the query, keeps the path",
                req_set_query
            ),
            now!("req_set_uri", "(self: HTTP, uri: string)", "changes the whole target", req_set_uri),
            now!(
                "res_set_status",
                "(self: HTTP, status: integer, reason?: string)",
                "changes the status of the response",
                res_set_status
            ),
        ],
        replace::HTTP,
    ],
};

/// Fields that one call of [`Fields`] takes.
const AT_ONCE: usize = 7;

/// A function that puts fields into a table, by name and value in turn. It is in Lua, where that costs a third.
struct Fields(Function);

/// Makes ready what the class needs.
pub(crate) fn finish(lua: &Lua) -> mlua::Result<()> {
    let fields = 1..=AT_ONCE;
    let takes: String = fields.clone().map(|n| format!(", n{n}, v{n}")).collect();
    let puts = fields.map(|n| {
        format!(
            "if not n{n} then return end
            values = all[n{n}]
            if values then values[#values + 1] = v{n} else all[n{n}] = {{ [0] = v{n} }} end\n"
        )
    });
    let puts: String = puts.collect();
    let source = format!("return function(all{takes})\nlocal values\n{puts}end");
    lua.set_app_data(Fields(lua.load(source).set_name("=fields").eval()?));
    Ok(())
}

/// Fields as HAProxy shows them to scripts: by name in lower case, the values of a name from index 0.
pub(crate) fn headers_table(lua: &Lua, headers: &Headers) -> mlua::Result<Table> {
    let mut names = Vec::with_capacity(headers.iter().map(|(name, _)| name.len()).sum());
    headers.iter().for_each(|(name, _)| names.extend(name.iter().map(u8::to_ascii_lowercase)));
    let (mut rest, mut flat) = (&names[..], Vec::with_capacity(2 * headers.len()));
    for (name, value) in headers.iter() {
        let (name, others) = rest.split_at(name.len());
        flat.extend([values::lend(name), values::lend(value)]);
        rest = others;
    }
    let all = lua.create_table_with_capacity(0, headers.len())?;
    let fields = lua.app_data_ref::<Fields>().expect("every state of ours has it").0.clone();
    for some in flat.chunks(2 * AT_ONCE) {
        let at = |place| some.get(place).copied();
        fields.call::<()>((
            &all,
            at(0),
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            at(8),
            at(9),
            at(10),
            at(11),
            at(12),
            at(13),
        ))?;
    }
    Ok(all)
}

fn req_get_headers(lua: &Lua, _: Ignored) -> mlua::Result<Table> {
    scene::see(|exchange| headers_table(lua, &exchange.request.headers))?
}

fn res_get_headers(lua: &Lua, _: Ignored) -> mlua::Result<Table> {
    scene::see(|exchange| headers_table(lua, &exchange.response.headers))?
}

type NameValue = (Ignored, BString, BString);

/// Changes fields, within the room that the head has.
pub(crate) fn edit(
    response: bool,
    name: &[u8],
    value: &[u8],
    change: fn(&mut Headers, &[u8], &[u8]),
) -> mlua::Result<()> {
    check(name, value)?;
    scene::change(|exchange| {
        let by = name.len() + value.len() + 4;
        let (fits, headers): (fn(&Exchange, usize) -> bool, fn(&mut Exchange) -> &mut Headers) =
            match response {
                true => (Exchange::response_may_grow, |exchange| &mut exchange.response.headers),
                false => (Exchange::request_may_grow, |exchange| &mut exchange.request.headers),
            };
        match fits(exchange, by) {
            true => {
                change(headers(exchange), name, value);
                Ok(())
            }
            false => Err(mlua::Error::runtime("there is no room for the header field")),
        }
    })?
}

/// A field must not be able to begin another, or end the head (RFC 9110, 5.5).
pub(crate) fn check(name: &[u8], value: &[u8]) -> mlua::Result<()> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.iter().copied().all(token) {
        let name = String::from_utf8_lossy(name).into_owned();
        return Err(mlua::Error::runtime(format!("'{name}' is no name of a header field")));
    }
    match value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        true => Err(mlua::Error::runtime("a header field holds no line end and no NUL")),
        false => Ok(()),
    }
}

fn req_add(_: &Lua, (_, name, value): NameValue) -> mlua::Result<()> {
    edit(false, &name, &value, Headers::add)
}

fn res_add(_: &Lua, (_, name, value): NameValue) -> mlua::Result<()> {
    edit(true, &name, &value, Headers::add)
}

fn req_set(_: &Lua, (_, name, value): NameValue) -> mlua::Result<()> {
    edit(false, &name, &value, Headers::set)
}

fn res_set(_: &Lua, (_, name, value): NameValue) -> mlua::Result<()> {
    edit(true, &name, &value, Headers::set)
}

fn req_del(_: &Lua, (_, name): (Ignored, BString)) -> mlua::Result<()> {
    scene::change(|exchange| exchange.request.headers.remove(&name)).map(drop)
}

fn res_del(_: &Lua, (_, name): (Ignored, BString)) -> mlua::Result<()> {
    scene::change(|exchange| exchange.response.headers.remove(&name)).map(drop)
}

/// What stands in the request line has no blanks and no control characters.
fn word(text: &LuaString) -> mlua::Result<Vec<u8>> {
    let bytes = text.as_bytes().to_vec();
    match bytes.iter().any(|b| *b <= b' ' || *b == 0x7f) {
        true => Err(mlua::Error::runtime("a request line has no blanks and control characters in it")),
        false => Ok(bytes),
    }
}

pub(crate) fn req_set_method(_: &Lua, (_, method): (Ignored, LuaString)) -> mlua::Result<()> {
    check(&method.as_bytes(), b"")?;
    scene::change(|exchange| exchange.request.method = Method::from_bytes(&method.as_bytes()))
}

pub(crate) fn req_set_path(_: &Lua, (_, path): (Ignored, LuaString)) -> mlua::Result<()> {
    let path = word(&path)?;
    scene::change(|exchange| exchange.request.set_path(&path))
}

pub(crate) fn req_set_query(_: &Lua, (_, query): (Ignored, LuaString)) -> mlua::Result<()> {
    let query = word(&query)?;
    scene::change(|exchange| exchange.request.set_query(query.strip_prefix(b"?").unwrap_or(&query)))
}

pub(crate) fn req_set_uri(_: &Lua, (_, uri): (Ignored, LuaString)) -> mlua::Result<()> {
    let uri = word(&uri)?;
    scene::change(|exchange| exchange.request.target = uri)
}

pub(crate) fn res_set_status(
    _: &Lua,
    (_, status, reason): (Ignored, u16, Option<LuaString>),
) -> mlua::Result<()> {
    if !(100..=999).contains(&status) {
        return Err(mlua::Error::runtime(format!("{status} is no status code")));
    }
    scene::change(|exchange| {
        exchange.response.status = status;
        exchange.response.reason.clear();
        if let Some(reason) = reason {
            exchange.response.reason.extend_from_slice(&reason.as_bytes());
        }
    })
}
