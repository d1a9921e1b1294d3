//! Comments: those directly above a line are about it.

use portero_grammar::{Sources, Span};

/// The comment lines that stand above a place without a gap, in order.
pub(super) fn above(sources: &Sources, at: Span) -> Vec<String> {
    let before = sources.text(at.file).get(..at.start as usize).unwrap_or_default();
    // the last piece is what stands on the line itself
    let lines = before.rsplit('\n').skip(1).map(str::trim);
    let mut comments: Vec<_> = lines.take_while(|line| line.starts_with('#')).map(str::to_owned).collect();
    comments.reverse();
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_touches_the_line_is_about_it() {
        let mut sources = Sources::default();
        let text = "# far\n\n  # one\n# two\n  acl a";
        let file = sources.add("a", text);
        let at = |start| Span { file, start, end: start };
        assert_eq!(above(&sources, at(text.len() as u32 - 5)), ["# one", "# two"]);
        assert_eq!(above(&sources, at(0)), [""; 0]);
    }
}
