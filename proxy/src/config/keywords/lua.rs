//! Keywords of `global` about scripts (HAProxy manual, sections 3.1 `lua-load`, 3.2 `tune.lua` and 3.4).

use std::time::Duration;

use portero_grammar::Diagnostic;
use portero_lua::{BoolConversion, Libs, Load, OnError, Stderr};

use super::global::GlobalDraft;
use super::{Call, MANY, Place, Row, row};

const ANY: Place = Place::ANY;
const ON_OFF: &[(&str, bool)] = &[("on", true), ("off", false)];

#[rustfmt::skip]
pub(in crate::config) const ROWS: &[Row<GlobalDraft>] = &[
    row("httpclient.retries", ANY, (1, 1), |c| { c.target.global.http_client.retries = c.number(0, 0..=i32::MAX.into())?; Ok(()) }),
    row("httpclient.timeout.connect", ANY, (1, 1), |c| { c.target.global.http_client.connect = c.time(0)?; Ok(()) }),
    row("lua-load", ANY, (1, MANY), |c| load(c, false)),
    row("lua-load-per-thread", ANY, (1, MANY), |c| load(c, true)),
    row("lua-on-error", ANY, (1, 1), |c| {
        let choices = [("fail", OnError::Fail), ("skip", OnError::Skip)];
        c.target.global.lua.settings.on_error = c.choice(0, &choices)?; Ok(())
    }),
    row("lua-prepend-path", ANY, (1, 2), |c| {
        let native = c.args.get(1).is_some() && c.choice(1, &[("path", false), ("cpath", true)])?;
        if native {
            c.reading.out.push(Diagnostic::note(c.span, "C modules are never loaded: this path changes nothing"));
        }
        c.target.global.lua.settings.prepend_path.push((c.text(0)?.to_owned(), native)); Ok(())
    }),
    row("lua-sandbox", ANY, (1, 1), |c| { c.target.global.lua.settings.sandbox = c.choice(0, ON_OFF)?; Ok(()) }),
    row("tune.lua.bool-sample-conversion", ANY, (1, 1), |c| {
        let choices = [("normal", BoolConversion::Normal), ("pre-3.1-bug", BoolConversion::Before31)];
        c.target.global.lua.settings.bool_conversion = c.choice(0, &choices)?;
        c.target.global.lua.bool_conversion_is_said = true;
        Ok(())
    }),
    row("tune.lua.burst-timeout", ANY, (1, 1), |c| { c.target.global.lua.settings.burst_timeout = limit(c)?; Ok(()) }),
    row("tune.lua.forced-yield", ANY, (1, 1), |c| { c.target.global.lua.settings.forced_yield = c.number(0, 1..=i32::MAX.into())?; Ok(()) }),
    row("tune.lua.log.loggers", ANY, (1, 1), |c| { c.target.global.lua.settings.log.loggers = c.choice(0, ON_OFF)?; Ok(()) }),
    row("tune.lua.log.stderr", ANY, (1, 1), |c| {
        let choices = [("on", Stderr::On), ("auto", Stderr::Auto), ("off", Stderr::Off)];
        c.target.global.lua.settings.log.stderr = c.choice(0, &choices)?; Ok(())
    }),
    row("tune.lua.maxmem", ANY, (1, 1), |c| {
        let megabytes: usize = c.number(0, 0..=1 << 20)?;
        c.target.global.lua.settings.maxmem = megabytes << 20; Ok(())
    }),
    row("tune.lua.openlibs", ANY, (1, 1), |c| { c.target.global.lua.settings.openlibs = libs(c)?; Ok(()) }),
    row("tune.lua.service-timeout", ANY, (1, 1), |c| { c.target.global.lua.settings.service_timeout = limit(c)?; Ok(()) }),
    row("tune.lua.session-timeout", ANY, (1, 1), |c| { c.target.global.lua.settings.session_timeout = limit(c)?; Ok(()) }),
    row("tune.lua.task-timeout", ANY, (1, 1), |c| { c.target.global.lua.settings.task_timeout = limit(c)?; Ok(()) }),
];

/// The file is run once the whole configuration was read.
fn load(c: &mut Call<'_, GlobalDraft>, per_thread: bool) -> Result<(), Diagnostic> {
    let file = c.word(0)?;
    let path = c.reading.default_path.locate(&file.text, &c.reading.sources, file.span);
    let args = c.args[1..].iter().map(|word| word.text.clone()).collect();
    c.target.global.lua.loads.push(Load { path, args, per_thread });
    c.target.global.lua.places.push(file.span);
    Ok(())
}

/// A time; 0 for none.
fn limit(c: &Call<'_, GlobalDraft>) -> Result<Option<Duration>, Diagnostic> {
    Ok(Some(c.time(0)?).filter(|time| !time.is_zero()))
}

/// `all`, `none`, or names with commas.
fn libs(c: &Call<'_, GlobalDraft>) -> Result<Libs, Diagnostic> {
    const NAMES: &[&str] = &["table", "io", "os", "string", "math", "utf8", "package", "debug"];
    let word = c.word(0)?;
    let mut libs = Libs {
        table: false,
        string: false,
        math: false,
        utf8: false,
        // always there
        coroutine: true,
        package: false,
        io: false,
        os: false,
        debug: false,
    };
    match word.text.as_str() {
        "all" => return Ok(Libs::default()),
        "none" => return Ok(libs),
        _ => {}
    }
    for name in word.text.split(',') {
        let lib = match name {
            "table" => &mut libs.table,
            "io" => &mut libs.io,
            "os" => &mut libs.os,
            "string" => &mut libs.string,
            "math" => &mut libs.math,
            "utf8" => &mut libs.utf8,
            "package" => &mut libs.package,
            "debug" => &mut libs.debug,
            "none" => return Err(c.about(word, "'none' stands alone")),
            "all" => return Err(c.about(word, "'all' stands alone")),
            _ => {
                let error = c.about(word, format!("there is no library '{name}'"));
                return Err(error.did_you_mean(name, NAMES.iter().copied()));
            }
        };
        *lib = true;
    }
    Ok(libs)
}
