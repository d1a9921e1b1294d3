//! The keywords of a configuration: one readable table per section, one row per keyword.
//!
//! A row says where the keyword may stand, how many words it takes, and what it does. Words that HAProxy knows and we do
//! not support have rows as well, so that each is refused by name.

pub(super) mod bind;
pub(super) mod global;
pub(super) mod global_others;
pub(super) mod http_errors;
pub(super) mod log;
pub(super) mod lua;
pub(super) mod peers;
pub(super) mod proxy;
pub(super) mod server;
pub(super) mod table;
pub(super) mod userlist;
pub(super) mod wasm;

mod call;
mod parameters;
mod summaries;
mod tls;

pub(super) use call::{Call, Form, choose};
pub(crate) use summaries::summary;

use portero_grammar::cfg::Line;
use portero_grammar::{Diagnostic, Span, Word};

use super::reading::Reading;

/// One keyword.
pub(super) struct Row<T: 'static> {
    /// Its words: `mode`, `timeout client`; `tune.ssl.*` for all that begin so.
    name: &'static str,
    /// Where it may stand.
    place: Place,
    /// How many words it takes at least and at most.
    args: (usize, usize),
    /// Whether `no` and `default` may stand in front.
    inverts: bool,
    /// Whether it means anything in HTTP mode only.
    http: bool,
    does: Does<T>,
}

/// What a keyword does.
enum Does<T: 'static> {
    Run(fn(&mut Call<'_, T>) -> Result<(), Diagnostic>),
    /// Turns a switch on, or off behind `no`.
    Switch(fn(&mut T) -> &mut bool),
    /// HAProxy knows it, we do not yet.
    NotYet,
    /// Accepted, because it changes nothing here: says why.
    Moot(&'static str),
    /// HAProxy does not know it any more: says what to write.
    Gone(&'static str),
}

/// The sections that a keyword may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u8);

impl Place {
    pub(super) const DEFAULTS: Place = Place(1);
    pub(super) const FRONTEND: Place = Place(2);
    pub(super) const LISTEN: Place = Place(4);
    pub(super) const BACKEND: Place = Place(8);
    /// Wherever the table holds.
    pub(super) const ANY: Place = Place(15);

    pub(super) const fn and(self, other: Place) -> Place {
        Place(self.0 | other.0)
    }

    pub(super) fn allows(self, section: Place) -> bool {
        self.0 & section.0 != 0
    }
}

/// A keyword that `run` gives its meaning.
pub(super) const fn row<T>(
    name: &'static str,
    place: Place,
    args: (usize, usize),
    run: fn(&mut Call<'_, T>) -> Result<(), Diagnostic>,
) -> Row<T> {
    Row { name, place, args, inverts: false, http: false, does: Does::Run(run) }
}

/// A switch, off at first.
pub(super) const fn switch<T>(name: &'static str, place: Place, field: fn(&mut T) -> &mut bool) -> Row<T> {
    Row { name, place, args: (0, 0), inverts: true, http: false, does: Does::Switch(field) }
}

/// A keyword that is refused by name.
pub(super) const fn not_yet<T>(name: &'static str, place: Place) -> Row<T> {
    Row { name, place, args: (0, MANY), inverts: true, http: false, does: Does::NotYet }
}

/// A keyword that is accepted with a note.
pub(super) const fn moot<T>(name: &'static str, place: Place, why: &'static str) -> Row<T> {
    Row { name, place, args: (0, MANY), inverts: true, http: false, does: Does::Moot(why) }
}

/// A keyword of old versions, with what to write instead.
pub(super) const fn gone<T>(name: &'static str, help: &'static str) -> Row<T> {
    Row { name, place: Place::ANY, args: (0, MANY), inverts: true, http: false, does: Does::Gone(help) }
}

/// The keyword with `no` and `default` allowed in front.
pub(super) const fn inverts<T>(mut row: Row<T>) -> Row<T> {
    row.inverts = true;
    row
}

/// The keyword as one that means something in HTTP mode only.
pub(super) const fn http<T>(mut row: Row<T>) -> Row<T> {
    row.http = true;
    row
}

/// Any number of words.
pub(super) const MANY: usize = usize::MAX;

impl<T> Row<T> {
    /// Its words.
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// As a parameter, it has no word behind it.
    pub(super) const fn takes_none(mut self) -> Self {
        self.args = (0, 0);
        self
    }

    /// As a parameter, it has one word behind it.
    pub(super) const fn takes_one(mut self) -> Self {
        self.args = (1, 1);
        self
    }

    /// How many further words the parameter takes, in a list of parameters where nothing marks their end.
    fn takes(&self) -> usize {
        self.args.1
    }
}

/// The names of all keywords of a kind of section.
pub(super) fn names(section: &str) -> impl Iterator<Item = &'static str> {
    about(section).into_iter().map(|row| row.name)
}

/// The names of those that do something.
#[cfg(test)]
pub(super) fn supported(section: &str) -> impl Iterator<Item = &'static str> {
    about(section).into_iter().filter(|row| row.remark.is_none()).map(|row| row.name)
}

/// What the tables say of a keyword, for editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    /// Its words.
    pub(crate) name: &'static str,
    /// How many words it takes at least and at most.
    pub(crate) args: (usize, usize),
    /// Whether `no` and `default` may stand in front.
    pub(crate) inverts: bool,
    /// Whether it means anything in HTTP mode only.
    pub(crate) http: bool,
    /// What is to be said beside what it does: that it is not supported yet, changes nothing, or is gone.
    pub(crate) remark: Option<&'static str>,
    place: Place,
}

impl About {
    /// The sections that it may stand in, for keywords of proxies.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &'static str> {
        const ALL: [(&str, Place); 4] = [
            ("defaults", Place::DEFAULTS),
            ("frontend", Place::FRONTEND),
            ("listen", Place::LISTEN),
            ("backend", Place::BACKEND),
        ];
        let place = self.place;
        ALL.into_iter().filter(move |(_, section)| place.allows(*section)).map(|(name, _)| name)
    }
}

