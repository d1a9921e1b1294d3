//! Commands that show servers.

use std::fmt::Write;

use portero_api::{Address, Admin, CheckStatus, Oper, ProxyState, ServerState};

use super::call::{Answer, Call};
use crate::health::admin_bits;

/// The columns of `show servers state`, format 1 (management manual, 9.3).
const COLUMNS: &str = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
    srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state \
    bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr \
    srv_agent_addr srv_agent_port";

pub(super) fn backends(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text = "# name\n".to_owned();
    call.backends(usize::MAX)?.iter().for_each(|b| text.extend([&b.name, "\n"]));
    Ok(text.into())
}

pub(super) fn get_weight(call: &mut Call<'_>) -> Result<Answer, String> {
    let (_, server) = call.server(0)?;
    Ok(format!("{} (initial {})\n", server.weight(), server.initial_weight()).into())
}

pub(super) fn state(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text = format!("1\n{COLUMNS}\n");
    for backend in call.backends(0)? {
        for server in backend.servers().iter() {
            text.push_str(&state_line(call, &backend, server));
        }
    }
    Ok(text.into())
}

fn state_line(call: &Call<'_>, backend: &ProxyState, server: &ServerState) -> String {
    let conf = call.conf(server);
    let (address, port) = place(server);
    let check = server.check.lock().unwrap_or_else(|e| e.into_inner()).clone();
    let flags = call.daemon.health.flags(&server.backend, &server.name);
    let disabled = conf.as_ref().is_some_and(|c| c.disabled);
    let admin = admin_bits(server.admin(), flags.inherited) | if disabled { 0x04 } else { 0 };
    let maint = server.admin() == Admin::Maint;
    let oper = match server.oper() {
        _ if maint => 0,
        Oper::Down => 0,
        Oper::Up => 2,
        Oper::Stopping => 3,
    };
    let probed = conf.as_ref().and_then(|c| c.check.as_ref());
    let state = match probed {
        None => 0,
        Some(_) => {
            2 | u8::from(check.running) | if flags.checking { 4 } else { 0 } | if maint { 8 } else { 0 }
        }
    };
    let health = match probed {
        _ if maint => 0,
        Some(_) => check.health,
        None => conf.as_ref().and_then(|c| c.written_rise).unwrap_or(0),
    };
    let check_port = probed.and_then(|c| c.port).unwrap_or(0);
    let check_addr = probed.and_then(|c| c.addr.as_ref()).map_or("-".to_owned(), |addr| match addr {
        Address::Ip(addr) => addr.ip().to_string(),
        other => other.to_string(),
    });
    let forced_backend = u8::from(is_id_written(call, backend));
    let forced = u8::from(conf.as_ref().is_some_and(|c| c.id_is_written));
    format!(
        "{} {} {} {} {address} {oper} {admin} {} {} {} {} {} {health} {state} 0 {forced_backend} {forced} - {port} - 0 \
         {check_port} {check_addr} - 0\n",
        backend.id(),
        backend.name,
        server.id(),
        server.name,
        server.weight(),
        server.initial_weight(),
        server.since_change(),
        status_number(check.status),
        result_number(check.status),
    )
}

fn is_id_written(call: &Call<'_>, backend: &ProxyState) -> bool {
    let checked = call.daemon.checked();
    checked.proxies.iter().any(|p| p.name == backend.name && p.kind == backend.kind && p.id_is_written)
}

/// Address and port; `-` and 0 where there are none.
fn place(server: &ServerState) -> (String, u16) {
    match server.address() {
        Address::Ip(addr) => (addr.ip().to_string(), addr.port()),
        _ => ("-".to_owned(), 0),
    }
}

/// HAProxy's numbers of check results (`srv_check_status`).
fn status_number(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Unknown | CheckStatus::Init => 1,
        CheckStatus::Analysis => 3,
        CheckStatus::SocketError => 5,
        CheckStatus::L4Ok => 6,
        CheckStatus::L4Timeout => 7,
        CheckStatus::L4Connection => 8,
        CheckStatus::L6Ok => 9,
        CheckStatus::L6Timeout => 10,
        CheckStatus::L6Response => 11,
        CheckStatus::L7Timeout => 12,
        CheckStatus::L7Response => 13,
        CheckStatus::L7Ok => 15,
        CheckStatus::L7OkConditionally => 16,
        CheckStatus::L7Status => 17,
        CheckStatus::ProcessError => 18,
        CheckStatus::ProcessTimeout => 19,
        CheckStatus::ProcessOk => 20,
    }
}

/// `srv_check_result`: unknown, failed, passed, passed on condition.
fn result_number(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Unknown | CheckStatus::Init => 0,
        CheckStatus::L7OkConditionally => 4,
        status if status.passed() => 3,
        _ => 2,
    }
}

pub(super) fn connections(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text =
        "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess \
                    unsafe_nb safe_nb idle_lim idle_cur\n"
            .to_owned();
    for backend in call.backends(0)? {
        for server in backend.servers().iter() {
            let conf = call.conf(server);
            let purge = conf.as_ref().map_or(0, |c| c.pool_purge.as_millis());
            let limit = conf.as_ref().and_then(|c| c.pool_max).map_or("-1".to_owned(), |max| max.to_string());
            let (address, port) = place(server);
            let (used, idle) = (server.sessions.now(), server.idle());
            // writing into a string cannot fail
            let _ = writeln!(
                text,
                "{}/{} {}/{} {address} {port} - {purge} {used} {used} {most} {need} 0 0 {idle} {limit} {idle}",
                backend.name,
                server.name,
                backend.id(),
                server.id(),
                most = server.sessions.highest(),
                need = used + idle,
            );
        }
    }
    Ok(text.into())
}

/// How many sessions there are, and where. Single sessions have no name by which they could be shown.
pub(super) fn sessions(call: &mut Call<'_>) -> Result<Answer, String> {
    if let Some(arg) = call.arg(0) {
        return Err(format!("'show sess {arg}' is not supported: sessions are shown by proxy and server.\n"));
    }
    let mut text = String::new();
    for proxy in call.daemon.shared.directory.all() {
        if proxy.kind.has_front() {
            let _ = writeln!(text, "fe={} sessions={}", proxy.name, proxy.front_sessions.now());
        }
        if proxy.kind.has_back() {
            let (name, now, queued) = (&proxy.name, proxy.back_sessions.now(), proxy.queue.now());
            let _ = writeln!(text, "be={name} sessions={now} queued={queued}");
        }
        for server in proxy.servers().iter() {
            let (now, queued) = (server.sessions.now(), server.queue.now());
            let _ = writeln!(text, "be={} srv={} sessions={now} queued={queued}", proxy.name, server.name);
        }
    }
    Ok(text.into())
}
