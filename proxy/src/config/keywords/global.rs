//! The section `global` (HAProxy manual, section 3).

use std::sync::Arc;
use std::time::Duration;

use portero_api::tables::{Event, Statuses};
use portero_grammar::{Diagnostic, Word, rules};

use super::{Call, MANY, Place, Row, bind, inverts, log, row, switch};
use crate::config::accounts;
use crate::config::checked::{Global, HttpClient, Lua, SetVar, Wasm};
use crate::config::draft::LogLine;
use crate::config::environment::host_name;
use crate::config::files::DefaultPath;
use crate::config::policy::library::{self, POLICY_PATH};

const ANY: Place = Place::ANY;
const BIG: i64 = i32::MAX as i64;

/// The section while it is read; several sections add to one.
pub(in crate::config) struct GlobalDraft {
    pub(in crate::config) global: Global,
    pub(in crate::config) logs: Vec<LogLine>,
    /// Warnings are errors.
    pub(in crate::config) zero_warning: bool,
    /// `localpeer`
    pub(in crate::config) local_peer: Option<String>,
}

impl Default for GlobalDraft {
    fn default() -> Self {
        let global = Global {
            nbthread: None,
            maxconn: 0,
            uid: None,
            gid: None,
            chroot: None,
            pidfile: None,
            daemon: false,
            hard_stop_after: None,
            logs: Vec::new(),
            log_tag: Arc::from("haproxy"),
            log_hostname: None,
            node: None,
            description: None,
            stats_sockets: Vec::new(),
            stats_timeout: Duration::from_secs(10),
            spread_checks: 0,
            max_spread_checks: None,
            bufsize: 16_384,
            maxrewrite: 1_024,
            max_headers: 101,
            any_payload: false,
            stick_counters: 3,
            statuses: Statuses::default(),
            lua: Lua::default(),
            wasm: Wasm::default(),
            http_client: HttpClient::default(),
            set_vars: Vec::new(),
        };
        GlobalDraft { global, logs: Vec::new(), zero_warning: false, local_peer: None }
    }
}

#[rustfmt::skip]
pub(in crate::config) const ROWS: &[Row<GlobalDraft>] = &[
    row("chroot", ANY, (1, 1), |c| match c.text(0)? {
        "auto" => Err(c.not_yet(c.word(0)?)),
        path => { c.target.global.chroot = Some(path.into()); Ok(()) }
    }),
    switch("daemon", ANY, |g| &mut g.global.daemon),
    row("default-path", ANY, (1, 2), default_path),
    row("description", ANY, (1, MANY), |c| {
        let words: Vec<_> = c.args.iter().map(|w| &*w.text).collect();
        c.target.global.description = Some(words.join(" ").into());
        Ok(())
    }),
    row("gid", ANY, (1, 1), |c| { c.target.global.gid = Some(c.number(0, 0..=u32::MAX.into())?); Ok(()) }),
    row("group", ANY, (1, 1), |c| {
        let word = c.word(0)?;
        let missing = || c.about(word, format!("there is no group '{}'", word.text));
        c.target.global.gid = Some(accounts::group(&word.text).ok_or_else(missing)?);
        Ok(())
    }),
    row("hard-stop-after", ANY, (1, 1), |c| { c.target.global.hard_stop_after = Some(c.time(0)?); Ok(()) }),
    inverts(row("log", ANY, (1, MANY), |c| log::line(c, |g| &mut g.logs))),
    row("log-send-hostname", ANY, (0, 1), |c| {
        let name = c.args.first().map_or_else(host_name, |w| w.text.clone());
        c.target.global.log_hostname = Some(name.into());
        Ok(())
    }),
    row("http-err-codes", ANY, (1, MANY), |c| codes(c, Event::Error)),
    row("http-fail-codes", ANY, (1, MANY), |c| codes(c, Event::Failure)),
    row("localpeer", ANY, (1, 1), |c| { c.target.local_peer = Some(c.text(0)?.to_owned()); Ok(()) }),
    row("log-tag", ANY, (1, 1), |c| { c.target.global.log_tag = c.text(0)?.into(); Ok(()) }),
    row("max-spread-checks", ANY, (1, 1), |c| { c.target.global.max_spread_checks = Some(c.time(0)?); Ok(()) }),
    row("maxconn", ANY, (1, 1), |c| { c.target.global.maxconn = c.number(0, 0..=BIG)?; Ok(()) }),
    row("nbthread", ANY, (1, 1), |c| { c.target.global.nbthread = Some(c.number(0, 1..=1024)?); Ok(()) }),
    row("node", ANY, (1, 1), |c| { c.target.global.node = Some(c.text(0)?.into()); Ok(()) }),
    row("pidfile", ANY, (1, 1), |c| { c.target.global.pidfile = Some(c.text(0)?.into()); Ok(()) }),
    row(POLICY_PATH, ANY, (1, 1), policy_path),
    row("presetenv", ANY, (2, 2), |_| Ok(())),
    row("resetenv", ANY, (0, MANY), |_| Ok(())),
    row("set-var", ANY, (2, 2), set_var),
    row("set-var-fmt", ANY, (2, 2), set_var_fmt),
    row("setenv", ANY, (2, 2), |_| Ok(())),
    row("spread-checks", ANY, (1, 1), |c| { c.target.global.spread_checks = c.number(0, 0..=50)?; Ok(()) }),
    row("stats socket", ANY, (1, MANY), |c| {
        let sockets = bind::sockets(c.word(0)?, &c.args[1..], c.line, c.reading);
        c.target.global.stats_sockets.extend(sockets);
        Ok(())
    }),
    row("stats timeout", ANY, (1, 1), |c| { c.target.global.stats_timeout = c.time(0)?; Ok(()) }),
    row("h1-accept-payload-with-any-method", ANY, (0, 0), |c| { c.target.global.any_payload = true; Ok(()) }),
    row("tune.bufsize", ANY, (1, 1), |c| { c.target.global.bufsize = bounded(c, 1_024)?; Ok(()) }),
    row("tune.http.maxhdr", ANY, (1, 1), |c| { c.target.global.max_headers = c.number(0, 1..=32_767)?; Ok(()) }),
    row("tune.stick-counters", ANY, (1, 1), |c| { c.target.global.stick_counters = c.number(0, 0..=100)?; Ok(()) }),
    row("tune.maxrewrite", ANY, (1, 1), |c| { c.target.global.maxrewrite = bounded(c, 0)?; Ok(()) }),
    row("uid", ANY, (1, 1), |c| { c.target.global.uid = Some(c.number(0, 0..=u32::MAX.into())?); Ok(()) }),
    row("unix-bind", ANY, (1, MANY), bind::unix_sockets),
    row("unsetenv", ANY, (1, MANY), |_| Ok(())),
    switch("zero-warning", ANY, |g| &mut g.zero_warning),
    row("user", ANY, (1, 1), |c| {
        let word = c.word(0)?;
        let missing = || c.about(word, format!("there is no user '{}'", word.text));
        c.target.global.uid = Some(accounts::user(&word.text).ok_or_else(missing)?);
        Ok(())
    }),
];

