//! `set-bandwidth-limit`: turns a filter of the proxy on (HAProxy manual, sections 4.4 and 9.7).

use std::rc::Rc;
use std::time::Duration;

use portero_api::{Action, Answer, BandwidthLimit, Exchange};
use portero_grammar::rules::Family::*;

use super::words::Words;
use super::{ActionKind, Made};
use crate::{Expr, Reported};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "set-bandwidth-limit",
    families: &[TcpRequestContent, TcpResponseContent, HttpRequest, HttpResponse],
    syntax: "<filter> [limit <size>|<expr>] [period <time>|<expr>]",
    summary: "limit the bandwidth of the exchange by a 'filter bwlim-in' or 'bwlim-out' of the proxy",
    ends: false,
    make,
}];

/// `filter bwlim-in|bwlim-out NAME default-limit SIZE default-period TIME [min-size SIZE]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandwidthFilter {
    /// True for `bwlim-in`: from the client to the server.
    pub upload: bool,
    /// Bytes in a period.
    pub limit: u64,
    /// The period.
    pub period: Duration,
    /// The least bytes that move at a time.
    pub least: u64,
}

struct SetLimit {
    name: Rc<str>,
    filter: BandwidthFilter,
    limit: Option<Expr>,
    /// In milliseconds.
    period: Option<Expr>,
}

impl Action for SetLimit {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let asked = |expr: &Option<Expr>| {
            let number = expr.as_ref().and_then(|expr| expr.int(exchange));
            number.and_then(|number| u64::try_from(number).ok()).filter(|&number| number > 0)
        };
        let limit = BandwidthLimit {
            name: self.name.clone(),
            upload: self.filter.upload,
            bytes: asked(&self.limit).unwrap_or(self.filter.limit),
            period: asked(&self.period).map_or(self.filter.period, Duration::from_millis),
            least: self.filter.least,
        };
        let limits = &mut exchange.tune().limits;
        match limits.iter_mut().find(|other| other.name == limit.name && other.upload == limit.upload) {
            Some(other) => *other = limit,
            None => limits.push(limit),
        }
        Answer::Continue
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("the name of a filter")?;
    let Some(mut filter) = words.compiler.bandwidth_filter(&word.text) else {
        let message =
            format!("there is no 'filter bwlim-in' or 'bwlim-out' of the name '{}' in this proxy", word.text);
        return Err(words.compiler.error(word.span, message));
    };
    let name = Rc::from(&*word.text);
    let (mut limit, mut period) = (None, None);
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "limit" if words.is_number() => filter.limit = positive(words, |words| words.size(), 0)?,
            "limit" => limit = Some(words.expr()?),
            "period" if words.is_number() => {
                filter.period = positive(words, |words| words.time(), Duration::ZERO)?
            }
            "period" => period = Some(words.expr()?),
            _ => return Err(words.unexpected(word, ["limit", "period"])),
        }
    }
    Ok(Box::new(SetLimit { name, filter, limit, period }))
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
