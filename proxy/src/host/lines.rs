//! Log lines of plugins: to the targets of a proxy or of the global section, and to stderr (HAProxy manual,
//! "tune.lua.log.loggers" and "tune.lua.log.stderr").

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use portero_lua::Stderr;

use crate::config::checked::{Checked, LogTarget};
use crate::log::{Identity, Level, LogSinks, Logger};

/// Where lines of plugins go, by one configuration.
pub(super) struct Lines {
    checked: Arc<Checked>,
    /// None where no target is wanted, or nothing outside is reached.
    sinks: Option<LogSinks>,
    global: Logger,
    frontends: RefCell<HashMap<Arc<str>, Logger>>,
}

/// What levels are called on stderr, as HAProxy calls them.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

impl Lines {
    pub(super) fn new(checked: &Arc<Checked>, sinks: &LogSinks, offline: bool) -> Lines {
        let silent = offline || !checked.global.lua.settings.log.loggers;
        let targets: &[LogTarget] = if silent { &[] } else { &checked.global.logs };
        let global = sinks.logger("", targets, identity(checked, &checked.global.log_tag));
        let sinks = (!silent).then(|| sinks.clone());
        Lines { checked: checked.clone(), sinks, global, frontends: RefCell::default() }
    }

    /// A line of nobody's in particular.
    pub(super) fn write(&self, level: u8, text: &str) {
        self.send(&self.global, level, text);
    }

    /// A line about an exchange of a frontend.
    pub(super) fn write_of(&self, frontend: &Arc<str>, level: u8, text: &str) {
        let mut all = self.frontends.borrow_mut();
        let logger = all.entry(frontend.clone()).or_insert_with(|| self.logger(frontend));
        self.send(logger, level, text);
    }

    fn send(&self, logger: &Logger, level: u8, text: &str) {
        let level = Level::of_number(level);
        if !logger.is_empty() {
            logger.send(level, one_line(text).as_bytes());
        }
        let wanted = match self.checked.global.lua.settings.log.stderr {
            Stderr::On => true,
            // what is for developers alone must be asked for
            Stderr::Auto => logger.is_empty() && level < Level::Debug,
            Stderr::Off => false,
        };
        if wanted {
            to_stderr(level, text);
        }
    }

    fn logger(&self, frontend: &str) -> Logger {
        let proxies = &self.checked.proxies;
        let conf = proxies.iter().find(|proxy| *proxy.name == *frontend && proxy.kind.has_front());
        match (&self.sinks, conf) {
            (Some(sinks), Some(conf)) => {
                let tag = conf.log.tag.as_ref().unwrap_or(&self.checked.global.log_tag);
                sinks.logger(&conf.name, &conf.log.targets, identity(&self.checked, tag))
            }
            _ => self.global.clone(),
        }
    }
}

fn identity<'a>(checked: &'a Checked, tag: &'a str) -> Identity<'a> {
    Identity { tag, hostname: checked.global.log_hostname.as_deref() }
}

/// `[info] 324/131522 (8971) : text`: day of the year from 0, time, process number.
fn to_stderr(level: Level, text: &str) {
    let now = jiff::Zoned::now();
    let (day, time) = (now.day_of_year() - 1, now.strftime("%H%M%S"));
    let name = LEVELS[level as usize];
    // nobody reads it: no reason to stop
    let _ = writeln!(std::io::stderr(), "[{name}] {day:03}/{time} ({}) : {text}", std::process::id());
}

/// A traceback has many lines, and a log target takes one at a time.
fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains('\n') {
        true => text.lines().map(str::trim).collect::<Vec<_>>().join(", ").into(),
        false => text.into(),
    }
}
