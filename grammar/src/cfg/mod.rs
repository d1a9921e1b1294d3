//! The `haproxy.cfg` file: sections of lines of words (HAProxy manual, section 2).
//!
//! [`parse`] walks the files line by line, in order, because a line may change what the next one means: `setenv`
//! changes the variables, `.if` decides whether lines count at all. A line is cut by `cfg.pest`.

mod blocks;
mod condition;
mod env;
mod load;
mod tree;
pub(crate) mod words;

use crate::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};
use blocks::{Blocks, Next};
use words::RawLine;

pub use env::{Environment, Settings, Version};
pub use load::{add_bytes, order_folder};
pub use tree::{Line, Section};

/// The words that start a section, wherever they stand first on a line.
pub const SECTIONS: &[&str] = &[
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "userlist",
    "peers",
    "resolvers",
    "mailers",
    "cache",
    "program",
    "http-errors",
    "ring",
    "log-forward",
    "log-profile",
    "fcgi-app",
    "crt-store",
    "traces",
    "healthcheck",
    "acme",
    "namespace_list",
    // ours: a group of rules under a name
    "policy",
];

/// What was read from the files.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The sections in order, over all files.
    pub sections: Vec<Section>,
    /// What is to be said about the text. With an error among it the sections are not to be used.
    pub diagnostics: Diagnostics,
}

/// Reads files in order, as if each began anew outside any section. Every mistake is reported; only `.alert` stops.
pub fn parse(sources: &Sources, files: &[FileId], env: &mut dyn Environment) -> Parsed {
    let mut parsed = Parsed::default();
    for &file in files {
        let mut reader = Reader {
            sources,
            env: &mut *env,
            parsed: &mut parsed,
            blocks: Blocks::default(),
            place: Place::Before,
        };
        if reader.file(file) == Next::Stop {
            break;
        }
        let Reader { blocks, .. } = reader;
        blocks.finish(&mut parsed.diagnostics);
    }
    parsed
}

/// Evaluates a condition given as one text, as on the command line (`-cc`). The text is put into `sources` for the
/// message, under the name `-cc`.
pub fn condition(sources: &mut Sources, text: &str, env: &dyn Environment) -> Result<bool, Diagnostic> {
    let file = sources.add("-cc", text);
    let (words, errors) = words::cut(RawLine { file, start: 0, text }, &|name| env.var(name));
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => condition::evaluate(&words, env),
    }
}

/// Cuts one line that stands elsewhere than in a `haproxy.cfg` (a string of a TOML file) into words. `start` is the
/// offset of its first byte; `vars` gives the value of a variable. The words are given even when there are errors.
pub fn cut_line(
    file: FileId,
    start: u32,
    text: &str,
    vars: &dyn Fn(&str) -> Option<String>,
) -> (Vec<Word>, Vec<Diagnostic>) {
    words::cut(RawLine { file, start, text }, vars)
}

/// The lines of a file without their ends (`\n` or `\r\n`), each with its number from 1.
pub(crate) fn raw_lines(sources: &Sources, file: FileId) -> impl Iterator<Item = (u32, RawLine<'_>)> {
    let mut start = 0u32;
    sources.text(file).split_inclusive('\n').zip(1..).map(move |(full, number)| {
        let text = full.strip_suffix('\n').map_or(full, |t| t.strip_suffix('\r').unwrap_or(t));
        let line = RawLine { file, start, text };
        start += full.len() as u32;
        (number, line)
    })
}

/// Whether a line of so many words is the header of a section. `table NAME` is one of ours; with more words it is a line of a `peers`
/// section.
pub fn begins_section(first: &str, words: usize) -> bool {
    SECTIONS.contains(&first) || first == "table" && words == 2
}

/// Where in the file the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first section.
    Before,
    /// Behind a line that stands before the first section, and was reported: those below it most likely belong to it.
    Lost,
    /// In the last section.
    Inside,
}

struct Reader<'a> {
    sources: &'a Sources,
    env: &'a mut dyn Environment,
    parsed: &'a mut Parsed,
    blocks: Blocks,
    place: Place,
}

