//! Traces of live traffic (`explain` lines of a frontend): which requests leave one, and where it goes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use portero_api::trace::Step;
use portero_api::{Common, Exchange};
use portero_policies::{Compiler, Cond, Stage};
use serde_json::json;

use super::paint::Paint;
use super::{json as form, text};
use crate::config::checked::{Explain, ExplainTo};
use crate::log::{Level, Logger};

/// An `explain` line as a worker runs it.
#[derive(Debug)]
pub struct Live {
    every: u32,
    /// Where all workers are in the round of `sample`.
    round: Arc<AtomicU32>,
    secret: Option<(Vec<u8>, Vec<u8>)>,
    condition: Option<Cond>,
    file: Option<(File, bool)>,
}

impl Live {
    /// The lines of a frontend; the error is a sentence.
    pub fn all(
        lines: &[Explain],
        proxy: &str,
        compiler: &Compiler<'_>,
        common: &Common,
    ) -> Result<Vec<Live>, String> {
        let line =
            |(i, line): (usize, &Explain)| Live::new(line, &format!("explain/{proxy}/{i}"), compiler, common);
        lines.iter().enumerate().map(line).collect()
    }

    fn new(line: &Explain, key: &str, compiler: &Compiler<'_>, common: &Common) -> Result<Live, String> {
        let stage = Stage::Rule(portero_grammar::rules::Family::HttpRequest);
        let file = match &line.to {
            ExplainTo::Log => None,
            ExplainTo::File { path, json } => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                Some((file.map_err(|e| format!("'{}' cannot be written: {e}", path.display()))?, *json))
            }
        };
        Ok(Live {
            every: line.every,
            round: common.get(key),
            secret: line.secret.clone(),
            condition: line.condition.as_ref().and_then(|condition| compiler.condition(condition, stage)),
            file,
        })
    }

    /// Whether a request leaves a trace. The secret is taken out of it.
    pub fn wants(&self, exchange: &mut Exchange) -> bool {
        if let Some((name, value)) = &self.secret {
            let headers = &mut exchange.request.headers;
            if !headers.get(name).is_some_and(|given| same(given, value)) {
                return false;
            }
            headers.remove(name);
        }
        if self.condition.as_ref().is_some_and(|condition| !condition.holds(exchange)) {
            return false;
        }
        let next = |round: u32| Some((round + 1) % self.every);
        self.round.fetch_update(Relaxed, Relaxed, next).is_ok_and(|round| round == 0)
    }

    /// Writes the trace of an exchange that has ended.
    pub fn write(&self, logger: &Logger, exchange: &Exchange, steps: &[Step]) {
        let Some((file, as_json)) = &self.file else { return to_log(logger, exchange, steps) };
        let entry = match as_json {
            true => {
                let mut entry = json!({ "steps": form::steps(steps) });
                end(exchange).into_iter().for_each(|(name, value)| entry[name] = value.into());
                format!("{entry}\n")
            }
            false => format!("{}\n", text::steps(steps, Paint::new(false))),
        };
        // one call, so that what workers write does not mingle
        let mut file = file;
        if let Err(error) = file.write_all(entry.as_bytes()) {
            tracing::warn!(%error, "a trace cannot be written");
        }
    }
}

/// A line for each line. Many go into one log, so each begins with the client.
fn to_log(logger: &Logger, exchange: &Exchange, steps: &[Step]) {
    let client = exchange.conn.peer.map_or_else(|| "-".to_owned(), |peer| peer.to_string());
    for line in text::steps(steps, Paint::new(false)).lines().filter(|line| !line.is_empty()) {
        logger.send(Level::Info, format!("explain {client} {line}").as_bytes());
    }
}

/// How an exchange ended.
pub fn end(exchange: &Exchange) -> Vec<(&'static str, String)> {
    let term = exchange.log.term;
    let letters = [term.cause, term.phase, term.cookie_seen, term.cookie_set];
    let mut facts = vec![
        ("status", exchange.log.status.to_string()),
        ("termination", String::from_utf8_lossy(&letters).into_owned()),
    ];
    facts.extend(exchange.backend.as_ref().map(|backend| ("backend", backend.name.to_string())));
    facts.extend(exchange.server.as_ref().map(|server| ("server", server.name.to_string())));
    facts
}

/// Compares in a time that says nothing of where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_or_not() {
        assert!(same(b"abc", b"abc") && !same(b"abc", b"abd") && !same(b"abc", b"ab"));
    }
}
