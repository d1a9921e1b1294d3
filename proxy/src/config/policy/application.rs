//! `apply NAME [PARAM=VALUE ...] [if|unless CONDITION]`

use std::collections::BTreeMap;

use portero_grammar::cfg::Line;
use portero_grammar::{Diagnostic, FileId, Span, Word, rules};

use super::definition::{Param, Policy, TABLE};
use super::fill::{self, Values};
use super::value::Value;

/// An `apply` line, taken apart.
pub(super) struct Application {
    pub(super) policy: Word,
    args: Vec<Arg>,
    /// `if ...` or `unless ...`; empty where there is none.
    pub(super) condition: Vec<Word>,
    pub(super) span: Span,
}

/// `PARAM=VALUE`
struct Arg {
    name: Word,
    value: Vec<Word>,
    /// True for the words of a list or a condition that one policy hands on to another: they are taken as they are.
    handed: bool,
}

impl Application {
    /// Reads a line. In a policy it is written with the parameters of that one, whose values are given.
    pub(super) fn read(line: &Line, outer: Option<&Values>) -> Result<Application, Vec<Diagnostic>> {
        let is_condition = |word: &Word| !word.quoted && matches!(&*word.text, "if" | "unless");
        let at = line.words.iter().position(is_condition).unwrap_or(line.words.len());
        let (words, condition) = line.words.split_at(at);
        let Some((policy, args)) = words[1..].split_first() else {
            let error = Diagnostic::error(line.span, "'apply' must be followed by the name of a policy");
            return Err(vec![error]);
        };
        let (mut read, mut errors) = (Vec::new(), Vec::new());
        for word in args {
            match Arg::read(word, outer) {
                Ok(arg) => read.push(arg),
                Err(error) => errors.push(error),
            }
        }
        let fill =
            |word: &Word| outer.map_or_else(|| Ok(vec![word.clone()]), |values| fill::fill(word, values));
        let condition = match condition.iter().map(fill).collect::<Result<Vec<_>, _>>() {
            Ok(words) => words.concat(),
            Err(error) => return Err([errors, vec![error]].concat()),
        };
        errors.extend(rules::condition(&condition).err().unwrap_or_default());
        match errors.is_empty() {
            true => Ok(Application { policy: policy.clone(), args: read, condition, span: line.span }),
            false => Err(errors),
        }
    }