impl Reader<'_> {
    fn file(&mut self, file: FileId) -> Next {
        for (number, raw) in raw_lines(self.sources, file) {
            if self.line(number, raw) == Next::Stop {
                return Next::Stop;
            }
        }
        self.check_end(file);
        Next::Continue
    }

    fn line(&mut self, number: u32, raw: RawLine<'_>) -> Next {
        let (words, errors) = words::cut(raw, &|name| self.var(name, raw.file, number));
        let sound = errors.is_empty();
        self.parsed.diagnostics.extend(errors);
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return Next::Continue };
        let line = Line { span: first.span.to(last.span), words };
        if line.keyword().starts_with('.') {
            return self.blocks.directive(&line, self.env, &mut self.parsed.diagnostics);
        }
        if self.blocks.active() {
            self.statement(line, sound);
        }
        Next::Continue
    }

    fn statement(&mut self, mut line: Line, sound: bool) {
        if sound {
            drop_empty(self.sources, &mut line.words, &mut self.parsed.diagnostics);
        }
        if line.words.is_empty() {
            return;
        }
        if begins_section(line.keyword(), line.words.len()) {
            self.place = Place::Inside;
            self.parsed.sections.push(Section { header: line, lines: Vec::new() });
            return;
        }
        let Some(section) = self.parsed.sections.last_mut().filter(|_| self.place == Place::Inside) else {
            return self.outside(&line);
        };
        if sound && let Err(error) = self.env.line(section.header.keyword(), &line) {
            self.parsed.diagnostics.push(error);
        }
        section.lines.push(line);
    }

    /// A line before the first section of its file.
    fn outside(&mut self, line: &Line) {
        if self.place == Place::Before {
            let word = line.keyword();
            let error = Diagnostic::error(line.words[0].span, format!("'{word}' stands before any section"))
                .help("a file begins with a section such as 'global', 'defaults', 'frontend', 'backend' or 'listen'")
                .did_you_mean(word, SECTIONS.iter().copied());
            self.parsed.diagnostics.push(error);
            self.place = Place::Lost;
        }
    }

    /// The value of a variable or pseudo-variable (HAProxy manual, section 2.3).
    fn var(&self, name: &str, file: FileId, line: u32) -> Option<String> {
        match name {
            ".FILE" => Some(self.sources.name(file).to_owned()),
            ".LINE" => Some(line.to_string()),
            ".SECTION" => Some(self.section_name().to_owned()),
            _ => self.env.var(name),
        }
    }

    fn section_name(&self) -> &str {
        let section = self.parsed.sections.last().filter(|_| self.place == Place::Inside);
        section.and_then(|s| s.header.words.get(1).or(s.header.words.first())).map_or("", |w| &w.text)
    }

    /// HAProxy refuses a file whose last line does not end: it may have been cut off. We warn.
    fn check_end(&mut self, file: FileId) {
        let text = self.sources.text(file);
        if !text.is_empty() && !text.ends_with('\n') {
            let end = text.len() as u32;
            let span =
                Span { file, start: end - text.chars().next_back().map_or(0, char::len_utf8) as u32, end };
            let warning =
                Diagnostic::warning(span, "the last line has no line end, the file may have been cut off");
            self.parsed.diagnostics.push(warning.help("end the file with a newline"));
        }
    }
}

/// An empty word would end the line for HAProxy. One from a variable at the end of the line is left out with a warning
/// (an option that was not set), any other is an error.
pub fn drop_empty(sources: &Sources, words: &mut Vec<Word>, out: &mut Diagnostics) {
    while let Some(last) = words.pop_if(|w| w.text.is_empty() && sources.slice(w.span).contains('$')) {
        out.push(Diagnostic::warning(last.span, "this variable is empty, so there is no word here"));
    }
    for word in words.iter().filter(|w| w.text.is_empty()) {
        let help = if sources.slice(word.span).contains('$') {
            "give the variable a default, '${NAME-value}', or write '${NAME[*]}' if it may be nothing"
        } else {
            "leave it out"
        };
        let message = "an empty word ends a line, what stands behind it would be lost";
        out.push(Diagnostic::error(word.span, message).help(help));
    }
}

#[cfg(test)]
mod tests;
