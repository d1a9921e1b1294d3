//! What a server is told of itself with each check (`http-check send-state`).

use portero_api::{Address, Oper, ProxyState, ServerState};

/// The value of `X-Haproxy-Server-State`.
pub(super) fn state(server: &ServerState, backend: Option<&ProxyState>) -> String {
    let check = server.check.lock().unwrap_or_else(|e| e.into_inner());
    let best = (check.rise + check.fall).saturating_sub(1);
    let word = match server.oper() {
        Oper::Down => format!("DOWN {}/{}", check.health, check.rise),
        Oper::Stopping => "NOLB".into(),
        Oper::Up if check.health < best => {
            format!("UP {}/{}", (check.health + 1).saturating_sub(check.rise), check.fall)
        }
        Oper::Up => "UP".into(),
    };
    let (address, port) = match server.address() {
        Address::Ip(ip) => (ip.ip().to_string(), ip.port().to_string()),
        _ => ("unix".into(), "unix".into()),
    };
    let all = backend.map(ProxyState::servers).unwrap_or_default();
    let weights: u32 = all.iter().filter(|s| s.usable()).map(|s| s.weight()).sum();
    let sessions: u32 = all.iter().map(|s| s.sessions.now()).sum();
    format!(
        "{word}; address={address}; port={port}; name={}/{}; weight={}/{weights}; scur={}/{sessions}; qcur={}",
        server.backend,
        server.name,
        server.weight(),
        server.sessions.now(),
        server.queue.now(),
    )
}
