//! `portero demo`: the founding configuration in front of three built-in servers, with a live line for each.

mod origins;
mod view;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use tokio::task::{LocalSet, spawn_local};

use crate::daemon::{Daemon, Source};
use crate::{manager, privileges};

/// The configuration that Portero was begun for; only its addresses are replaced.
const FOUNDING: &str = include_str!("founding.cfg");

/// The servers that it names.
const SERVERS: [&str; 3] = ["web1", "web2", "web3"];

/// Where the demo listens when nobody else does.
const PORT: u16 = 8090;

/// Serves until Ctrl-C.
pub fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let origins = origins::start(&SERVERS).map_err(|e| format!("cannot start the servers: {e}"))?;
    let front = door().map_err(|e| format!("there is no port to listen on: {e}"))?;
    let source = Source { text: Some(configuration(front, &origins)), ..Source::default() };
    let loaded = source.load();
    let said = || loaded.diagnostics.render(&loaded.sources, false);
    let checked = loaded.checked.ok_or_else(said)?;
    privileges::raise_descriptor_limit(&checked, &source.limits)?;
    let daemon = Daemon::open(checked, source)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| format!("cannot start: {e}"))?;
    LocalSet::new().block_on(&runtime, async {
        let signals = manager::Signals::catch();
        daemon.start().await?;
        introduce(front);
        spawn_local(view::show(daemon.clone()));
        Ok(manager::run(daemon, false, signals).await)
    })
}

/// The usual port, or a free one when that is taken.
fn door() -> std::io::Result<SocketAddr> {
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let free = TcpListener::bind(local(PORT)).or_else(|_| TcpListener::bind(local(0)))?;
    free.local_addr()
}

fn configuration(front: SocketAddr, origins: &[SocketAddr]) -> String {
    let mut text = FOUNDING.replace("*:80", &front.to_string());
    for (name, address) in SERVERS.iter().zip(origins) {
        text = text.replace(&format!("{name}:5000"), &address.to_string());
    }
    text
}

fn introduce(front: SocketAddr) {
    println!("Portero balances three built-in servers with this configuration:\n\n{FOUNDING}");
    println!("Open  http://{front}/               and again: another server answers");
    println!("      http://{front}/haproxy_stats  the statistics, live");
    println!("Stop with Ctrl-C.\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_of_the_founding_configuration_are_replaced() {
        let origins: Vec<_> = (1..=3).map(|n| SocketAddr::from(([127, 0, 0, 1], n))).collect();
        let text = configuration(SocketAddr::from(([127, 0, 0, 1], 80)), &origins);
        assert!(!text.contains("*:80") && !text.contains(":5000"), "{text}");
        assert!(text.contains("server web3 127.0.0.1:3 check"), "{text}");
    }
}
