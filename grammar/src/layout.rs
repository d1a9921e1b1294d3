//! The one layout of a configuration (`portero fmt`): sections at the margin with a blank line above, their lines indented by
//! four spaces, one space between two words. Words and comments stay as they are written, so that nothing changes its meaning.
//!
//! A line that cannot be cut into words is left alone. Blank lines are left alone as well where `.LINE` is looked at.

use crate::cfg;
use crate::cfg::words::{self, RawLine};
use crate::{FileId, Sources};

/// What stands in front of the lines of a section.
const INDENT: &str = "    ";

/// Lays out a haproxy.cfg, or a file of rules.
pub fn layout(text: &str) -> String {
    let mut sources = Sources::default();
    let file = sources.add("", text);
    let lines: Vec<Line> = crate::cfg::raw_lines(&sources, file).map(|(_, raw)| Line::read(raw)).collect();
    let keeps_lines = text.contains(".LINE");
    let outer = outer_directives(&lines);
    let mut page = Page { text: String::with_capacity(text.len()), keeps_lines, blank: false };
    let mut inside = false;
    for (index, line) in lines.iter().enumerate() {
        inside |= line.kind == Kind::Header;
        if line.kind == Kind::Blank {
            page.blank();
            continue;
        }
        if begins_section(&lines, index, &outer) {
            page.part();
        }
        let margin = !inside || at_margin(&lines, index, &outer);
        page.line(if margin || line.kind == Kind::Broken { "" } else { INDENT }, &line.text);
    }
    page.text
}

/// A line as it will stand, without what stands in front of it.
struct Line {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    /// Nothing but a comment, and whether it was indented.
    Comment(bool),
    Header,
    /// `.if` and its kin, by what they do to the depth of blocks.
    Opens,
    Closes,
    Directive,
    Statement,
    /// Left as it is.
    Broken,
}

impl Line {
    fn read(raw: RawLine<'_>) -> Line {
        let Some(ranges) = words::pieces(raw.text) else {
            return Line { kind: Kind::Broken, text: raw.text.to_owned() };
        };
        let end = ranges.last().map_or(0, |range| range.end);
        let comment = raw.text[end..].trim_matches(is_blank);
        let mut parts: Vec<&str> = ranges.iter().map(|range| &raw.text[range.clone()]).collect();
        parts.extend(Some(comment).filter(|comment| !comment.is_empty()));
        Line { kind: kind(raw, ranges.is_empty(), comment), text: parts.join(" ") }
    }
}

fn kind(raw: RawLine<'_>, wordless: bool, comment: &str) -> Kind {
    match (wordless, comment.is_empty()) {
        (true, true) => return Kind::Blank,
        (true, false) => return Kind::Comment(raw.text.starts_with(is_blank)),
        _ => {}
    }
    let (words, _) = words::cut(RawLine { file: FileId(0), ..raw }, &|_| None);
    match words.first().map_or("", |word| word.text.as_str()) {
        ".if" => Kind::Opens,
        ".endif" => Kind::Closes,
        word if word.starts_with('.') => Kind::Directive,
        word if cfg::begins_section(word, words.len()) => Kind::Header,
        _ => Kind::Statement,
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{0B}' | '\u{0C}' | '\r')
}

/// For each line whether it is a directive of a block that holds whole sections.
fn outer_directives(lines: &[Line]) -> Vec<bool> {
    let mut outer = vec![false; lines.len()];
    let mut open: Vec<(Vec<usize>, bool)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match line.kind {
            Kind::Header => open.iter_mut().for_each(|(_, whole)| *whole = true),
            Kind::Opens => open.push((vec![index], false)),
            Kind::Directive => open.iter_mut().last().into_iter().for_each(|(own, _)| own.push(index)),
            Kind::Closes => {
                let Some((own, whole)) = open.pop() else { continue };
                own.into_iter().chain([index]).for_each(|at| outer[at] = whole);
            }
            _ => {}
        }
    }
    outer
}

