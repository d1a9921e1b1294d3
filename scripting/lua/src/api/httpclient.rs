//! The class `HTTPClient`: asks an HTTP server (HAProxy's Lua manual, "HTTPClient class").

use std::time::Duration;

use bytes::Bytes;
use mlua::{Lua, LuaString, MultiValue, Table, Value};
use portero_api::{HttpAsk, HttpFail, HttpTold};

use crate::api::address;
use crate::class::{Class, Method, now, object, waits};
use crate::scene;
use crate::wish::{self, Begun};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "HTTPClient",
    summary: "asks HTTP servers; a request is a table: url, headers, body, dst, timeout (ms), retries",
    global: false,
    fields: &[],
    functions: &[&[
        waits!("get", "(self: HTTPClient, request: table): table", "asks with GET", get),
        waits!("head", "(self: HTTPClient, request: table): table", "asks with HEAD", head),
        waits!("put", "(self: HTTPClient, request: table): table", "asks with PUT", put),
        waits!("post", "(self: HTTPClient, request: table): table", "asks with POST", post),
        waits!("delete", "(self: HTTPClient, request: table): table", "asks with DELETE", delete),
    ]],
};

/// What `core` has of it.
pub(crate) const CORE: &[Method] =
    &[now!("httpclient", "(): HTTPClient", "something to ask HTTP servers with", httpclient)];

/// The longest wait for each step where a request says nothing.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most further tries that a request may ask for.
const MOST_RETRIES: u32 = 50;

fn httpclient(lua: &Lua, _: MultiValue) -> mlua::Result<Table> {
    object(lua, "HTTPClient")
}

fn get(lua: &Lua, (_, request): (Value, Table)) -> mlua::Result<Begun> {
    call(lua, "GET", &request)
}

fn head(lua: &Lua, (_, request): (Value, Table)) -> mlua::Result<Begun> {
    call(lua, "HEAD", &request)
}

fn put(lua: &Lua, (_, request): (Value, Table)) -> mlua::Result<Begun> {
    call(lua, "PUT", &request)
}

fn post(lua: &Lua, (_, request): (Value, Table)) -> mlua::Result<Begun> {
    call(lua, "POST", &request)
}

fn delete(lua: &Lua, (_, request): (Value, Table)) -> mlua::Result<Begun> {
    call(lua, "DELETE", &request)
}

fn call(_: &Lua, method: &str, request: &Table) -> mlua::Result<Begun> {
    let ask = ask(method, request)?;
    wish::future(scene::host()?.call(ask), answer)
}

/// The request that a table describes.
fn ask(method: &str, request: &Table) -> mlua::Result<HttpAsk> {
    let url: Option<String> = request.get("url")?;
    let url =
        url.ok_or_else(|| mlua::Error::runtime(format!("'{}' needs a 'url'", method.to_ascii_lowercase())))?;
    let dst: Option<String> = request.get("dst")?;
    let dst = dst.map(|dst| address::parse(&dst, None)).transpose();
    let dst = dst.map_err(|why| mlua::Error::runtime(format!("dst: {why}")))?;
    let body: Option<LuaString> = request.get("body")?;
    let body = body.map_or(Bytes::new(), |body| Bytes::copy_from_slice(&body.as_bytes()));
    let timeout: Option<u64> = request.get("timeout")?;
    let timeout = timeout.filter(|&ms| ms > 0).map_or(TIMEOUT, Duration::from_millis);
    let retries: Option<u32> = request.get("retries")?;
    let retries = retries.map(|retries| retries.min(MOST_RETRIES));
    let headers = match request.get::<Option<Table>>("headers")? {
        Some(headers) => fields(&headers)?,
        None => Vec::new(),
    };
    Ok(HttpAsk { method: method.to_owned(), url, headers, body, trailers: Vec::new(), dst, timeout, retries })
}

/// Fields by name: a value, or a list of values from index 0 or 1 on.
fn fields(headers: &Table) -> mlua::Result<Vec<(Box<[u8]>, Box<[u8]>)>> {
    let mut fields = Vec::new();
    for pair in headers.pairs::<LuaString, Value>() {
        let (name, values) = pair?;
        let mut add =
            |value: &LuaString| fields.push((name.as_bytes()[..].into(), value.as_bytes()[..].into()));
        match values {
            Value::Table(values) => {
                if let Some(first) = values.raw_get::<Option<LuaString>>(0)? {
                    add(&first);
                }
                for value in values.sequence_values::<LuaString>() {
                    add(&value?);
                }
            }
            Value::String(value) => add(&value),
            other => {
                let (name, kind) = (name.to_string_lossy(), other.type_name());
                return Err(mlua::Error::runtime(format!("the values of '{name}' are strings, not {kind}")));
            }
        }
    }
    Ok(fields)
}

