//! Trees of log formats to compiled ones.

use portero_api::Fetch;
use portero_grammar::rules::{self as tree, LogFlags, LogPart};
use portero_grammar::{Diagnostic, Span, Word};

use super::alias::{self, Alias, From};
use super::{Encoding, Escape, Format, Item, Part, What};
use crate::lookup::FetchWord;
use crate::vocabulary::Args;
use crate::{Compiler, Reported, Stage};

impl Compiler<'_> {
    /// A log format that is evaluated at a stage; `None` where it has mistakes.
    pub fn format(&self, word: &Word, stage: Stage, escape: Escape) -> Option<Format> {
        self.at(stage, || self.build_format(word, escape)).ok()
    }

    /// The same from a tree.
    pub fn format_of(&self, tree: &tree::LogFormat, stage: Stage, escape: Escape) -> Option<Format> {
        self.at(stage, || self.format_tree(tree, escape)).ok()
    }

    /// The log format that a word says, for the present stage.
    pub(crate) fn build_format(&self, word: &Word, escape: Escape) -> Result<Format, Reported> {
        let tree = self.parsed(tree::log_format(word))?;
        self.format_tree(&tree, escape)
    }

    fn format_tree(&self, tree: &tree::LogFormat, escape: Escape) -> Result<Format, Reported> {
        let built: Vec<_> = tree.parts.iter().map(|part| self.part(part, escape)).collect();
        let mut parts: Vec<Part> = built.into_iter().collect::<Result<_, _>>()?;
        if escape == Escape::Log
            && let Some(Part::Text(text)) = parts.first_mut()
        {
            *text = text.trim_ascii_start().into();
        }
        let encoding = match tree.global {
            LogFlags { json: true, .. } => Encoding::Json,
            LogFlags { cbor: true, .. } => Encoding::Cbor,
            _ => Encoding::Plain,
        };
        Ok(Format { parts: parts.into(), escape, encoding, binary: tree.global.bin })
    }

    fn part(&self, part: &LogPart, escape: Escape) -> Result<Part, Reported> {
        let (what, flags, label, cast) = match part {
            LogPart::Text(text) if escape == Escape::Log => return Ok(Part::Text(merge_spaces(text))),
            LogPart::Text(text) => return Ok(Part::Text(text.clone().into())),
            LogPart::Alias { name, flags, label, cast, span } => {
                (What::Alias(self.alias(name, *span)?), *flags, label, *cast)
            }
            LogPart::Expr { expr, flags, label, cast, .. } => {
                (What::Expr(self.build_expr(expr)?), *flags, label, *cast)
            }
        };
        Ok(Part::Item(Box::new(Item { what, flags, label: label.as_deref().map(Into::into), cast })))
    }

    fn alias(&self, name: &str, span: Span) -> Result<Alias, Reported> {
        let Some(row) = alias::row(name) else {
            if name == "OG" {
                return Err(self.error(span, "log format alias '%OG' is not supported yet"));
            }
            let error = Diagnostic::error(span, format!("no such log format alias: '%{name}'"));
            let near = portero_grammar::nearest(name, alias::names());
            let help = match near {
                Some(near) => format!("did you mean '%{near}'? a percent sign itself is written '%%'"),
                None => "a percent sign itself is written '%%'".to_owned(),
            };
            return Err(self.fail(error.help(help)));
        };
        self.note_use(name);
        let fetch = match row.from {
            From::Fetch(fetch) => Some(self.fetch_behind(fetch, span)?),
            From::Write(_) => None,
        };
        Ok(Alias::new(row, fetch))
    }

    fn fetch_behind(&self, name: &str, span: Span) -> Result<Box<dyn Fetch>, Reported> {
        let args = Args { list: &[], context: &self.context, acls: self };
        match self.vocabulary.fetch(name) {
            Some(FetchWord::Ours(kind)) => {
                (kind.make)(&args).map_err(|bad| self.error(span, format!("'{name}': {}", bad.message)))
            }
            _ => Err(self.error(span, format!("'{name}' is not supported yet"))),
        }
    }
}

/// Blanks are delimiters in log lines: each run becomes one space.
fn merge_spaces(text: &[u8]) -> Box<[u8]> {
    let mut merged: Vec<u8> = Vec::with_capacity(text.len());
    for &byte in text {
        let blank = matches!(byte, b' ' | b'\t');
        if !blank {
            merged.push(byte);
        } else if merged.last() != Some(&b' ') {
            merged.push(b' ');
        }
    }
    merged.into()
}