/// Whether a line inside a section has nothing in front of it.
fn at_margin(lines: &[Line], index: usize, outer: &[bool]) -> bool {
    match lines[index].kind {
        Kind::Header => true,
        Kind::Opens | Kind::Closes | Kind::Directive => outer[index],
        Kind::Comment(indented) => {
            let next = (index + 1..lines.len()).find(|&at| !matches!(lines[at].kind, Kind::Comment(_)));
            match next.filter(|&at| lines[at].kind != Kind::Blank) {
                Some(next) => at_margin(lines, next, outer),
                // what stands by itself stays where it was
                None => !indented,
            }
        }
        _ => false,
    }
}

/// Whether a section begins here: its header, or the first of the comments above it.
fn begins_section(lines: &[Line], index: usize, outer: &[bool]) -> bool {
    let is_comment = |line: &Line| matches!(line.kind, Kind::Comment(_));
    let before = index.checked_sub(1).map(|at| (&lines[at], outer[at]));
    let first = before.is_none_or(|(line, outer)| !is_comment(line) && !outer);
    let next = lines[index..].iter().find(|line| !is_comment(line));
    first && next.is_some_and(|line| line.kind == Kind::Header)
}

/// The text in the making.
struct Page {
    text: String,
    keeps_lines: bool,
    /// A blank line is due.
    blank: bool,
}

impl Page {
    fn blank(&mut self) {
        match self.keeps_lines {
            true => self.text.push('\n'),
            false => self.blank = true,
        }
    }

    /// A part begins: a blank line above it.
    fn part(&mut self) {
        self.blank |= !self.keeps_lines;
    }

    fn line(&mut self, indent: &str, text: &str) {
        if std::mem::take(&mut self.blank) && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(indent);
        self.text.push_str(text);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_stand_at_the_margin_and_lines_are_indented() {
        let text = "\n\n  global # all\n\tdaemon\nfrontend  f\n bind   :80\t# here\n\n\n # below\n mode http";
        let expected =
            "global # all\n    daemon\n\nfrontend f\n    bind :80 # here\n\n    # below\n    mode http\n";
        assert_eq!(layout(text), expected);
    }

    #[test]
    fn words_stay_as_they_are_written() {
        let line = "    http-request set-header \"X  A\" 'b  c'\\ d ${E-f g}#h";
        assert_eq!(
            layout(&format!("frontend f\n{line}")),
            format!("frontend f\n{} #h\n", &line[..line.len() - 2])
        );
    }

    #[test]
    fn comments_go_with_what_stands_below_them() {
        let text = "global\n# of daemon\n daemon\n  # alone\n\n# also alone\n\n# of f\n# more\nfrontend f\n";
        let expected = "global\n    # of daemon\n    daemon\n    # alone\n\n# also alone\n\n# of f\n# more\nfrontend f\n";
        assert_eq!(layout(text), expected);
    }

    #[test]
    fn blocks_of_whole_sections_stand_at_the_margin() {
        let text =
            "global\n.if 1\ndaemon\n.endif\n  .if 0\n frontend f\n  .if 1\nmode http\n .endif\n  .endif\n";
        let expected = "global\n    .if 1\n    daemon\n    .endif\n.if 0\nfrontend f\n    .if 1\n    mode http\n    \
                        .endif\n.endif\n";
        assert_eq!(layout(text), expected);
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        assert_eq!(layout("global\n  a  'b \n c   d\n"), "global\n  a  'b \n    c d\n");
    }

    #[test]
    fn rules_without_a_section_have_no_indent() {
        assert_eq!(
            layout("  acl  a   path /a\n\n\nhttp-request deny  if a"),
            "acl a path /a\n\nhttp-request deny if a\n"
        );
    }

    #[test]
    fn the_numbers_of_lines_stay_where_they_are_looked_at() {
        let text = "\nglobal\n\n\n    setenv A \"${.LINE}\"\nfrontend f\n";
        assert_eq!(layout(text), text);
    }
}
