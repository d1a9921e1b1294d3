//! The sections of a text, and in each what has a name.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::document::Document;
use super::page::{Line, Page, Section, range};

/// The tree that an editor shows beside the text.
pub(super) fn outline(document: &Document, page: &Page) -> Vec<DocumentSymbol> {
    let mut symbols = Vec::new();
    for section in &page.sections {
        let children = children(document, section);
        match section.kind.is_empty() {
            true => symbols.extend(children),
            false => symbols.push(of_section(document, section, children)),
        }
    }
    symbols
}

fn of_section(document: &Document, section: &Section, children: Vec<DocumentSymbol>) -> DocumentSymbol {
    let text = document.text[section.range.clone()].trim_end();
    let whole = section.range.start..section.range.start + text.len();
    let first = text.lines().next().unwrap_or_default();
    let name = section.name.as_ref().map_or_else(|| section.kind.clone(), |name| name.text.clone());
    let selected =
        section.name.as_ref().map_or(whole.start..whole.start + first.len(), |name| range(name.span));
    symbol(document, name, section.kind.clone(), SymbolKind::MODULE, whole, selected, children)
}

fn children(document: &Document, section: &Section) -> Vec<DocumentSymbol> {
    section.lines.iter().filter_map(|line| child(document, line)).collect()
}

fn child(document: &Document, line: &Line) -> Option<DocumentSymbol> {
    let kind = match line.words[0].text.as_str() {
        "acl" => SymbolKind::FUNCTION,
        "server" => SymbolKind::VARIABLE,
        "bind" => SymbolKind::INTERFACE,
        "use_backend" | "default_backend" => SymbolKind::EVENT,
        _ => return None,
    };
    let name = line.words.get(1).filter(|word| !word.text.is_empty())?;
    let whole = line.words[0].span.to(line.words[line.words.len() - 1].span);
    let keyword = line.words[0].text.clone();
    Some(symbol(document, name.text.clone(), keyword, kind, range(whole), range(name.span), Vec::new()))
}

#[expect(
    deprecated,
    reason = "the struct has a field that the protocol gave up, and no other way to be made"
)]
fn symbol(
    document: &Document,
    name: String,
    detail: String,
    kind: SymbolKind,
    whole: std::ops::Range<usize>,
    selected: std::ops::Range<usize>,
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    DocumentSymbol {
        name,
        detail: Some(detail),
        kind,
        tags: None,
        deprecated: None,
        range: document.range(whole),
        selection_range: document.range(selected),
        children: Some(children),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_hold_what_has_a_name() {
        let document =
            Document::new("a.cfg", "global\n daemon\n\nfrontend f\n bind :80\n acl a src\n\n# end\n");
        let symbols = outline(&document, &Page::new(&document));
        let names: Vec<_> = symbols.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["global", "f"]);
        let inside = symbols[1].children.as_deref().unwrap_or_default();
        assert_eq!(inside.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), [":80", "a"]);
        assert_eq!(symbols[1].range.start.line, 3);
    }
}
