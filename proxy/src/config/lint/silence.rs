//! Which lints are wanted: `# portero: allow(unused-acl)` in a file, `--allow` and `--deny` on the command line.
//!
//! A comment holds for its own line, or, when it has a line to itself, for the line below the comments it stands among.
//! At the header of a section it holds for the whole section, before the first section for the whole file.

use std::collections::BTreeMap;

use portero_grammar::cfg::begins_section;
use portero_grammar::{Diagnostic, Diagnostics, FileId, Severity, Sources, Span};

use super::{UNKNOWN_LINT, all, named};

/// What a comment begins with, after its `#`.
const MARK: &str = "portero: allow(";

/// Takes out the lints that a comment allows; those named in `deny` become errors, and those in `allow` are gone. The name
/// `all` stands for every lint.
pub(in crate::config) fn silence(
    out: &mut Diagnostics,
    sources: &Sources,
    allow: &[String],
    deny: &[String],
) {
    let mut files: BTreeMap<FileId, Allowed> = BTreeMap::new();
    let has = |list: &[String], name: &str| list.iter().any(|known| known == name || known == "all");
    let files_with_lints: Vec<FileId> = out.iter().filter_map(|d| Some(d.span?.file)).collect();
    for file in files_with_lints {
        files.entry(file).or_insert_with(|| Allowed::read(sources, file));
    }
    let unknown: Vec<_> =
        files.values_mut().flat_map(|allowed| std::mem::take(&mut allowed.unknown)).collect();
    out.extend(unknown);
    out.retain(|diagnostic| {
        let Some(lint) = diagnostic.lint else { return true };
        let by_comment = diagnostic.span.is_some_and(|span| {
            files.get(&span.file).is_some_and(|allowed| allowed.allows(sources.line(span), lint.name))
        });
        if by_comment || has(allow, lint.name) {
            return false;
        }
        if has(deny, lint.name) {
            diagnostic.severity = Severity::Error;
        }
        true
    });
}

/// What the comments of a file allow.
#[derive(Default)]
struct Allowed {
    /// First line, last line, name.
    ranges: Vec<(u32, u32, String)>,
    unknown: Vec<Diagnostic>,
}

impl Allowed {
    fn read(sources: &Sources, file: FileId) -> Allowed {
        let text = sources.text(file);
        let mut allowed = Allowed::default();
        if !text.contains(MARK) {
            return allowed;
        }
        let lines: Vec<&str> = text.lines().collect();
        let mut start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if let Some((at, names)) = comment(line) {
                let (first, last) = reach(&lines, index);
                for name in names.split(',').map(str::trim) {
                    allowed.ranges.push((first, last, name.to_owned()));
                    if named(name).is_none() && name != "all" {
                        let span =
                            Span { file, start: (start + at) as u32, end: (start + at + names.len()) as u32 };
                        let lint =
                            Diagnostic::lint(&UNKNOWN_LINT, span, format!("there is no lint '{name}'"));
                        allowed.unknown.push(lint.did_you_mean(name, all().map(|lint| lint.name)));
                    }
                }
            }
            start += line.len();
        }
        allowed
    }

    fn allows(&self, line: u32, name: &str) -> bool {
        let holds = |(first, last, known): &(u32, u32, String)| {
            (*first..=*last).contains(&line) && (known == name || known == "all")
        };
        self.ranges.iter().any(holds)
    }
}

/// The names that the comment of a line allows, and where they stand in it.
fn comment(line: &str) -> Option<(usize, &str)> {
    let at = line.find(MARK)? + MARK.len();
    let before = line[..at - MARK.len()].trim_end();
    let names = line[at..].split_once(')')?.0;
    before.ends_with('#').then_some((at, names))
}

/// The lines, from 1, that a comment in a line (from 0) holds for.
fn reach(lines: &[&str], index: usize) -> (u32, u32) {
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let mut target = index;
    while lines.get(target).is_some_and(is_comment) {
        target += 1;
    }
    let header = |line: &&str| is_header(line);
    let number = |index: usize| index as u32 + 1;
    match lines.get(target) {
        Some(line) if is_header(line) => {
            let next = lines[target + 1..].iter().position(header);
            (number(index), next.map_or(u32::MAX, |next| number(target + next)))
        }
        // a line to itself with nothing below it, before the first section: a comment on the file
        Some(line) if line.trim().is_empty() && !lines[..index].iter().any(header) => (1, u32::MAX),
        _ => (number(index), number(target)),
    }
}

/// Whether a line begins a section, of haproxy.cfg or of TOML.
fn is_header(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
    let first = words.next().unwrap_or_default();
    begins_section(first, 1 + words.count()) || (line.starts_with('[') && line.trim_end().ends_with(']'))
}
