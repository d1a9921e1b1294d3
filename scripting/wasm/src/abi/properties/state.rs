//! What guests set of an exchange for each other (`proxy_set_property`): Envoy's filter state. It is read by its name, and by
//! the same behind `filter_state` and `wasm`.

use std::collections::HashMap;

use portero_api::{Exchange, Sample, Scope, Value as Stored, VarId};

use super::Path;
use crate::abi::{Answer, Status};
use crate::guest::Guest;
use crate::scene;

/// Values by path.
#[derive(Default)]
pub(crate) struct State(Vec<(Vec<u8>, Vec<u8>)>);

/// Bytes of paths and values that one exchange keeps.
const MOST: usize = 256 << 10;

/// Where the state of an exchange is attached to it.
const KEY: u64 = 0x7761_736d_7374_6174;

/// What a guest has said of a property before it sets it (`declare_property`).
#[derive(Clone, Copy, Default)]
pub(crate) struct Declared {
    /// It is set once.
    pub(crate) readonly: bool,
    /// It lives as long as the client's connection.
    pub(crate) of_connection: bool,
}

/// Declarations by name.
pub(crate) type Declarations = HashMap<Vec<u8>, Declared>;

/// Declarations of an instance, at the most.
const DECLARATIONS: usize = 1000;

impl State {
    fn get(&self, path: &Path) -> Option<Vec<u8>> {
        let names = [&b"filter_state.wasm."[..], b"filter_state.", b"wasm."];
        let short = names.iter().find_map(|prefix| path.dotted.strip_prefix(*prefix));
        let is = |key: &[u8]| key == path.raw;
        let is_alike =
            |key: &[u8]| [Some(&path.dotted[..]), short].into_iter().flatten().any(|name| alike(key, name));
        let exact = self.0.iter().find(|(key, _)| is(key));
        exact.or_else(|| self.0.iter().find(|(key, _)| is_alike(key))).map(|(_, value)| value.clone())
    }

    fn set(&mut self, path: &[u8], value: Vec<u8>) -> Answer {
        let others: usize =
            self.0.iter().filter(|(key, _)| key != path).map(|(key, value)| key.len() + value.len()).sum();
        if others + path.len() + value.len() > MOST {
            return Err(Status::InternalFailure);
        }
        match self.0.iter_mut().find(|(key, _)| key == path) {
            Some((_, old)) => *old = value,
            None => self.0.push((path.to_vec(), value)),
        }
        Ok(())
    }

    fn has(&self, path: &[u8]) -> bool {
        self.0.iter().any(|(key, _)| key == path)
    }
}

/// A key with NUL between its parts, against a path with dots.
fn alike(key: &[u8], dotted: &[u8]) -> bool {
    key.len() == dotted.len() && key.iter().zip(dotted).all(|(&a, &b)| a == b || (a == 0 && b == b'.'))
}

/// Finds what was set: by any guest where the exchange is lent, else by this one.
pub(super) fn find(guest: &mut Guest, path: &Path) -> Option<Vec<u8>> {
    let is_lent = guest.is_lent();
    let shared = || scene::see(|exchange| of_all(exchange, path)).flatten();
    let found = if is_lent { shared() } else { None };
    found.or_else(|| guest.stream().ok()?.properties.get(path))
}

fn of_all(exchange: &Exchange, path: &Path) -> Option<Vec<u8>> {
    let state: Option<&State> = exchange.attached.get(KEY);
    state.and_then(|state| state.get(path)).or_else(|| of_connection(exchange, path))
}

/// Sets a value for all guests that see the exchange.
///
/// # Errors
///
/// There is no stream, the exchange has no room for more, or it was set before and shall not change.
pub(crate) fn set(guest: &mut Guest, path: &[u8], value: Vec<u8>) -> Answer {
    let declared = guest.declared.get(path).copied().unwrap_or_default();
    let is_lent = guest.is_lent();
    let properties = &mut guest.stream().map_err(|_| Status::NotFound)?.properties;
    if declared.readonly && properties.has(path) {
        return Err(Status::BadArgument);
    }
    properties.set(path, value.clone())?;
    if !is_lent {
        return Ok(());
    }
    if declared.of_connection {
        scene::see(|exchange| keep(exchange, path, &value)).unwrap_or(Ok(()))?;
    }
    let shared = scene::change(|exchange| {
        if exchange.attached.get::<State>(KEY).is_none() {
            exchange.attached.set(KEY, State::default());
        }
        exchange.attached.get_mut::<State>(KEY).map_or(Ok(()), |state| state.set(path, value))
    });
    shared.unwrap_or(Ok(()))
}

/// Says how a property is set from now on.
///
/// # Errors
///
/// It was declared before, or there are too many.
pub(crate) fn declare(guest: &mut Guest, name: &[u8], declared: Declared) -> Answer {
    if guest.declared.contains_key(name) || guest.declared.len() >= DECLARATIONS {
        return Err(Status::BadArgument);
    }
    guest.declared.insert(name.to_vec(), declared);
    Ok(())
}

/// What lives as long as the connection is a variable of it: `sess.wasm.NAME`.
fn variable(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    Some(format!("sess.wasm.{}", name.replace('\0', ".")))
}

fn keep(exchange: &Exchange, path: &[u8], value: &[u8]) -> Answer {
    let id = variable(path).and_then(|name| VarId::of_script(&name).ok()).ok_or(Status::BadArgument)?;
    exchange.conn.vars.set(id, Stored::Bin(value.into()));
    Ok(())
}

fn of_connection(exchange: &Exchange, path: &Path) -> Option<Vec<u8>> {
    let id = VarId::find(&variable(&path.dotted)?).ok()??;
    match exchange.vars_of(Scope::Sess)?.get(id)?.to_sample() {
        Sample::Bin(bytes) | Sample::Str(bytes) => Some(bytes.into_owned()),
        _ => None,
    }
}
