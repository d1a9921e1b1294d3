//! Properties: what a guest asks for by a path (`proxy_get_property`), and what it sets for others to see.
//!
//! A path is written with NUL, or with dots, between its parts. Values are typed as Envoy's (`value`). What the tables of this
//! folder do not have is looked for among what guests have set (`state`), and at last among the variables of the exchange:
//! `source.client_region` finds `txn.source.client_region`, so that rules can supply what another proxy has of itself.

mod http;
mod names;
mod ours;
mod peers;
pub(super) mod state;
#[cfg(test)]
mod tests;
mod value;

use portero_api::{Exchange, Sample};
use wasmtime::Linker;

pub(crate) use self::ours::{Expressions, evaluate, set_variable, variable};
pub(crate) use self::state::{Declarations, State};
pub(super) use self::value::Value;
use super::{Answer, Status, host, upstream};
use crate::guest::Guest;
use crate::memory::{self, Calling, give};
use crate::scene;

/// A property of an exchange: its path, and how it is found.
type Row = (&'static str, for<'a> fn(&'a Exchange) -> Option<Value<'a>>);

/// What a look-up finds: a value, nothing, or why it cannot be said.
type Found = Result<Option<Value<'static>>, Status>;

/// The properties of an exchange that are there in every mode, and those of HTTP alone.
const TABLES: [(&[Row], bool); 3] = [(peers::ROWS, false), (ours::ROWS, false), (http::ROWS, true)];

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_get_property", |caller, path, path_len, at, len| {
        let path = Path::new(memory::copy(&caller, path, path_len)?);
        match find(&mut caller, &path)? {
            Some(value) => give(&mut caller, &value.into_bytes(), at, len),
            None => Err(Status::NotFound),
        }
    });
    host!(linker, "proxy_set_property", |caller, path, path_len, value, value_len| {
        let path = Path::new(memory::copy(&caller, path, path_len)?);
        let value = memory::copy(&caller, value, value_len)?;
        set(&mut caller, &path, value)
    });
    Ok(())
}

/// A path as a guest has written it, and the same with dots between its parts.
struct Path {
    raw: Vec<u8>,
    dotted: Vec<u8>,
}

impl Path {
    fn new(mut raw: Vec<u8>) -> Path {
        // some writers end each part with NUL, others put it between them
        if raw.last() == Some(&0) {
            raw.pop();
        }
        let dotted = raw.iter().map(|&byte| if byte == 0 { b'.' } else { byte }).collect();
        Path { raw, dotted }
    }

    /// What stands behind a prefix (`request.headers.`) with dots.
    fn behind(&self, prefix: &str) -> Option<&[u8]> {
        self.dotted.strip_prefix(prefix.as_bytes())
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.dotted).ok()
    }
}

fn find(caller: &mut Calling<'_>, path: &Path) -> Found {
    if let Some(value) = names::find(caller.data(), path) {
        return Ok(Some(value));
    }
    if caller.data().is_lent() {
        if let Some(value) = scene::see(|exchange| of(exchange, path)).flatten() {
            return Ok(Some(value));
        }
        if let Some(expression) = path.behind("sample.") {
            return ours::sample(caller.data_mut(), expression);
        }
    }
    if let Some(value) = http::trailers(caller.data_mut(), path) {
        return Ok(Some(value));
    }
    if let Some(value) = state::find(caller.data_mut(), path) {
        return Ok(Some(Value::owned(value)));
    }
    let guessed = path.text().filter(|_| caller.data().is_lent()).map(|name| format!("txn.{name}"));
    Ok(guessed.and_then(|name| scene::see(|exchange| variable_value(exchange, &name)).flatten()))
}

/// A property of the exchange itself.
fn of(exchange: &Exchange, path: &Path) -> Option<Value<'static>> {
    let speaks_http = exchange.conn.frontend.http;
    let tables = TABLES.iter().filter(|(_, of_http)| speaks_http || !of_http);
    let row = tables.flat_map(|(rows, _)| *rows).find(|(name, _)| name.as_bytes() == path.dotted);
    let value = match row {
        Some((_, value)) => value(exchange),
        None if speaks_http => http::field(exchange, path),
        None => None,
    };
    value.map(Value::into_owned).or_else(|| variable_value(exchange, path.text()?))
}

fn variable_value(exchange: &Exchange, name: &str) -> Option<Value<'static>> {
    variable(exchange, name).map(Value::sample)
}

/// A property by the parts of its path, for expressions.
pub(super) fn by_parts(caller: &mut Calling<'_>, parts: &[String]) -> Option<Value<'static>> {
    find(caller, &Path::new(parts.join("\0").into_bytes())).ok().flatten()
}

fn set(caller: &mut Calling<'_>, path: &Path, value: Vec<u8>) -> Answer {
    let text = || std::str::from_utf8(&value).map_err(|_| Status::BadArgument);
    match path.text() {
        Some("upstream.server") => upstream::use_server(caller, text()?, false),
        Some("upstream.backend") => upstream::use_backend(caller, text()?),
        Some(name) if ours::is_variable(name) => ours::set_variable(caller.data(), name, Sample::text(value)),
        _ => state::set(caller.data_mut(), &path.raw, value),
    }
}