/// The table that a script gets: of a failure, the status 0 and the reason why.
fn answer(lua: &Lua, told: Result<HttpTold, HttpFail>) -> mlua::Result<MultiValue> {
    let table = lua.create_table()?;
    let told = match told {
        Ok(told) => told,
        Err(HttpFail::Bad(why)) => return Err(mlua::Error::runtime(format!("httpclient: {why}"))),
        Err(fail) => {
            let reason = match fail {
                HttpFail::Timeout => "timeout".to_owned(),
                HttpFail::Bad(why) | HttpFail::Connect(why) | HttpFail::Response(why) => why,
            };
            HttpTold { status: 0, reason, headers: Vec::new(), body: Bytes::new(), trailers: Vec::new() }
        }
    };
    table.raw_set("status", told.status)?;
    table.raw_set("reason", told.reason)?;
    table.raw_set("body", lua.create_string(&told.body)?)?;
    let headers = lua.create_table()?;
    for (name, value) in &told.headers {
        let name = lua.create_string(name)?;
        let values = match headers.raw_get::<Option<Table>>(&name)? {
            Some(values) => values,
            None => {
                let values = lua.create_table()?;
                headers.raw_set(&name, &values)?;
                values
            }
        };
        // the values of a name begin at index 0, as everywhere in HAProxy
        let next = if values.raw_get::<Value>(0)?.is_nil() { 0 } else { values.raw_len() + 1 };
        values.raw_set(next, lua.create_string(value)?)?;
    }
    table.raw_set("headers", headers)?;
    Ok(MultiValue::from_iter([Value::Table(table)]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use portero_api::{Address, Answer, HttpTold};
    use portero_conformance::rig::exchange;

    use crate::testing::script;

    #[test]
    fn a_request_goes_out_and_its_answer_comes_back_as_a_table() {
        let stage = script(
            r#"core.register_action("ask", { "http-req" }, function(txn)
                local told = core.httpclient():post{
                    url = "http://web.test/a", body = "ping", dst = "unix@/run/web", timeout = 250, retries = 1,
                    headers = { ["X-A"] = { "1", "2" }, ["X-B"] = "3" },
                }
                txn.http:req_set_header("x-told", table.concat({ told.status, told.reason, told.body,
                    told.headers["x-c"][0], told.headers["x-c"][1], told.headers["x-d"][0] }, "|"))
            end)"#,
        );
        let field = |name: &str, value: &str| (name.as_bytes().into(), value.as_bytes().into());
        stage.desk.told.replace(Some(HttpTold {
            status: 201,
            reason: "Made".into(),
            headers: vec![field("x-c", "4"), field("x-d", "6"), field("x-c", "5")],
            body: Bytes::from_static(b"pong"),
            trailers: Vec::new(),
        }));
        let mut exchange = exchange("/");
        assert!(matches!(stage.finish("ask", &mut exchange), Answer::Continue));
        assert_eq!(exchange.request.headers.get(b"x-told"), Some(&b"201|Made|pong|4|5|6"[..]));
        let asked = stage.desk.asked.borrow();
        let mut headers = asked[0].headers.clone();
        headers.sort();
        assert_eq!(headers, [field("X-A", "1"), field("X-A", "2"), field("X-B", "3")]);
        assert_eq!((&*asked[0].method, &asked[0].body[..]), ("POST", &b"ping"[..]));
        assert_eq!(asked[0].dst, Some(Address::Unix("/run/web".into())));
        assert_eq!((asked[0].timeout, asked[0].retries), (Duration::from_millis(250), Some(1)));
    }

    #[test]
    fn a_failure_has_the_status_0() {
        let stage = script(
            r#"core.register_action("ask", { "http-req" }, function(txn)
                local told = core.httpclient():get{ url = "http://127.0.0.1" }
                txn.http:req_set_header("x-told", told.status .. told.reason)
                core.httpclient():get{}
            end)"#,
        );
        let mut exchange = exchange("/");
        stage.finish("ask", &mut exchange);
        assert_eq!(exchange.request.headers.get(b"x-told"), Some(&b"0refused"[..]));
        assert!(stage.desk.lines()[0].1.contains("'get' needs a 'url'"), "{:?}", stage.desk.lines());
    }
}
