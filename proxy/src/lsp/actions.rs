//! What an editor can do about a message: take the suggestion, or allow the lint.

use std::ops::Range;

use portero_grammar::{Diagnostic, Severity};

use super::document::Document;

/// A change that mends a message.
#[derive(Debug, PartialEq)]
pub(super) struct Fix {
    pub(super) title: String,
    /// What is replaced, and by what.
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// The changes that mend a message.
pub(super) fn fixes(document: &Document, diagnostic: &Diagnostic) -> Vec<Fix> {
    let Some(span) = diagnostic.span else { return Vec::new() };
    let place = super::page::range(span);
    suggestion(diagnostic, &place).into_iter().chain(allow(document, diagnostic, &place)).collect()
}

/// "did you mean 'x'?"
fn suggestion(diagnostic: &Diagnostic, place: &Range<usize>) -> Option<Fix> {
    let help = diagnostic.help.as_deref()?;
    let text = help.strip_prefix("did you mean '")?.strip_suffix("'?")?;
    // a line as a whole is no misspelled word
    let one_word = !diagnostic.message.contains("section") || diagnostic.severity == Severity::Error;
    one_word.then(|| Fix { title: format!("Write '{text}'"), range: place.clone(), text: text.to_owned() })
}

/// A comment that allows the lint, on a line of its own above.
fn allow(document: &Document, diagnostic: &Diagnostic, place: &Range<usize>) -> Option<Fix> {
    let name = diagnostic.lint?.name;
    let line = document.line(document.line_of(place.start))?;
    let text = document.text.get(line.clone())?;
    let indent = &text[..text.len() - text.trim_start().len()];
    let comment = format!("{indent}# portero: allow({name})\n");
    Some(Fix { title: format!("Allow '{name}' here"), range: line.start..line.start, text: comment })
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    fn fixed(text: &str) -> Vec<String> {
        let document = Document::new("a.cfg", text);
        let found = check(&[&document]).said.remove(0);
        let fixes = found.iter().flat_map(|diagnostic| fixes(&document, diagnostic));
        let apply = |fix: Fix| format!("{}{}{}", &text[..fix.range.start], fix.text, &text[fix.range.end..]);
        fixes.map(apply).collect()
    }

    #[test]
    fn a_suggestion_is_taken_and_a_lint_is_allowed() {
        let texts = fixed("frontend f\n    bnid :80\n");
        assert!(texts.iter().any(|text| text == "frontend f\n    bind :80\n"), "{texts:?}");
        let start =
            "defaults\n mode http\n timeout client 1s\nfrontend f\n bind :8080\n http-request deny if TRUE\n";
        let texts = fixed(&format!("{start}    acl a src 1.1.1.1\n"));
        let wanted = format!("{start}    # portero: allow(unused-acl)\n    acl a src 1.1.1.1\n");
        assert_eq!(texts, [wanted]);
    }
}
