//! Actions on header fields that come as one packed string: add-headers-bin, set-headers-bin, del-headers-bin (the
//! encoding is that of `req.hdrs_bin`).

use portero_api::{Action, Answer, Exchange, trim};

use super::headers::{Side, is_name};
use super::strict::no_room;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::Expr;
use crate::matching::{Method, Texts};

pub(super) static ROWS: &[ActionKind] = &[
    row("add-headers-bin", "<expr> [prefix <text>]", "add the header fields of a packed list", |words| {
        write(words, false)
    }),
    row(
        "set-headers-bin",
        "<expr> [prefix <text>]",
        "the same, in the place of fields of those names",
        |words| write(words, true),
    ),
    row(
        "del-headers-bin",
        "<expr> [-m str|beg|end|sub]",
        "remove the header fields that a packed list names",
        delete,
    ),
];

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    make: fn(&mut Words<'_, '_>) -> Made,
) -> ActionKind {
    ActionKind { name, families: families::HTTP, syntax, summary, ends: false, make }
}

struct Write {
    side: Side,
    list: Expr,
    /// Only fields whose names begin so.
    prefix: Box<[u8]>,
    replaces: bool,
}

impl Action for Write {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut packed = Vec::new();
        if !self.list.write_bytes(exchange, &mut packed) {
            return Answer::Continue;
        }
        let fields = pairs(&packed);
        let wanted =
            |name: &[u8]| name.get(..self.prefix.len()).is_some_and(|b| b.eq_ignore_ascii_case(&self.prefix));
        let fields: Vec<_> = fields.into_iter().filter(|(name, _)| wanted(name)).collect();
        let headers = self.side.headers(exchange);
        if self.replaces {
            for (name, _) in &fields {
                headers.remove(name);
            }
        }
        for (name, value) in fields.into_iter().filter(|(name, value)| is_field(name, value)) {
            let value = trim(value);
            if !self.side.may_grow(exchange, name.len() + value.len() + ": \r\n".len()) {
                return no_room(exchange);
            }
            self.side.headers(exchange).add(name, value);
        }
        Answer::Continue
    }
}

/// What would break the message is not added: nobody has looked at these bytes before.
fn is_field(name: &[u8], value: &[u8]) -> bool {
    let breaks = |b: &u8| matches!(b, b'\r' | b'\n' | 0);
    is_name(name) && !value.iter().any(breaks)
}

fn write(words: &mut Words<'_, '_>, replaces: bool) -> Made {
    let list = words.expr()?;
    let prefix = if words.take("prefix") { words.need("a prefix")?.bytes().into() } else { Box::default() };
    Ok(Box::new(Write { side: Side::of(words.family), list, prefix, replaces }))
}

struct Delete {
    side: Side,
    list: Expr,
    method: Method,
}

impl Action for Delete {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut packed = Vec::new();
        if !self.list.write_bytes(exchange, &mut packed) {
            return Answer::Continue;
        }
        let names: Vec<_> = strings(&packed).into_iter().filter(|name| !name.is_empty()).collect();
        let headers = self.side.headers(exchange);
        if self.method == Method::Str {
            for name in names {
                headers.remove(name);
            }
        } else {
            let texts = Texts::new(self.method, names.iter().map(|name| (name.to_vec(), true)).collect());
            headers.retain(|name, _| !texts.matches(name));
        }
        Answer::Continue
    }
}

fn delete(words: &mut Words<'_, '_>) -> Made {
    let list = words.expr()?;
    let mut method = Method::Str;
    if words.take("-m") {
        let word = words.need("a matching method")?;
        method = match Method::named(&word.text) {
            Some(method @ (Method::Str | Method::Beg | Method::End | Method::Sub)) => method,
            _ => return Err(words.unexpected(word, ["str", "beg", "end", "sub"])),
        };
    }
    Ok(Box::new(Delete { side: Side::of(words.family), list, method }))
}

/// Names and values, up to the empty pair at the end or to what is no string any more.
fn pairs(packed: &[u8]) -> Vec<(&[u8], &[u8])> {
    let strings = strings(packed);
    let pairs = strings.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.take_while(|(name, _)| !name.is_empty()).collect()
}

/// The strings of a packed list, each behind its length.
fn strings(mut packed: &[u8]) -> Vec<&[u8]> {
    let mut strings = Vec::new();
    while let Some(length) = number(&mut packed) {
        let Some((string, rest)) = packed.split_at_checked(length) else { break };
        strings.push(string);
        packed = rest;
    }
    strings
}

/// A number as SPOE writes it: up to 239 in one byte, else four bits there and seven in each that follows.
fn number(packed: &mut &[u8]) -> Option<usize> {
    let (first, rest) = packed.split_first()?;
    *packed = rest;
    let mut number = usize::from(*first);
    let mut shift = 4;
    while number >= 240 {
        let (next, rest) = packed.split_first()?;
        *packed = rest;
        number = number.checked_add(usize::from(*next).checked_shl(shift)?)?;
        shift += 7;
        if *next < 128 {
            break;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_fetch() {
        for length in [0, 1, 239, 240, 241, 2287, 2288, 100_000, 264_432] {
            let mut packed = Vec::new();
            crate::fetches::variable_length(length, &mut packed);
            assert_eq!(number(&mut &packed[..]), Some(length), "{packed:?}");
        }
    }

    #[test]
    fn broken_lists_end_where_they_break() {
        assert_eq!(strings(b"\x01a\x05bc"), [b"a"]);
        assert_eq!(strings(b"\xff"), [b""; 0]);
        assert_eq!(strings(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), [b""; 0]);
        assert_eq!(pairs(b"\x01a\x01b\x00\x00\x01c\x01d"), [(&b"a"[..], &b"b"[..])]);
    }
}
