//! Commands about the process and about the connection itself.

use std::time::Duration;

use super::call::{Answer, Call, Mode, done};
use super::table;
use crate::cli::HAPROXY;
use crate::config::checked::{Level, Listen};
use crate::log::{Identity, Level as LogLevel};

pub(super) fn version(_: &mut Call<'_>) -> Result<Answer, String> {
    Ok(format!("{HAPROXY}-portero-{}\n", env!("CARGO_PKG_VERSION")).into())
}

pub(super) fn help(call: &mut Call<'_>) -> Result<Answer, String> {
    let (level, target) = (call.settings.level, call.settings.target);
    let prefix = call.args.join(" ");
    let list = table::list(level, target, &prefix, &call.daemon.plugged());
    if list.is_empty() {
        return Err(format!("No command begins with '{prefix}'.\n"));
    }
    Ok(format!("The following commands are valid at this level:\n{list}").into())
}

pub(super) fn quit(_: &mut Call<'_>) -> Result<Answer, String> {
    Ok(Answer::Bye)
}

pub(super) fn echo(call: &mut Call<'_>) -> Result<Answer, String> {
    Ok(format!("{}\n", call.args.join(" ")).into())
}

pub(super) fn prompt(call: &mut Call<'_>) -> Result<Answer, String> {
    let settings = &mut *call.settings;
    if call.args.is_empty() {
        settings.mode = if settings.mode == Mode::Prompt { Mode::Single } else { Mode::Prompt };
    }
    for arg in call.args {
        match arg.as_str() {
            "n" => settings.mode = Mode::Single,
            "i" => settings.mode = Mode::Interactive,
            "p" => settings.mode = Mode::Prompt,
            "timed" => (settings.mode, settings.timed) = (Mode::Prompt, !settings.timed),
            other => return Err(format!("'{other}' is none of 'n', 'i', 'p' and 'timed'.\n")),
        }
    }
    done()
}

pub(super) fn expert(call: &mut Call<'_>) -> Result<Answer, String> {
    let arg = call.arg(0).map(str::to_owned);
    switch("expert-mode", arg.as_deref(), call.settings.level, &mut call.settings.expert)
}

pub(super) fn experimental(call: &mut Call<'_>) -> Result<Answer, String> {
    let arg = call.arg(0).map(str::to_owned);
    switch("experimental-mode", arg.as_deref(), call.settings.level, &mut call.settings.experimental)
}

fn switch(name: &str, arg: Option<&str>, level: Level, value: &mut bool) -> Result<Answer, String> {
    match arg {
        None => return Ok(format!("{name} is {}\n", if *value { "ON" } else { "OFF" }).into()),
        Some(_) if level < Level::Admin => return Err("Permission denied\n".to_owned()),
        Some("on") => *value = true,
        Some("off") => *value = false,
        Some(other) => return Err(format!("{name} is 'on' or 'off', not '{other}'.\n")),
    }
    done()
}

pub(super) fn operator(call: &mut Call<'_>) -> Result<Answer, String> {
    call.settings.level = call.settings.level.min(Level::Operator);
    done()
}

pub(super) fn user(call: &mut Call<'_>) -> Result<Answer, String> {
    call.settings.level = Level::User;
    done()
}

pub(super) fn level(call: &mut Call<'_>) -> Result<Answer, String> {
    Ok(format!("{}\n", name(call.settings.level)).into())
}

pub(super) fn sockets(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text = "# socket lvl processes\n".to_owned();
    for (address, level) in call.daemon.runtime_sockets() {
        let address = match address {
            Listen::Ip(ip) => format!("{}@{ip}", if ip.is_ipv4() { "ipv4" } else { "ipv6" }),
            Listen::Unix(path) => format!("unix@{}", path.display()),
            Listen::Abstract(name) => {
                format!("abns@{}", String::from_utf8_lossy(&name).trim_end_matches('\0'))
            }
            Listen::Descriptor(fd) => format!("fd@{fd}"),
        };
        text.push_str(&format!("{address} {} all\n", name(level)));
    }
    Ok(text.into())
}

fn name(level: Level) -> &'static str {
    match level {
        Level::User => "user",
        Level::Operator => "operator",
        Level::Admin => "admin",
    }
}

pub(super) fn env(call: &mut Call<'_>) -> Result<Answer, String> {
    let wanted = call.arg(0).map(str::to_owned);
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|w| w == name);
    let checked = call.daemon.checked();
    let all = checked.environment.iter().filter(|(name, _)| is_wanted(name));
    let lines: Vec<_> = all.map(|(name, value)| format!("{name}={value}\n")).collect();
    match (lines.is_empty(), &wanted) {
        (true, Some(_)) => Err("Variable not found\n".to_owned()),
        _ => Ok(lines.concat().into()),
    }
}

/// `show events`: the places that the converter `debug` writes to, and what the one in memory holds.
pub(super) fn events(call: &mut Call<'_>) -> Result<Answer, String> {
    match (call.arg(0), call.arg(1)) {
        (None, _) => Ok("Supported events sinks are listed below. Add their name to dump them.\n  buf0\n  stdout\n  stderr\n".into()),
        (Some("buf0"), None) => Ok(portero_policies::ring::Ring::of(&call.daemon.shared.common).text().into()),
        (Some("buf0"), Some(other)) => Err(format!("'{other}' is not supported.\n")),
        (Some("stdout" | "stderr"), _) => Err("This sink keeps nothing that could be shown.\n".to_owned()),
        (Some(other), _) => Err(format!("There is no event sink '{other}'.\n")),
    }
}

/// `debug dev log`: a line for who wants to see whether logs arrive.
pub(super) fn log(call: &mut Call<'_>) -> Result<Answer, String> {
    let checked = call.daemon.checked();
    let global = &checked.global;
    let identity = Identity { tag: &global.log_tag, hostname: global.log_hostname.as_deref() };
    let logger = call.daemon.sinks.logger("GLOBAL", &global.logs, identity);
    logger.send(LogLevel::Info, call.args.join(" ").as_bytes());
    call.daemon.sinks.flush();
    done()
}

/// `d:hh:mm:ss`
pub(super) fn clock(uptime: Duration) -> String {
    let seconds = uptime.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}:{hours:02}:{minutes:02}:{:02}", seconds % 60)
}
