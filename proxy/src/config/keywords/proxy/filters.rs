//! `filter ...`: the bandwidth limits (HAProxy manual, section 9.7), and every plugin with the hook `Filter`;
//! `filter-sequence`. Filters that HAProxy has and we do not have are refused by name.

use std::time::Duration;

use portero_grammar::{Diagnostic, Word};
use portero_policies::{BandwidthFilter, LimitPer};

use super::super::{Call, MANY, Row, row};
use super::PROXY;
use crate::config::checked::PluginUse;
use crate::config::draft::{Draft, FilterOrder};
use crate::config::time::{self, Unit};

pub(super) const ROWS: &[Row<Draft>] =
    &[row("filter", PROXY, (1, MANY), filter), row("filter-sequence", PROXY, (2, 2), sequence)];

/// Filters that HAProxy has and we do not have yet.
const OTHERS: [&str; 7] = ["cache", "comp-req", "comp-res", "compression", "fcgi-app", "opentracing", "spoe"];

/// `filter bwlim-in|bwlim-out NAME ...`, `filter wasm NAME`, `filter PLUGIN ...`
fn filter(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let kind = c.word(0)?;
    let upload = match kind.text.as_str() {
        "bwlim-in" => true,
        "bwlim-out" => false,
        other if OTHERS.contains(&other) => return Err(c.not_yet(kind)),
        "wasm" => {
            let name = c.word(1)?;
            let name = Word { text: format!("wasm.{}", name.text), ..name.clone() };
            return plugin(c, name, 2);
        }
        _ => return plugin(c, kind.clone(), 1),
    };
    let name = c.word(1)?;
    let filter = Said::read(c, kind)?.filter(c, upload)?;
    match c.target.bandwidth.insert(name.text.clone(), filter) {
        Some(_) => Err(c.about(name, format!("there are two bandwidth limits of the name '{}'", name.text))),
        None => Ok(()),
    }
}

/// Whether there is such a plugin is found out where it is made.
fn plugin(c: &mut Call<'_, Draft>, name: Word, behind: usize) -> Result<(), Diagnostic> {
    c.target.filters.push(PluginUse { name, args: c.args[behind..].to_vec(), lines: Vec::new() });
    Ok(())
}

/// `filter-sequence request|response NAME,NAME`
fn sequence(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let upward = c.choice(0, &[("request", true), ("response", false)])?;
    let names = c.word(1)?.clone();
    let FilterOrder { request, response } = &mut c.target.filter_order;
    *(if upward { request } else { response }) = Some(names);
    Ok(())
}

/// The words behind the name: `default-limit SIZE default-period TIME` or `limit SIZE key KEY [table TABLE]`, and
/// `min-size SIZE`.
#[derive(Default)]
struct Said {
    default_limit: u64,
    default_period: Duration,
    limit: u64,
    key: Option<Word>,
    /// The word `table` and the name behind it.
    table: Vec<Word>,
    least: u64,
}

impl Said {
    fn read(c: &Call<'_, Draft>, kind: &Word) -> Result<Said, Diagnostic> {
        let mut said = Said::default();
        let mut at = 2;
        while let Some(word) = c.args.get(at) {
            match word.text.as_str() {
                "default-limit" => said.default_limit = c.size(at + 1)?,
                "default-period" => {
                    let word = c.word(at + 1)?;
                    said.default_period =
                        time::duration(&word.text, Unit::Millis).map_err(|e| c.about(word, e))?;
                }
                "limit" => said.limit = c.size(at + 1)?,
                "key" => said.key = Some(c.word(at + 1)?.clone()),
                "table" => said.table = vec![word.clone(), c.word(at + 1)?.clone()],
                "min-size" => said.least = c.size(at + 1)?,
                other => {
                    let message = format!("unexpected '{other}' behind 'filter {}'", kind.text);
                    let words = ["default-limit", "default-period", "limit", "key", "table", "min-size"];
                    return Err(Diagnostic::error(word.span, message).did_you_mean(other, words));
                }
            }
            at += 2;
        }
        Ok(said)
    }

    /// One kind of limit or the other.
    fn filter(self, c: &Call<'_, Draft>, upload: bool) -> Result<BandwidthFilter, Diagnostic> {
        let shared = self.limit > 0 || self.key.is_some() || !self.table.is_empty();
        let (limit, per) = match self.key {
            _ if shared && (self.default_limit > 0 || !self.default_period.is_zero()) => {
                return Err(c.error(
                    "'filter': a limit is that of each stream ('default-limit', 'default-period') or that of a key \
                     ('limit', 'key', 'table'), not both",
                ));
            }
            Some(key) if self.limit > 0 => {
                let span = key.span;
                let words = [key].into_iter().chain(self.table).collect();
                (self.limit, LimitPer::Key { words, span })
            }
            _ if shared => {
                return Err(c.error("'filter': 'limit' and 'key' must be given, and no limit of 0"));
            }
            _ if self.default_limit == 0 || self.default_period.is_zero() => {
                return Err(
                    c.error("'filter': 'default-limit' and 'default-period' must be given, and not 0")
                );
            }
            _ => (self.default_limit, LimitPer::Exchange(self.default_period)),
        };
        Ok(BandwidthFilter { upload, limit, least: self.least, per })
    }
}
