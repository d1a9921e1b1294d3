//! The patterns of a test, from its words and its lists, into a matcher.

use portero_api::SampleType;
use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, Span, Word};

use super::{Compiler, Reported};
use crate::maps::{self, Columns, Kind, Lookup, Named};
use crate::matching::{Ints, IpNets, Matcher, Method, Net, Operator, Regexes, Texts};

/// A pattern written in the test, with its place and its flag for case.
struct Pattern {
    bytes: Vec<u8>,
    text: String,
    span: Span,
    ignore_case: bool,
}

impl Compiler<'_> {
    /// The matcher of a test: its lists, which may change, and the patterns written beside them, which cannot.
    pub(super) fn matcher(
        &self,
        test: &tree::Test,
        method: Method,
        kind: SampleType,
    ) -> Result<Matcher, Reported> {
        if !method.takes_patterns() {
            return Ok(self.without_patterns(method, test));
        }
        // Methods are compared as they are, whatever the flags (RFC 9110, 9.1).
        let case_matters = method == Method::Str && kind == SampleType::Method;
        let ignore_case = test.flags.iter().any(|f| f.name.text == "-i") && !case_matters;
        let (lists, number) = self.lists(test, method, case_matters);
        let written = test.patterns.iter().map(|word| Pattern {
            bytes: word.bytes().to_vec(),
            text: word.text.clone(),
            span: word.span,
            ignore_case,
        });
        let patterns: Vec<Pattern> = written.collect();
        if let (Some(number), [_, ..]) = (number, &patterns[..]) {
            let mut lists = lists?;
            lists.push(self.numbered(number?, &patterns, Kind { method, ignore_case })?);
            return Ok(Matcher::Lists(lists.into(), None));
        }
        let written = self.compiled(patterns, method);
        let (lists, written) = (lists?, written?);
        let written = (!test.patterns.is_empty()).then_some(written);
        match written {
            Some(written) if lists.is_empty() => Ok(written),
            None if lists.is_empty() => self.compiled(Vec::new(), method),
            written => Ok(Matcher::Lists(lists.into(), written.map(Box::new))),
        }
    }

    fn compiled(&self, patterns: Vec<Pattern>, method: Method) -> Result<Matcher, Reported> {
        match method {
            Method::Int => Ok(Matcher::Int(self.ints(&patterns)?)),
            Method::Len => Ok(Matcher::Len(self.ints(&patterns)?)),
            Method::Ip => {
                self.each(&patterns, |p| ip_net(&p.text)).map(|nets| Matcher::Ip(IpNets::new(nets)))
            }
            Method::Reg => self.regexes(&patterns).map(Matcher::Reg),
            Method::Bin => {
                let bytes = self.each(&patterns, |p| hex(&p.text).map(|b| (b, false)))?;
                Ok(Matcher::Bin(Texts::new(method, bytes)))
            }
            _ => {
                let texts = patterns.into_iter().map(|p| (p.bytes, p.ignore_case)).collect();
                Ok(Matcher::Text(Texts::new(method, texts)))
            }
        }
    }

    fn without_patterns(&self, method: Method, test: &tree::Test) -> Matcher {
        let file = test.flags.iter().filter(|f| f.name.text == "-f").find_map(|f| f.arg.as_ref());
        if let Some(first) = file.or(test.patterns.first()) {
            let message =
                format!("'{}' is not looked at: '-m {}' takes no pattern", first.text, method.name());
            self.push(Diagnostic::warning(first.span, message));
        }
        if method == Method::Found { Matcher::Found } else { Matcher::Bool }
    }

    /// The lists of a test in the order of its flags, and the number that is left for the written patterns. `-i` holds
    /// from its place on, a number for what comes next.
    fn lists(
        &self,
        test: &tree::Test,
        method: Method,
        case_matters: bool,
    ) -> (Result<Vec<Lookup>, Reported>, Option<Result<(u32, Span), Reported>>) {
        let map = test.flags.iter().any(|f| f.name.text == "-M");
        let columns = if map { Columns::KeyAndValue } else { Columns::Key };
        let mut kind = Kind { method, ignore_case: false };
        let mut number = None;
        let mut lists = Vec::new();
        for flag in &test.flags {
            match (flag.name.text.as_str(), &flag.arg) {
                ("-i", _) => kind.ignore_case = !case_matters,
                ("-u", Some(word)) => number = Some(self.number(word)),
                ("-f", Some(file)) => lists.push(self.list(file, kind, columns, number.take())),
                _ => {}
            }
        }
        (lists.into_iter().collect(), number)
    }

    fn number(&self, word: &Word) -> Result<(u32, Span), Reported> {
        let error = || self.error(word.span, format!("'{}' is no number of a list", word.text));
        word.text.parse().map(|number| (number, word.span)).map_err(|_| error())
    }

    /// Written patterns that have a number (`-u`): a list, so that runtime commands can change it.
    fn numbered(
        &self,
        (number, span): (u32, Span),
        patterns: &[Pattern],
        kind: Kind,
    ) -> Result<Lookup, Reported> {
        let patterns = match kind.method {
            Method::Int | Method::Len => self.ranges(patterns)?.into_iter().map(Ints::show).collect(),
            _ => patterns.iter().map(|pattern| pattern.bytes.clone()).collect::<Vec<_>>(),
        };
        let lists = maps::store(self.context.common).compiling();
        let list = lists.written(number, &patterns, self.context.files.place(span));
        let lookup = list.and_then(|list| maps::lookup(list, kind, None));
        lookup.map_err(|why| self.error(span, why))
    }

    fn list(
        &self,
        file: &Word,
        kind: Kind,
        columns: Columns,
        number: Option<Result<(u32, Span), Reported>>,
    ) -> Result<Lookup, Reported> {
        let lists = maps::store(self.context.common).compiling();
        let named = Named { name: &file.text, columns, span: Some(file.span), map: false };
        let said = |why: String| self.error(file.span, why);
        let list = lists.read(named, self.context.files).map_err(said)?;
        if let Some(number) = number {
            let (number, span) = number?;
            lists.number(&list, number).map_err(|why| self.error(span, why))?;
        }
        maps::lookup(list, kind, None).map_err(said)
    }

    fn ints(&self, patterns: &[Pattern]) -> Result<Ints, Reported> {
        self.ranges(patterns).map(Ints::new)
    }

    /// The ranges that integer patterns mean; an operator holds for the patterns behind it.
    fn ranges(&self, patterns: &[Pattern]) -> Result<Vec<(i64, i64)>, Reported> {
        let mut operator = Operator::Eq;
        let ranges = self.each(patterns, |pattern| match Operator::named(&pattern.text) {
            Some(next) => {
                operator = next;
                Ok(None)
            }
            None => Ints::parse(operator, &pattern.text).map(Some),
        })?;
        Ok(ranges.into_iter().flatten().collect())
    }

    fn regexes(&self, patterns: &[Pattern]) -> Result<Regexes, Reported> {
        let sources: Vec<_> = patterns.iter().map(|p| (p.text.as_str(), p.ignore_case)).collect();
        Regexes::new(&sources).map_err(|(index, message)| self.error(patterns[index].span, message))
    }

    /// Reads every pattern; all that cannot be read are reported.
    fn each<T>(
        &self,
        patterns: &[Pattern],
        mut read: impl FnMut(&Pattern) -> Result<T, String>,
    ) -> Result<Vec<T>, Reported> {
        let read: Vec<_> = patterns
            .iter()
            .map(|pattern| read(pattern).map_err(|message| self.error(pattern.span, message)))
            .collect();
        read.into_iter().collect()
    }
}

fn ip_net(text: &str) -> Result<Net, String> {
    Net::parse(text).ok_or_else(|| format!("'{text}' is no IPv4 or IPv6 address or network"))
}

fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        }
        _ => Err(format!("'{text}' is not an even number of hexadecimal digits")),
    }
}
