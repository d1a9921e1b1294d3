//! The patterns of a test, from its words and its files, into a matcher.

use portero_api::SampleType;
use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, Span, Word};

use super::{Compiler, Reported};
use crate::matching::{Ints, IpNets, Matcher, Method, Net, Operator, Regexes, Texts};

/// A pattern with its place and its flag for case.
struct Pattern {
    bytes: Vec<u8>,
    text: String,
    span: Span,
    ignore_case: bool,
}

impl Compiler<'_> {
    /// The matcher of a test.
    pub(super) fn matcher(
        &self,
        test: &tree::Test,
        method: Method,
        kind: SampleType,
    ) -> Result<Matcher, Reported> {
        let mut patterns = self.patterns(test)?;
        if method == Method::Str && kind == SampleType::Method {
            // Methods are compared as they are, whatever the flags (RFC 9110, 9.1).
            patterns.iter_mut().for_each(|p| p.ignore_case = false);
        }
        if !method.takes_patterns() {
            return Ok(self.without_patterns(method, &patterns));
        }
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

    fn without_patterns(&self, method: Method, patterns: &[Pattern]) -> Matcher {
        if let Some(first) = patterns.first() {
            let message =
                format!("'{}' is not looked at: '-m {}' takes no pattern", first.text, method.name());
            self.push(Diagnostic::warning(first.span, message));
        }
        if method == Method::Found { Matcher::Found } else { Matcher::Bool }
    }

    /// All patterns in order: those of files where their flag stands, then the words. `-i` holds from its place on.
    fn patterns(&self, test: &tree::Test) -> Result<Vec<Pattern>, Reported> {
        let mut ignore_case = false;
        let mut all = Vec::new();
        let mut result = Ok(());
        let map = test.flags.iter().any(|f| f.name.text == "-M");
        for flag in &test.flags {
            match (flag.name.text.as_str(), &flag.arg) {
                ("-i", _) => ignore_case = true,
                ("-f", Some(file)) => {
                    if let Err(reported) = self.read_patterns(file, ignore_case, map, &mut all) {
                        result = Err(reported);
                    }
                }
                _ => {}
            }
        }
        all.extend(test.patterns.iter().map(|word| Pattern {
            bytes: word.bytes().to_vec(),
            text: word.text.clone(),
            span: word.span,
            ignore_case,
        }));
        result.map(|()| all)
    }

    /// Reads a file of patterns: one a line, leading blanks taken away, `#` at the start of a line is a comment.
    /// With `-M` only the first column counts.
    fn read_patterns(
        &self,
        file: &Word,
        ignore_case: bool,
        map: bool,
        into: &mut Vec<Pattern>,
    ) -> Result<(), Reported> {
        let content = self.context.files.read(&file.text).map_err(|why| {
            self.error(file.span, format!("cannot read pattern file '{}': {why}", file.text))
        })?;
        for line in content.split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.first() == Some(&b'#') {
                continue;
            }
            let mut pattern = line.trim_ascii_start();
            if map {
                let end = pattern.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(pattern.len());
                pattern = &pattern[..end];
            }
            if !pattern.is_empty() {
                into.push(Pattern {
                    bytes: pattern.to_vec(),
                    text: String::from_utf8_lossy(pattern).into_owned(),
                    span: file.span,
                    ignore_case,
                });
            }
        }
        Ok(())
    }

    fn ints(&self, patterns: &[Pattern]) -> Result<Ints, Reported> {
        let mut operator = Operator::Eq;
        let ranges = self.each(patterns, |pattern| match Operator::named(&pattern.text) {
            Some(next) => {
                operator = next;
                Ok(None)
            }
            None => Ints::parse(operator, &pattern.text).map(Some),
        })?;
        Ok(Ints::new(ranges.into_iter().flatten().collect()))
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
