//! A balancer with zones: servers are called `ZONE-...`. Its arguments are an expression that says in which zone the client is,
//! and a stick table. The first try goes to the least busy server of that zone, a try behind a failure to another zone. Failures
//! are counted in the table, and a zone with three of them is avoided as long as the table remembers.
//!
//! It is a component, not a module of the proxy-wasm ABI: that has no word for a choice at each try.

wit_bindgen::generate!({ path: "../../../../scripting/wit", world: "learning-balancer" });

use portero::plugin::plugin::{log, Level};
use portero::plugin::types::{Sample, Server};
use portero::plugin::{exchange, tables};

/// Failures that a zone may have.
const FAILURES: i64 = 3;

struct Zones;

export!(Zones);

impl Guest for Zones {
    fn choose_server(attempt: Attempt, args: Vec<String>) -> Option<u32> {
        let client = args.first().and_then(|expression| zone_of_client(expression));
        let failed: Vec<&str> = attempt.failed.iter().map(|server| zone(server)).collect();
        let cost = |server: &Server| {
            let zone = zone(&server.name);
            let has_failed = failed.contains(&zone) || failures(&args, zone) >= FAILURES;
            let is_far = client.as_deref().is_some_and(|client| client != zone.as_bytes());
            (has_failed, is_far, (server.sessions + server.queue) * 256 / server.weight.max(1))
        };
        let best = attempt.servers.iter().zip(0..).min_by_key(|(server, _)| cost(server));
        best.map(|(_, place)| place)
    }

    fn try_ended(server: String, outcome: Outcome, args: Vec<String>) {
        if !matches!(outcome, Outcome::ConnectFailed | Outcome::ResponseFailed) {
            return;
        }
        let Some(table) = args.get(1) else { return };
        match tables::add(table, &key(zone(&server)), "gpc0", 1) {
            Ok(FAILURES) => log(Level::Warn, &format!("zone {} is avoided", zone(&server))),
            Ok(_) => {}
            Err(why) => log(Level::Error, &format!("the table {table} does not count: {why}")),
        }
    }
}

/// The zone of a server.
fn zone(server: &str) -> &str {
    server.split('-').next().unwrap_or(server)
}

/// What an expression says of the client.
fn zone_of_client(expression: &str) -> Option<Vec<u8>> {
    match exchange::evaluate(expression).ok()?? {
        Sample::Text(zone) => Some(zone),
        _ => None,
    }
}

/// How often a zone has failed, as far as the table remembers.
fn failures(args: &[String], zone: &str) -> i64 {
    let counted = args.get(1).and_then(|table| tables::get(table, &key(zone), "gpc0").ok());
    match counted {
        Some(Sample::Integer(count)) => count,
        _ => 0,
    }
}

fn key(zone: &str) -> Sample {
    Sample::Text(zone.as_bytes().to_vec())
}
