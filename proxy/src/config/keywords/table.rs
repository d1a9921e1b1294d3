//! `stick-table`, `table` in a peers section, and the section `table` of ours: one list of words for the three (HAProxy manual,
//! section 11.1).

use portero_api::tables::{Column, Data, DataKind, KeyType, ServerName};
use portero_grammar::{Diagnostic, Word};

use super::parameters::{Parameters, parameters};
use super::{Call, Place, Row, row};
use crate::config::reading::Reading;
use crate::config::tables::TableDraft;
use crate::config::time::{self, Unit};

const ANY: Place = Place::ANY;

/// The words of a table; in the section each begins a line.
#[rustfmt::skip]
pub(in crate::config) const ROWS: &[Row<TableDraft>] = &[
    row("brates-factor", ANY, (1, 1), |c| { c.target.brates_factor = c.number(0, 1..=1024)?; Ok(()) }),
    row("expire", ANY, (1, 1), |c| { c.target.expire = Some(c.time(0)?); Ok(()) }),
    row("len", ANY, (1, 1), |c| { c.target.len = Some((c.number(0, 1..=65_535)?, c.span)); Ok(()) }),
    row("nopurge", ANY, (0, 0), |c| { c.target.nopurge = true; Ok(()) }),
    row("peers", ANY, (1, 1), |c| { c.target.peers = Some(c.word(0)?.clone()); Ok(()) }),
    row("recv-only", ANY, (0, 0), |c| { c.target.only_for_peers.push(c.span); Ok(()) }),
    row("size", ANY, (1, 1), |c| { c.target.size = Some(size(c)?); Ok(()) }),
    row("srvkey", ANY, (1, 1), |c| { c.target.srvkey = c.choice(0, SRVKEY)?; Ok(()) }),
    row("store", ANY, (1, 1), store),
    row("type", ANY, (1, 1), |c| { c.target.key = Some(c.choice(0, TYPES)?); Ok(()) }),
    row("write-to", ANY, (1, 1), |c| { c.target.write_to = Some(c.word(0)?.clone()); Ok(()) }),
];

const KNOWN: Parameters<TableDraft> = Parameters { what: "stick-table", rows: ROWS, tls: &[] };

/// Bytes of a key of text where nothing is said.
const KEY_LEN: u32 = 32;

const TYPES: &[(&str, KeyType)] = &[
    ("ip", KeyType::Ip),
    ("ipv4", KeyType::Ip),
    ("ipv6", KeyType::Ipv6),
    ("integer", KeyType::Integer),
    ("string", KeyType::String(KEY_LEN)),
    ("binary", KeyType::Binary(KEY_LEN)),
];

const SRVKEY: &[(&str, ServerName)] = &[("name", ServerName::Name), ("addr", ServerName::Address)];

/// The most elements of an array (`gpc(100)`).
const ELEMENTS: i64 = 100;

/// The words of a line to a table.
pub(in crate::config) fn words(table: &mut TableDraft, words: &[Word], reading: &mut Reading) {
    parameters(&KNOWN, words, table, reading);
}

fn size(c: &Call<'_, TableDraft>) -> Result<usize, Diagnostic> {
    match usize::try_from(c.size(0)?) {
        Ok(size @ 1..) => Ok(size),
        _ => Err(c.about(c.word(0)?, "a table has room for at least one entry")),
    }
}

/// `store a,b(10s),c(2,10s)`
fn store(c: &mut Call<'_, TableDraft>) -> Result<(), Diagnostic> {
    let word = c.word(0)?;
    for item in items(&word.text) {
        let column = column(item).map_err(|message| {
            let name = item.split('(').next().unwrap_or(item);
            match Data::parse(name) {
                Some(_) => c.about(word, message),
                None => c.about(word, message).did_you_mean(name, Data::all().map(Data::name)),
            }
        })?;
        if c.target.columns.iter().any(|known| known.data == column.data) {
            let warning = format!("'{}' is stored already, this one is left out", column.data.name());
            c.reading.out.push(Diagnostic::warning(word.span, warning));
            continue;
        }
        if let Some(other) = c.target.columns.iter().find(|known| exclude(known.data, column.data)) {
            let (a, b) = (column.data.name(), other.data.name());
            return Err(c.about(word, format!("'{a}' and '{b}' exclude each other")));
        }
        c.target.columns.push(column);
    }
    Ok(())
}

/// The parts between commas that stand in no parentheses.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c: char| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    })
}

/// A data type with its arguments; the error is a sentence for the user.
fn column(item: &str) -> Result<Column, String> {
    let (name, args) = match item.split_once('(') {
        Some((name, rest)) => {
            let args = rest.strip_suffix(')').ok_or_else(|| format!("')' is missing behind '{item}'"))?;
            (name, args.split(',').map(str::trim).collect())
        }
        None => (item, Vec::new()),
    };
    let data = Data::parse(name).ok_or_else(|| format!("unknown data type '{name}'"))?;
    let rate = data.kind() == DataKind::Rate;
    let wanted = usize::from(data.is_array()) + usize::from(rate);
    if args.len() != wanted {
        return Err(match (data.is_array(), rate) {
            (false, false) => format!("'{name}' takes no argument"),
            (false, true) => format!("'{name}' needs its period: '{name}(10s)'"),
            (true, false) => format!("'{name}' needs the number of its elements: '{name}(2)'"),
            (true, true) => {
                format!("'{name}' needs the number of its elements and its period: '{name}(2,10s)'")
            }
        });
    }
    let len = match data.is_array() {
        true => time::number(args[0], 1..=ELEMENTS)? as u8,
        false => 1,
    };
    let period = match args.last().filter(|_| rate) {
        Some(text) => time::duration(text, Unit::Millis)?.as_millis() as u32,
        None => 0,
    };
    if rate && period == 0 {
        return Err(format!("'{name}': a period is at least 1 ms"));
    }
    Ok(Column { data, len, period })
}

/// The old single counters do not go with the arrays that replace them.
fn exclude(a: Data, b: Data) -> bool {
    use Data::{Gpc, Gpc0, Gpc0Rate, Gpc1, Gpc1Rate, GpcRate, Gpt, Gpt0};
    let one_way = |array, old| {
        matches!((array, old), (Gpt, Gpt0) | (Gpc, Gpc0 | Gpc1) | (GpcRate, Gpc0Rate | Gpc1Rate))
    };
    one_way(a, b) || one_way(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_types_are_cut_at_commas_outside_parentheses() {
        assert_eq!(items("a,b(1,2),c").collect::<Vec<_>>(), ["a", "b(1,2)", "c"]);
        let rates = Column { data: Data::GpcRate, len: 2, period: 10_000 };
        assert_eq!(column("gpc_rate(2,10s)"), Ok(rates));
    }

    #[test]
    fn what_is_wrong_with_a_data_type_is_said() {
        for (item, said) in [
            ("gpc2", "unknown data type 'gpc2'"),
            ("conn_rate", "needs its period"),
            ("conn_rate(0)", "at least 1 ms"),
            ("conn_cnt(1)", "takes no argument"),
            ("gpc", "number of its elements"),
            ("gpt(0)", "0"),
            ("gpt(101)", "101"),
            ("gpc(1", "')' is missing"),
        ] {
            let error = column(item).expect_err(item);
            assert!(error.contains(said), "{item}: {error}");
        }
    }
}
