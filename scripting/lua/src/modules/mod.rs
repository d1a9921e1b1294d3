//! Modules that scripts require and that would else be C libraries: JSON, base64, digests, and LuaSocket's shapes over
//! `core.tcp`.
//!
//! `require` finds them behind the files of `package.path`, so that a script which brings its own module of such a name
//! gets that one, and before libraries in C, which are not loaded.

mod base64;
mod json;
mod openssl;
#[cfg(test)]
mod tests;

use mlua::{Function, IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value};

/// How a module is made.
enum Source {
    /// In Rust.
    Native(fn(&Lua) -> mlua::Result<Table>),
    /// In Lua.
    Text(&'static str),
    /// Not: what it would need.
    Missing(&'static str),
}

const MODULES: &[(&str, Source)] = &[
    ("json", Source::Native(json::json)),
    ("cjson", Source::Native(json::cjson)),
    ("cjson.safe", Source::Native(json::safe)),
    ("base64", Source::Native(base64::module)),
    ("mime", Source::Text(include_str!("lua/mime.lua"))),
    ("ltn12", Source::Text(include_str!("lua/ltn12.lua"))),
    ("socket", Source::Text(include_str!("lua/socket.lua"))),
    ("socket.http", Source::Text(include_str!("lua/http.lua"))),
    ("socket.url", Source::Text(include_str!("lua/url.lua"))),
    ("openssl.digest", Source::Native(openssl::digest)),
    ("openssl.hmac", Source::Native(openssl::hmac)),
    ("openssl.rand", Source::Native(openssl::rand)),
    ("openssl.pkey", Source::Native(openssl::pkey)),
    ("openssl.x509", Source::Native(openssl::x509)),
    ("openssl.x509.csr", Source::Missing(NO_REQUESTS)),
    ("openssl.x509.name", Source::Missing(NO_REQUESTS)),
    ("openssl.x509.altname", Source::Missing(NO_REQUESTS)),
    ("ssl", Source::Missing("it comes with TLS")),
    ("ssl.https", Source::Missing("it comes with TLS")),
];

const NO_REQUESTS: &str = "requests for certificates come with TLS";

/// Lets `require` find the modules, where scripts have it.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let Some(package) = lua.globals().get::<Option<Table>>("package")? else { return Ok(()) };
    let searchers: Table = package.get("searchers")?;
    // the first two look into package.preload and along package.path
    searchers.raw_insert(3, lua.create_function(search)?)
}

/// A loader for a module, or the line that `require` adds to its error.
fn search(lua: &Lua, name: LuaString) -> mlua::Result<MultiValue> {
    let found = MODULES.iter().find(|(module, _)| name == *module);
    match found {
        None => "no module of Portero's own".into_lua_multi(lua),
        Some((name, Source::Missing(why))) => {
            format!("the module '{name}' is not supported yet: {why}").into_lua_multi(lua)
        }
        Some((name, source)) => {
            let loader = lua.create_function(move |lua, _: MultiValue| load(lua, name, source))?;
            (loader, *name).into_lua_multi(lua)
        }
    }
}

fn load(lua: &Lua, name: &str, source: &Source) -> mlua::Result<Value> {
    match source {
        Source::Native(make) => make(lua).map(Value::Table),
        Source::Text(text) => {
            lua.load(*text).set_name(format!("={name}")).call((name, lua.create_function(own)?))
        }
        Source::Missing(why) => Err(mlua::Error::runtime(*why)),
    }
}

/// A module of ours for another one: a script may have a file of that name, which may in turn require ours.
fn own(lua: &Lua, wanted: String) -> mlua::Result<Value> {
    let found = MODULES.iter().find(|(name, _)| *name == wanted);
    let (name, source) =
        found.ok_or_else(|| mlua::Error::runtime(format!("there is no module '{wanted}'")))?;
    load(lua, name, source)
}

/// A table of functions.
fn table(lua: &Lua, functions: impl IntoIterator<Item = (&'static str, Function)>) -> mlua::Result<Table> {
    lua.create_table_from(functions)
}
