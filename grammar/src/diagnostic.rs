//! What is said about a text: errors, warnings, notes and lints, each pointing at its place.

use std::collections::BTreeSet;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, Title};

use crate::{Sources, Span};

/// How grave a message is. Only errors keep a configuration from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can, but hardly as meant; `-dW` makes these fatal as HAProxy does.
    Warning,
    /// What passes silently elsewhere: an ACL never used, a rule never reached.
    Lint,
    /// Something was assumed or migrated; nothing to mend.
    Note,
}

/// A kind of lint. Comments (`# portero: allow(NAME)`) and `portero check --allow NAME` speak of it by its name, which
/// therefore never changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its name: `unused-acl`.
    pub name: &'static str,
    /// One line for the list of all lints.
    pub summary: &'static str,
}

/// One message about a place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave.
    pub severity: Severity,
    /// Which lint it is, for those that are one.
    pub lint: Option<&'static Lint>,
    /// One sentence without a full stop, naming the guilty word in quotes.
    pub message: String,
    /// The place; `None` for what concerns the whole configuration.
    pub span: Option<Span>,
    /// What stands under the caret, when it adds something.
    pub label: Option<String>,
    /// How to mend it: "did you mean 'acl'?"
    pub help: Option<String>,
}

impl Diagnostic {
    /// A message of the given severity at a place.
    pub fn new(severity: Severity, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        let (message, span) = (message.into(), span.into());
        Diagnostic { severity, lint: None, message, span, label: None, help: None }
    }

    /// An error at a place.
    pub fn error(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, span, message)
    }

    /// A warning at a place.
    pub fn warning(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, span, message)
    }

    /// A note at a place.
    pub fn note(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, span, message)
    }

    /// A lint at a place.
    pub fn lint(lint: &'static Lint, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Diagnostic { lint: Some(lint), ..Self::new(Severity::Lint, span, message) }
    }

    /// Adds what stands under the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds how to mend it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean" with the nearest word of a vocabulary, when one is near enough.
    pub fn did_you_mean<'a>(self, word: &str, vocabulary: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, vocabulary) {
            Some(near) => self.help(format!("did you mean '{near}'?")),
            None => self,
        }
    }

    /// The message as a compiler prints it: severity, sentence, file, line and caret, help.
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Lint => Level::WARNING.with_name("lint"),
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(self.message.as_str());
        let title = match self.lint {
            Some(lint) => title.id(lint.name),
            None => title,
        };
        let mut group = place(sources, title, self.span, self.label.as_deref());
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let mut groups = vec![group];
        let mut span = self.span;
        while let Some(applied) = span.and_then(|span| sources.applied(span.file)) {
            let title = Level::NOTE.secondary_title(format!("'{}' is applied here", applied.policy()));
            groups.push(place(sources, title, Some(applied.at), None));
            span = Some(applied.at);
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&groups)
    }
}

/// Messages in the order they were found. The same message about the same place is kept once.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    seen: BTreeSet<(Option<(u32, u32, u32)>, String)>,
}

impl Diagnostics {
    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.span.map(|s| (s.file.0, s.start, s.end));
        if self.seen.insert((place, diagnostic.message.clone())) {
            self.list.push(diagnostic);
        }
    }

    /// Adds many.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|d| self.push(d));
    }

    /// True when any message is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Keeps the messages that `keep` says so of; it may change them as well.
    pub fn retain(&mut self, keep: impl FnMut(&mut Diagnostic) -> bool) {
        self.list.retain_mut(keep);
    }

    /// How many messages have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }

    /// The messages.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// All messages as text, in the order of their places, a blank line between two. What is wrong with a text that is
    /// applied in several places is said once.
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by_key(|d| d.span.map(|s| (s.file.0, s.start)));
        let mut said = BTreeSet::new();
        let place = |span: Span| (sources.origin(span).file.0, span.start, span.end);
        sorted.retain(|d| said.insert((d.span.map(place), &d.message)));
        let texts: Vec<_> = sorted.iter().map(|d| d.render(sources, color)).collect();
        texts.join("\n\n")
    }
}

/// A title with the lines of its place below it.
fn place<'a>(
    sources: &'a Sources,
    title: Title<'a>,
    span: Option<Span>,
    label: Option<&'a str>,
) -> Group<'a> {
    let Some(span) = span else { return Group::with_title(title) };
    // Only the lines concerned are given to the renderer: it walks all that it is given.
    let text = sources.text(span.file);
    let start = text.floor_char_boundary(span.start.min(span.end) as usize);
    let end = text.ceil_char_boundary(span.end as usize);
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    // Escapes and variables may point into the middle of a character: hence the boundaries.
    let caret = AnnotationKind::Primary.span(start - from..end - from).label(label);
    let line = sources.line(Span { start: start as u32, ..span }) as usize;
    let snippet = Snippet::source(&text[from..to]).line_start(line).path(sources.name(span.file));
    title.element(snippet.annotation(caret))
}

/// The word of a vocabulary that a mistyped one is nearest to, when near enough to be worth naming.
pub fn nearest<'a>(word: &str, vocabulary: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.len() / 3).max(1);
    let lower = word.to_ascii_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&lower, &candidate.to_ascii_lowercase());
    let others = vocabulary.into_iter().filter(|&c| c != word);
    others.map(|c| (distance(c), c)).filter(|&(d, _)| d <= limit).min_by_key(|&(d, _)| d).map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_file_line_caret_and_help() {
        let mut sources = Sources::default();
        let file = sources.add("a.cfg", "global\n  maxcon 5\n");
        let span = Span { file, start: 9, end: 15 };
        let text = Diagnostic::error(span, "unknown keyword 'maxcon' in section 'global'")
            .did_you_mean("maxcon", ["maxconn", "nbthread"])
            .render(&sources, false);
        assert!(text.starts_with("error: unknown keyword 'maxcon'"), "{text}");
        assert!(text.contains("a.cfg:2:3"), "{text}");
        assert!(text.contains("^^^^^^"), "{text}");
        assert!(text.contains("did you mean 'maxconn'?"), "{text}");
    }

    #[test]
    fn a_far_word_is_not_suggested() {
        assert_eq!(nearest("zzz", ["acl", "bind"]), None);
        assert_eq!(nearest("timout", ["timeout", "mode"]), Some("timeout"));
        assert_eq!(nearest("poll", ["EPOLL", "POLL"]), Some("POLL"));
    }
}
