//! `source.*`, `destination.*`, `connection.*`, `upstream.*`: who speaks with whom.

use std::hash::{DefaultHasher, Hash, Hasher};

use portero_api::{Conn, ConnError, Exchange};

use super::Row;
use super::value::Value;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    ("source.address", |e| e.conn.src.map(Value::address)),
    ("source.port", |e| e.conn.src.map(Value::port)),
    ("destination.address", |e| e.conn.dst.map(Value::address)),
    ("destination.port", |e| e.conn.dst.map(Value::port)),
    ("connection.id", |e| Some(Value::Uint(id(&e.conn)))),
    ("connection_id", |e| Some(Value::Uint(id(&e.conn)))),
    ("connection.mtls", |_| Some(Value::Bool(false))),
    ("connection.termination_details", termination),
    ("connection.transport_failure_reason", |e| failure(e.conn.error)),
    ("upstream.address", |e| e.log.server_address.map(Value::address)),
    ("upstream.port", |e| e.log.server_address.map(Value::port)),
    ("upstream.local_address", |e| e.log.server_source.map(Value::address)),
    ("upstream.transport_failure_reason", |e| failure(e.log.server_error?)),
    ("upstream.request_attempt_count", |e| Some(Value::Uint(attempts(e)))),
    ("upstream.num_endpoints", |e| Some(Value::Uint(e.backend.as_ref()?.servers().len() as u64))),
    ("upstream.cx_pool_ready_duration", connecting),
];

/// A number that no other connection has: its ends, and when it came.
fn id(conn: &Conn) -> u64 {
    let mut hasher = DefaultHasher::new();
    (conn.peer, conn.local, conn.listener_id, conn.accepted).hash(&mut hasher);
    hasher.finish()
}

fn failure(error: ConnError) -> Option<Value<'static>> {
    (error != ConnError::None).then(|| Value::text(error.message()))
}

/// How the log says that the session ended, where that was not as it should be.
fn termination(exchange: &Exchange) -> Option<Value<'static>> {
    let term = &exchange.log.term;
    (term.cause != b'-').then(|| Value::owned([term.cause, term.phase]))
}

/// Tries of a server so far.
fn attempts(exchange: &Exchange) -> u64 {
    match exchange.server {
        Some(_) => u64::from(exchange.log.retries) + 1,
        None => 0,
    }
}

/// From the whole request being there to the connection.
fn connecting(exchange: &Exchange) -> Option<Value<'static>> {
    let timers = &exchange.log.timers;
    Some(Value::time(timers.connected?.saturating_duration_since(timers.request?)))
}