/// What the tables say of the keywords of a kind of section.
pub(crate) fn about(section: &str) -> Vec<About> {
    fn of<T>(tables: &[&[Row<T>]]) -> Vec<About> {
        let about = |row: &Row<T>| About {
            name: row.name,
            args: row.args,
            inverts: row.inverts,
            http: row.http,
            place: row.place,
            remark: match row.does {
                Does::NotYet => Some("not supported yet"),
                Does::Moot(why) => Some(why),
                Does::Gone(help) => Some(help),
                Does::Run(_) | Does::Switch(_) => None,
            },
        };
        tables.iter().flat_map(|rows| rows.iter()).map(about).collect()
    }
    match section {
        "global" => of(&[
            global::ROWS,
            lua::ROWS,
            wasm::ROWS,
            global_others::NOT_YET,
            global_others::MOOT,
            global_others::GONE,
        ]),
        "http-errors" => of(&[http_errors::ROWS]),
        "peers" => of(&[peers::ROWS]),
        "table" => of(&[table::ROWS]),
        "userlist" => of(&[userlist::ROWS]),
        _ => of(proxy::TABLES),
    }
}

/// A line with what it was found to be.
pub(super) struct Found<'t, 'l, T: 'static> {
    pub(super) row: &'t Row<T>,
    pub(super) form: Form,
    /// The words of the keyword, without `no`.
    pub(super) keyword: &'l [Word],
    pub(super) args: &'l [Word],
}

impl<T> Found<'_, '_, T> {
    /// The place of the keyword.
    pub(super) fn span(&self) -> Span {
        let (first, last) = (&self.keyword[0], &self.keyword[self.keyword.len() - 1]);
        first.span.to(last.span)
    }

    /// The keyword with single spaces.
    pub(super) fn text(&self) -> String {
        let words: Vec<_> = self.keyword.iter().map(|w| &*w.text).collect();
        words.join(" ")
    }

    /// Whether the keyword means something in HTTP mode only.
    pub(super) fn is_http(&self) -> bool {
        self.row.http
    }

    /// Where it may stand.
    pub(super) fn place(&self) -> Place {
        self.row.place
    }

