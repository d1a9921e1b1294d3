//! `set-bandwidth-limit`: turns a filter of the proxy on (HAProxy manual, sections 4.4 and 9.7).

use std::rc::Rc;
use std::time::Duration;

use portero_api::tables::Held;
use portero_api::{Action, Answer, BandwidthLimit, Exchange, Expression};
use portero_grammar::rules::Family::*;
use portero_grammar::{Span, Word};

use super::words::Words;
use super::{ActionKind, Made};
use crate::compile::Keyed;
use crate::tables::ask::with_key;
use crate::{Compiler, Expr, Reported};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "set-bandwidth-limit",
    families: &[TcpRequestContent, TcpResponseContent, HttpRequest, HttpResponse],
    syntax: "<filter> [limit <size>|<expr>] [period <time>|<expr>]",
    summary: "limit the bandwidth of the exchange by a 'filter bwlim-in' or 'bwlim-out' of the proxy",
    ends: false,
    make,
}];

/// `filter bwlim-in|bwlim-out NAME ...`
#[derive(Clone, Debug, PartialEq)]
pub struct BandwidthFilter {
    /// True for `bwlim-in`: from the client to the server.
    pub upload: bool,
    /// Bytes in a period (`default-limit`, `limit`).
    pub limit: u64,
    /// The least bytes that move at a time (`min-size`).
    pub least: u64,
    /// Who has the limit.
    pub per: LimitPer,
}

/// Who has a limit.
#[derive(Clone, Debug, PartialEq)]
pub enum LimitPer {
    /// Each exchange, in this period (`default-period`).
    Exchange(Duration),
    /// All exchanges of a key together, in the period of the rate that the table stores (`key <key> [table <table>]`).
    Key {
        /// The key, then `table` and its name where one is named.
        words: Vec<Word>,
        /// Where the key stands.
        span: Span,
    },
}

struct SetLimit {
    /// What is set where nothing else is asked for.
    limit: BandwidthLimit,
    bytes: Option<Expr>,
    /// In milliseconds.
    period: Option<Expr>,
}

impl Action for SetLimit {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let asked = |expr: &Option<Expr>| {
            let number = expr.as_ref().and_then(|expr| expr.int(exchange));
            number.and_then(|number| u64::try_from(number).ok()).filter(|&number| number > 0)
        };
        let mut limit = self.limit.clone();
        limit.bytes = asked(&self.bytes).unwrap_or(limit.bytes);
        limit.period = asked(&self.period).map_or(limit.period, Duration::from_millis);
        set(exchange, limit);
        Answer::Continue
    }
}

struct SetShared {
    limit: BandwidthLimit,
    keyed: Keyed,
}

impl Action for SetShared {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let Keyed { key, table } = &self.keyed;
        let hold = |sample| with_key(sample, table.schema().key, |key| Held::begin(table, key));
        let held = key.value(exchange).ok().flatten().and_then(hold).flatten();
        // without a key, or a place in the table, there is nobody to share with
        if let Some(held) = held {
            set(exchange, BandwidthLimit { shared: Some(Rc::new(held)), ..self.limit.clone() });
        }
        Answer::Continue
    }
}

/// The last rule that turns a filter on counts.
fn set(exchange: &mut Exchange, limit: BandwidthLimit) {
    let limits = &mut exchange.tune().limits;
    match limits.iter_mut().find(|other| other.name == limit.name && other.upload == limit.upload) {
        Some(other) => *other = limit,
        None => limits.push(limit),
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("the name of a filter")?;
    let Some(filter) = words.compiler.bandwidth_filter(&word.text) else {
        let message =
            format!("there is no 'filter bwlim-in' or 'bwlim-out' of the name '{}' in this proxy", word.text);
        return Err(words.compiler.error(word.span, message));
    };
    let BandwidthFilter { upload, limit: bytes, least, per } = filter;
    let name = Rc::from(&*word.text);
    let limit = BandwidthLimit { name, upload, bytes, period: Duration::ZERO, least, shared: None };
    match per {
        LimitPer::Exchange(period) => own(words, BandwidthLimit { period, ..limit }),
        LimitPer::Key { words: key, span } => {
            let (keyed, period) = words.compiler.shared_limit(upload, &key, span)?;
            Ok(Box::new(SetShared { limit: BandwidthLimit { period, ..limit }, keyed }))
        }
    }
}

fn own(words: &mut Words<'_, '_>, mut limit: BandwidthLimit) -> Made {
    let (mut bytes, mut period) = (None, None);
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "limit" if words.is_number() => limit.bytes = positive(words, |words| words.size(), 0)?,
            "limit" => bytes = Some(words.expr()?),
            "period" if words.is_number() => {
                limit.period = positive(words, |words| words.time(), Duration::ZERO)?
            }
            "period" => period = Some(words.expr()?),
            _ => return Err(words.unexpected(word, ["limit", "period"])),
        }
    }
    Ok(Box::new(SetLimit { limit, bytes, period }))
}

impl Compiler<'_> {
    /// The key and the table of a shared limit, and the period of the rate that the table stores for it.
    fn shared_limit(&self, upload: bool, key: &[Word], span: Span) -> Result<(Keyed, Duration), Reported> {
        let keyed = self.keyed(key, span)?;
        let rate = BandwidthLimit::rate(upload);
        let schema = keyed.table.schema();
        match schema.columns.iter().find(|column| column.data == rate) {
            Some(column) => {
                let period = Duration::from_millis(column.period.into());
                Ok((keyed, period))
            }
            None => {
                let message = format!("the table '{}' does not store '{}'", schema.name, rate.name());
                Err(self.error(span, message))
            }
        }
    }

    /// Checks the keys of the bandwidth limits that no rule has turned on: nothing else would look at them.
    pub fn idle_bandwidth(&self) {
        for filter in self.idle_filters() {
            if let LimitPer::Key { words, span } = &filter.per {
                // what is wrong has been said
                let _ = self.shared_limit(filter.upload, words, *span);
            }
        }
    }
}

fn positive<'w, 'a, T: PartialEq>(
    words: &mut Words<'w, 'a>,
    read: impl Fn(&mut Words<'w, 'a>) -> Result<T, Reported>,
    none: T,
) -> Result<T, Reported> {
    match read(words)? {
        value if value == none => Err(words.fail("a limit of 0 would let nothing through")),
        value => Ok(value),
    }
}
