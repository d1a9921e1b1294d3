//! `apply` lines to the lines of their policies.

use std::collections::BTreeMap;

use portero_grammar::cfg::{Line, Section};
use portero_grammar::{Applied, Diagnostic, FileId, Span, Word};

use super::APPLY;
use super::application::Application;
use super::definition::{Policy, TABLE};
use super::fill::{self, Values};
use super::guard::guard;
use crate::config::reading::Reading;

/// More applications than anybody means: policies that apply others twice, which apply others twice.
const MOST: usize = 10_000;

/// Expands lines, in policies within policies as well.
pub(super) struct Expander<'a> {
    policies: &'a BTreeMap<String, Policy>,
    reading: &'a mut Reading,
    /// How often policies were applied.
    total: usize,
    /// How often each was applied in the section under way.
    counts: BTreeMap<&'a str, usize>,
    /// The policies that are being applied, from the outside in.
    stack: Vec<&'a str>,
    /// The name of the section under way.
    section: String,
    /// The tables of policies by their names.
    tables: BTreeMap<String, Line>,
}

impl<'a> Expander<'a> {
    pub(super) fn new(policies: &'a BTreeMap<String, Policy>, reading: &'a mut Reading) -> Self {
        Expander {
            policies,
            reading,
            total: 0,
            counts: BTreeMap::new(),
            stack: Vec::new(),
            section: String::new(),
            tables: BTreeMap::new(),
        }
    }

    /// Puts the lines of policies in the place of the `apply` lines of a section.
    pub(super) fn section(&mut self, section: &mut Section) {
        self.counts.clear();
        let header = &section.header.words;
        self.section = header.get(1).or(header.first()).map_or_else(String::new, |name| name.text.clone());
        let mut expanded = Vec::with_capacity(section.lines.len());
        for line in std::mem::take(&mut section.lines) {
            match line.keyword() {
                APPLY => expanded.extend(self.applied(&line, None)),
                _ => expanded.push(line),
            }
        }
        section.lines = expanded;
    }

    /// The tables that policies have to themselves: the name, and the `stick-table` line.
    pub(super) fn tables(self) -> BTreeMap<String, Line> {
        self.tables
    }

    /// The lines in the place of an `apply` line; none where it has mistakes, which are reported.
    fn applied(&mut self, line: &Line, outer: Option<&Values>) -> Vec<Line> {
        self.apply(line, outer).unwrap_or_else(|errors| {
            self.reading.out.extend(errors);
            Vec::new()
        })
    }

    fn apply(&mut self, line: &Line, outer: Option<&Values>) -> Result<Vec<Line>, Vec<Diagnostic>> {
        let application = Application::read(line, outer)?;
        let policy = self.policy(&application.policy).map_err(|error| vec![error])?;
        let name = policy.name.text.as_str();
        self.total += 1;
        let number = self.total;
        if number > MOST {
            let message = format!("policies are applied more than {MOST} times");
            return Err(vec![Diagnostic::error(line.span, message)]);
        }
        let count = self.counts.entry(name).or_default();
        *count += 1;
        let count = *count;
        let scope = if count == 1 { name.to_owned() } else { format!("{name}#{count}") };
        let applied = Applied { name: scope.into(), at: line.span };
        let file = self.reading.sources.apply(policy.name.span.file, applied);
        let table = match count {
            1 => format!("{name}.{}", self.section),
            _ => format!("{name}.{}.{count}", self.section),
        };
        let values = application.bind(policy, file, &table)?;
        self.table(policy, &values, file, &application)?;
        self.stack.push(name);
        let lines = self.body(policy, &values, file);
        self.stack.pop();
        Ok(guard(lines, &application, number))
    }

    /// Makes the table of a policy. One that is named by several applications is theirs together.
    fn table(
        &mut self,
        policy: &Policy,
        values: &Values,
        file: FileId,
        application: &Application,
    ) -> Result<(), Vec<Diagnostic>> {
        let (Some(line), Some(name)) =
            (&policy.table, values.get(TABLE).and_then(|value| value.words.first()))
        else {
            return Ok(());
        };
        let line = filled(&moved(line, file), values).map_err(|error| vec![error])?;
        match self.tables.get(&name.text) {
            Some(other) if !other.words.iter().map(|w| &w.text).eq(line.words.iter().map(|w| &w.text)) => {
                let message = format!("the table '{}' is there already, with other words", name.text);
                let error = Diagnostic::error(application.span, message);
                Err(vec![
                    error.help("who shares a table must agree on what is in it: its size, times and data"),
                ])
            }
            Some(_) => Ok(()),
            None => {
                self.tables.insert(name.text.clone(), line);
                Ok(())
            }
        }
    }

    /// The policy of a name that is not being applied already.
    fn policy(&self, name: &Word) -> Result<&'a Policy, Diagnostic> {
        let Some(policy) = self.policies.get(&name.text) else {
            let error = Diagnostic::error(name.span, format!("there is no policy '{}'", name.text));
            return Err(error.did_you_mean(&name.text, self.policies.keys().map(String::as_str)));
        };
        if let Some(at) = self.stack.iter().position(|outer| *outer == name.text) {
            let circle: Vec<_> = self.stack[at..].iter().copied().chain([&*name.text]).collect();
            let message = format!("policy '{}' applies itself: {}", name.text, circle.join(" -> "));
            return Err(Diagnostic::error(name.span, message));
        }
        Ok(policy)
    }

    /// The lines of a policy with values in the place of parameters. A line that cannot be filled is reported.
    fn body(&mut self, policy: &Policy, values: &Values, file: FileId) -> Vec<Line> {
        let mut lines = Vec::with_capacity(policy.lines.len());
        for line in &policy.lines {
            let line = moved(line, file);
            if line.keyword() == APPLY {
                lines.extend(self.applied(&line, Some(values)));
                continue;
            }
            lines.extend(self.reading.keep(filled(&line, values)));
        }
        lines
    }
}

/// A line with values in the place of parameters.
fn filled(line: &Line, values: &Values) -> Result<Line, Diagnostic> {
    let words: Result<Vec<_>, _> = line.words.iter().map(|word| fill::fill(word, values)).collect();
    Ok(Line { words: words?.concat(), span: line.span })
}

/// A line in a file that is the same text under another number.
fn moved(line: &Line, file: FileId) -> Line {
    let word = |word: &Word| Word { span: Span { file, ..word.span }, ..word.clone() };
    Line { words: line.words.iter().map(word).collect(), span: Span { file, ..line.span } }
}
