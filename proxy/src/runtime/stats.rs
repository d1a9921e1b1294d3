//! `show stat`, `clear counters`.

use std::sync::Arc;
use std::time::Instant;

use portero_api::ProxyState;

use super::call::{Answer, Call, done};
use crate::registry::statistics::rows::{Pick, View};
use crate::registry::statistics::text;

/// Words behind the numbers of `show stat`.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Csv,
    Typed,
    Json,
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut args = call.args;
    if let [domain, name, rest @ ..] = args
        && domain == "domain"
    {
        if name != "proxy" {
            return Err(format!("Statistics of domain '{name}' are not supported.\n"));
        }
        args = rest;
    }
    let (mut pick, mut format) = (Pick::default(), Format::Csv);
    let mut proxies = call.daemon.shared.directory.all();
    // three words select; who names a proxy alone means all, as HAProxy does
    if let [proxy, kinds, server, rest @ ..] = args
        && let (Ok(kinds), Ok(server)) = (kinds.parse::<i64>(), server.parse::<i64>())
    {
        keep(&mut proxies, proxy)?;
        pick.kinds = kinds as u32;
        pick.server = u32::try_from(server).ok();
        args = rest;
    }
    for arg in args {
        match arg.as_str() {
            "typed" => format = Format::Typed,
            "json" => format = Format::Json,
            "up" => pick.up = true,
            "no-maint" => pick.no_maint = true,
            // 'desc' has nothing to add to names, and what is unknown is passed over as HAProxy does
            _ => {}
        }
    }
    let view = View { now: Instant::now(), legends: true, pick };
    Ok(match format {
        Format::Csv => text::csv(&proxies, &view),
        Format::Typed => text::typed(&proxies, &view),
        Format::Json => text::json(&proxies, &view) + "\n",
    }
    .into())
}

fn keep(proxies: &mut Vec<Arc<ProxyState>>, wanted: &str) -> Result<(), String> {
    match wanted.parse::<i64>() {
        Ok(-1) => {}
        Ok(id) => proxies.retain(|p| i64::from(p.id()) == id),
        Err(_) => {
            proxies.retain(|p| *p.name == *wanted);
            if proxies.is_empty() {
                return Err("No such proxy.\n".to_owned());
            }
        }
    }
    Ok(())
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Answer, String> {
    let all = match call.arg(0) {
        None => false,
        Some("server") => {
            let (_, server) = call.server(1)?;
            server.clear_counters(true);
            return Ok("Server counters cleared.\n".into());
        }
        Some("all") if call.settings.level < crate::config::checked::Level::Admin => {
            return Err("Permission denied\n".to_owned());
        }
        Some("all") => true,
        Some(other) => return Err(format!("'clear counters {other}' is not supported.\n")),
    };
    for proxy in call.daemon.shared.directory.all() {
        proxy.clear_counters(all);
        proxy.servers().iter().for_each(|s| s.clear_counters(all));
    }
    done()
}
