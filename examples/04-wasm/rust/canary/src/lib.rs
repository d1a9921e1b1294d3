//! A balancer that sends a share of the clients to the servers called `canary...`, and always the same clients. Its argument
//! is the share in percent. It hears how tries ended: a canary that fails five times in a row gets nothing for a minute.

use std::time::{Duration, SystemTime};

use portero_plugin::proxy_wasm::hostcalls;
use portero_plugin::proxy_wasm::types::MapType;
use portero_plugin::{portero, Balancer, Outcome, Plugin, Server};

portero!(|_: &[u8]| Some(Plugin::new().balancer(Canary::default())));

/// Failures in a row that a canary may have, and how long it rests behind them.
const FAILURES: u32 = 5;
const REST: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Canary {
    failures: u32,
    rests: Option<SystemTime>,
}

impl Balancer for Canary {
    fn pick(&mut self, args: &[String], servers: &[Server]) -> Option<usize> {
        let share = args.first().and_then(|share| share.parse().ok()).unwrap_or(10);
        let number = hash(client().as_bytes());
        let wanted = number % 100 < share && !self.rests();
        let group = |canary: bool| servers.iter().enumerate().filter(move |(_, server)| is_canary(server) == canary);
        let chosen: Vec<usize> = group(wanted).map(|(place, _)| place).collect();
        match chosen.len() {
            // the other group is better than nobody
            0 => (!servers.is_empty()).then(|| number as usize % servers.len()),
            count => Some(chosen[number as usize % count]),
        }
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, _args: &[String], server: &Server, outcome: Outcome) {
        if !is_canary(server) {
            return;
        }
        match outcome {
            Outcome::Response(500..) | Outcome::ConnectFailed | Outcome::ResponseFailed => self.failures += 1,
            _ => self.failures = 0,
        }
        if self.failures >= FAILURES {
            self.failures = 0;
            self.rests = hostcalls::get_current_time().ok().map(|now| now + REST);
        }
    }
}

impl Canary {
    fn rests(&self) -> bool {
        matches!((self.rests, hostcalls::get_current_time()), (Some(until), Ok(now)) if now < until)
    }
}

fn is_canary(server: &Server) -> bool {
    server.name.starts_with("canary")
}

/// Who asks: the user that a field names, else the address.
fn client() -> String {
    let user = hostcalls::get_map_value(MapType::HttpRequestHeaders, "x-user").ok().flatten();
    user.unwrap_or_else(|| {
        let source = hostcalls::get_property(vec!["source", "address"]).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&source).into_owned();
        text.rsplit_once(':').map(|(host, _)| host.to_owned()).unwrap_or(text)
    })
}

/// FNV-1a, 32 bits.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