/// A size of at least so many bytes, 64 MB at the most.
fn bounded(c: &Call<'_, GlobalDraft>, least: u64) -> Result<usize, Diagnostic> {
    let size = c.size(0)?;
    if (least..=64 << 20).contains(&size) {
        return Ok(size as usize);
    }
    Err(c.about(c.word(0)?, format!("'{size}' is not between {least} and {}", 64 << 20)))
}

/// The folder was looked into before any section was read: what is left to say is that it is none.
fn policy_path(c: &mut Call<'_, GlobalDraft>) -> Result<(), Diagnostic> {
    let folder = library::folder(c.word(0)?, &c.reading.sources);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(c.about(c.word(0)?, format!("'{}' is no folder", folder.display()))),
    }
}

fn default_path(c: &mut Call<'_, GlobalDraft>) -> Result<(), Diagnostic> {
    let path = match c.text(0)? {
        "current" => DefaultPath::Current,
        "config" => DefaultPath::Config,
        "parent" => DefaultPath::Parent,
        "origin" => DefaultPath::Origin(c.text(1)?.into()),
        other => {
            let word = c.word(0)?;
            let error = c.about(word, format!("'{other}' is not 'current', 'config', 'parent' or 'origin'"));
            return Err(error.did_you_mean(other, ["current", "config", "parent", "origin"]));
        }
    };
    if let (false, Some(extra)) = (matches!(path, DefaultPath::Origin(_)), c.args.get(1)) {
        return Err(c.about(extra, format!("unexpected '{}'", extra.text)));
    }
    c.reading.default_path = path;
    Ok(())
}

/// `set-var proc.NAME EXPRESSION`
fn set_var(c: &mut Call<'_, GlobalDraft>) -> Result<(), Diagnostic> {
    let name = variable(c)?;
    match rules::expr(c.word(1)?) {
        Ok(expr) => c.target.global.set_vars.push((name, SetVar::Expr(expr))),
        Err(errors) => c.reading.out.extend(errors),
    }
    Ok(())
}

/// `set-var-fmt proc.NAME FORMAT`
fn set_var_fmt(c: &mut Call<'_, GlobalDraft>) -> Result<(), Diagnostic> {
    let name = variable(c)?;
    match rules::log_format(c.word(1)?) {
        Ok(format) => c.target.global.set_vars.push((name, SetVar::Format(format))),
        Err(errors) => c.reading.out.extend(errors),
    }
    Ok(())
}

fn variable(c: &Call<'_, GlobalDraft>) -> Result<Word, Diagnostic> {
    let word = c.word(0)?;
    match word.text.starts_with("proc.") {
        true => Ok(word.clone()),
        false => Err(
            c.about(word, format!("'{}' must be a variable of the process, such as 'proc.name'", word.text))
        ),
    }
}

/// `[+-]RANGE,...`: the statuses that count as an event. Without a sign in front they take the place of all that did before.
fn codes(c: &mut Call<'_, GlobalDraft>, event: Event) -> Result<(), Diagnostic> {
    for word in c.args {
        let (sign, list) = match word.text.strip_prefix(['+', '-']) {
            Some(list) => (word.text.chars().next(), list),
            None => (None, word.text.as_str()),
        };
        let bad = || c.about(word, format!("'{}' is no range of statuses such as '400,402-499'", word.text));
        let ranges: Option<Vec<_>> = list.split(',').map(range).collect();
        let ranges = ranges.ok_or_else(bad)?;
        let statuses = &mut c.target.global.statuses;
        if sign.is_none() {
            statuses.clear(event);
        }
        ranges.into_iter().for_each(|range| statuses.put(event, range, sign != Some('-')));
    }
    Ok(())
}

/// `400` or `400-499`
fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (100 <= first && first <= last && last <= 599).then_some(first..=last)
}