    /// Does what the row says.
    pub(super) fn run(&self, line: Span, target: &mut T, reading: &mut Reading) {
        let mut call = Call {
            target,
            reading,
            name: self.row.name,
            span: self.span(),
            line,
            args: self.args,
            form: self.form,
        };
        if let Err(error) = run(self.row, &mut call) {
            reading.out.push(error);
        }
    }
}

/// Finds the row of a line. The error says what is wrong with the keyword.
pub(super) fn find<'t, 'l, T>(
    tables: &[&'t [Row<T>]],
    section: &str,
    line: &'l Line,
) -> Result<Found<'t, 'l, T>, Diagnostic> {
    let form = match line.keyword() {
        "no" => Form::No,
        "default" => Form::Default,
        _ => Form::Plain,
    };
    let words = if form == Form::Plain { &line.words[..] } else { &line.words[1..] };
    if words.is_empty() {
        return Err(Diagnostic::error(
            line.span,
            format!("a keyword is missing behind '{}'", line.keyword()),
        ));
    }
    let rows = || tables.iter().flat_map(|t| t.iter());
    let matching = rows().filter_map(|row| Some((matches(row.name, words)?, row)));
    let Some((length, row)) = matching.max_by_key(|(length, _)| *length) else {
        return Err(unknown(rows().map(|r| r.name), section, words));
    };
    if form != Form::Plain && !row.inverts {
        let message = format!("'{}' cannot stand in front of '{}'", line.keyword(), row.name);
        return Err(Diagnostic::error(line.words[0].span, message));
    }
    let (keyword, args) = words.split_at(length);
    Ok(Found { row, form, keyword, args })
}

fn run<T>(row: &Row<T>, call: &mut Call<'_, T>) -> Result<(), Diagnostic> {
    let name = said(row, call);
    match row.does {
        Does::NotYet => {
            return Err(Diagnostic::error(call.span, format!("keyword '{name}' is not supported yet")));
        }
        Does::Moot(why) => {
            let note = format!("'{name}' changes nothing here: {why}");
            call.reading.out.push(Diagnostic::note(call.span, note));
            return Ok(());
        }
        Does::Gone(help) => {
            let message = format!("keyword '{name}' is not part of the language any more");
            return Err(Diagnostic::error(call.span, message).help(help));
        }
        Does::Run(_) | Does::Switch(_) => {}
    }
    if call.form == Form::Plain {
        call.check_count(row.args)?;
    }
    match row.does {
        Does::Run(run) => run(call),
        Does::Switch(field) => {
            let value = call.form == Form::Plain;
            *field(call.target) = value;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The keyword as messages name it: what was written, where the row only says how it begins.
fn said<'n, T>(row: &Row<T>, call: &'n Call<'_, T>) -> &'n str {
    match row.name.ends_with(['*', '(', '.']) {
        true => call.reading.sources.slice(call.span),
        false => row.name,
    }
}

/// How many words of a line a keyword covers. A star at its end stands for any rest.
fn matches(name: &str, words: &[Word]) -> Option<usize> {
    let mut length = 0;
    for part in name.split(' ') {
        let word = words.get(length)?;
        let same = match part.strip_suffix('*') {
            Some(beginning) => word.text.starts_with(beginning),
            None => word.text == part,
        };
        if !same {
            return None;
        }
        length += 1;
    }
    Some(length)
}

fn unknown(names: impl Iterator<Item = &'static str>, section: &str, words: &[Word]) -> Diagnostic {
    let first = &words[0];
    let names: Vec<_> = names.collect();
    let seconds: Vec<_> =
        names.iter().filter_map(|n| n.strip_prefix(&*first.text)?.strip_prefix(' ')).collect();
    if seconds.is_empty() {
        let error =
            Diagnostic::error(first.span, format!("unknown keyword '{}' in section '{section}'", first.text));
        return error.did_you_mean(&first.text, names.iter().map(|n| n.split(' ').next().unwrap_or(n)));
    }
    match words.get(1) {
        Some(second) => {
            Diagnostic::error(second.span, format!("unknown '{}' behind '{}'", second.text, first.text))
                .did_you_mean(&second.text, seconds)
        }
        None => Diagnostic::error(first.span, format!("'{}' needs a second word", first.text))
            .help(format!("one of: {}", seconds.join(", "))),
    }
}