    /// The values of all parameters of the policy. Those that come from its defaults lie in the file it is applied as. A
    /// table of its own has the name given here, unless the line says another.
    pub(super) fn bind(&self, policy: &Policy, file: FileId, table: &str) -> Result<Values, Vec<Diagnostic>> {
        let (mut given, mut values) = (self.given(policy), Values::new());
        let mut errors: Vec<_> = self.unknown(policy).collect();
        for param in &policy.params {
            let name = &param.name.text;
            let bound = match given.remove(name) {
                Some(given) => self.checked(param, given),
                None if policy.table.is_some() && name == TABLE => {
                    Ok(Value { kind: param.kind, words: vec![Word::plain(table, self.span)] })
                }
                None => self.default(policy, param, &values, file),
            };
            match bound {
                Ok(value) => drop(values.insert(name.clone(), value)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// What the line says of the policy's parameters, a list's several values together.
    fn given(&self, policy: &Policy) -> Values {
        let mut values = BTreeMap::new();
        for arg in &self.args {
            if let Some(param) = policy.params.iter().find(|param| param.name.text == arg.name.text) {
                let empty = || Value { kind: param.kind, words: Vec::new() };
                let value: &mut Value = values.entry(arg.name.text.clone()).or_insert_with(empty);
                match param.kind.is_many() && !arg.handed {
                    true => value.words.extend(arg.value.iter().flat_map(split)),
                    false => value.words.extend(arg.value.iter().cloned()),
                }
            }
        }
        values
    }

    fn unknown(&self, policy: &Policy) -> impl Iterator<Item = Diagnostic> {
        let unknown = self.args.iter().filter(|arg| !policy.names().any(|name| name == arg.name.text));
        unknown.map(|arg| {
            let message = format!("policy '{}' has no parameter '{}'", policy.name.text, arg.name.text);
            let error = Diagnostic::error(arg.name.span, message);
            let names: Vec<_> = policy.names().collect();
            let help = match names.is_empty() {
                true => "it takes none".to_owned(),
                false => format!("it takes: {}", names.join(", ")),
            };
            error.help(help).did_you_mean(&arg.name.text, policy.names())
        })
    }

    fn checked(&self, param: &Param, value: Value) -> Result<Value, Diagnostic> {
        let args = || self.args.iter().filter(|arg| arg.name.text == param.name.text);
        if let (Some(again), false) = (args().nth(1), param.kind.is_many()) {
            return Err(Diagnostic::error(again.name.span, format!("'{}' is given twice", again.name.text)));
        }
        let at = args().next().map_or(self.span, Arg::span);
        if !param.kind.is_many() && value.words.len() != 1 {
            return Err(Diagnostic::error(at, format!("parameter '{}' takes one word", param.name.text)));
        }
        param.kind.check(&param.name.text, &value.words, at)?;
        Ok(value)
    }

    fn default(
        &self,
        policy: &Policy,
        param: &Param,
        known: &Values,
        file: FileId,
    ) -> Result<Value, Diagnostic> {
        let name = &param.name.text;
        let Some(words) = &param.default else {
            let message = format!("policy '{}' needs '{name}'", policy.name.text);
            return Err(Diagnostic::error(self.policy.span, message).help(format!("write '{name}=VALUE'")));
        };
        let mut filled = Vec::new();
        for word in words {
            // only those that are declared above it are known yet
            if let Some(unknown) = fill::references(&word.text)
                .into_iter()
                .filter_map(|r| r.name)
                .find(|n| !known.contains_key(*n))
            {
                let message =
                    format!("the default of '{name}' refers to '{unknown}', which is not known above it");
                return Err(Diagnostic::error(word.span, message));
            }
            let word = Word { span: Span { file, ..word.span }, ..word.clone() };
            filled.extend(fill::fill(&word, known)?);
        }
        let at = filled.first().map_or(self.policy.span, |word| word.span);
        param.kind.check(name, &filled, at)?;
        Ok(Value { kind: param.kind, words: filled })
    }
}

impl Arg {
    fn read(word: &Word, outer: Option<&Values>) -> Result<Arg, Diagnostic> {
        let Some(at) = word.text.find('=').filter(|&at| fill::is_name(&word.text[..at])) else {
            let error = Diagnostic::error(word.span, format!("'{}' is no 'PARAM=VALUE'", word.text));
            return Err(error.help("a value with blanks stands in quotes: PARAM=\"a b\""));
        };
        let (name, value) = (piece(word, 0, at), piece(word, at + 1, word.text.len()));
        let Some(outer) = outer else { return Ok(Arg { name, value: vec![value], handed: false }) };
        match fill::handed(&value, outer) {
            Some(words) => Ok(Arg { name, value: words.to_vec(), handed: true }),
            None => Ok(Arg { name, value: fill::fill(&value, outer)?, handed: false }),
        }
    }

    /// From the name to the value, as far as they lie in one file.
    fn span(&self) -> Span {
        self.value.last().map_or(self.name.span, |last| self.name.span.to(last.span))
    }
}

/// The words of a value, parted by blanks.
fn split(value: &Word) -> Vec<Word> {
    let start = |part: &str| part.as_ptr() as usize - value.text.as_ptr() as usize;
    let parts = value.text.split_ascii_whitespace().map(|part| (start(part), part.len()));
    parts
        .map(|(at, length)| piece(value, at, at + length))
        .map(|word| Word { quoted: false, ..word })
        .collect()
}

/// A piece of a word as a word.
fn piece(word: &Word, start: usize, end: usize) -> Word {
    let text = &word.text[start..end];
    let bytes = word.bytes_of(start, end);
    Word {
        text: text.to_owned(),
        span: word.part(start, end),
        quoted: true,
        map: word.map.as_ref().map(|map| map[start..end].into()),
        raw: (bytes != text.as_bytes()).then(|| bytes.into()),
    }
}
