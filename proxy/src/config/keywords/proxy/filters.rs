//! `filter ...`: the bandwidth limits (HAProxy manual, section 9.7). Other filters are refused by name.

use std::time::Duration;

use portero_grammar::Diagnostic;
use portero_policies::BandwidthFilter;

use super::super::{Call, MANY, Row, row};
use super::PROXY;
use crate::config::draft::Draft;
use crate::config::time::{self, Unit};

pub(super) const ROWS: &[Row<Draft>] = &[row("filter", PROXY, (1, MANY), filter)];

/// Filters that HAProxy has and we do not have yet.
const OTHERS: [&str; 8] =
    ["cache", "comp-req", "comp-res", "compression", "fcgi-app", "opentracing", "spoe", "trace"];

/// `filter bwlim-in|bwlim-out NAME default-limit SIZE default-period TIME [min-size SIZE]`
fn filter(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let kind = c.word(0)?;
    let upload = match kind.text.as_str() {
        "bwlim-in" => true,
        "bwlim-out" => false,
        other if OTHERS.contains(&other) => return Err(c.not_yet(kind)),
        other => {
            let error = Diagnostic::error(kind.span, format!("unknown filter '{other}'"));
            return Err(error.did_you_mean(other, ["bwlim-in", "bwlim-out"].into_iter().chain(OTHERS)));
        }
    };
    let name = c.word(1)?;
    let (mut limit, mut period, mut least) = (0, Duration::ZERO, 0);
    let mut at = 2;
    while let Some(word) = c.args.get(at) {
        match word.text.as_str() {
            "default-limit" => limit = c.size(at + 1)?,
            "default-period" => {
                let word = c.word(at + 1)?;
                period = time::duration(&word.text, Unit::Millis).map_err(|e| c.about(word, e))?;
            }
            "min-size" => least = c.size(at + 1)?,
            "limit" | "key" | "table" => {
                let message =
                    format!("'{}': a limit that is shared through a table is not supported yet", word.text);
                return Err(Diagnostic::error(word.span, message));
            }
            other => {
                let error = Diagnostic::error(
                    word.span,
                    format!("unexpected '{other}' behind 'filter {}'", kind.text),
                );
                return Err(error.did_you_mean(other, ["default-limit", "default-period", "min-size"]));
            }
        }
        at += 2;
    }
    if limit == 0 || period.is_zero() {
        return Err(c.error("'filter': 'default-limit' and 'default-period' must be given, and not 0"));
    }
    let filter = BandwidthFilter { upload, limit, period, least };
    match c.target.bandwidth.insert(name.text.clone(), filter) {
        Some(_) => Err(c.about(name, format!("there are two bandwidth limits of the name '{}'", name.text))),
        None => Ok(()),
    }
}
