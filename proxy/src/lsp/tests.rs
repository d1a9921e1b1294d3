//! No text makes the server fail: real configurations, cut off at any place, asked for everything at any place.

use std::fs;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::page::Page;
use super::{actions, check, complete, hover, names, outline};

/// Asks everything there is to ask at a place.
fn ask(document: &Document, page: &Page, offset: usize) {
    let plugins = crate::registry::plugins();
    for suggestion in complete::complete(document, page, offset, &plugins) {
        let range = suggestion.range;
        assert!(document.text.get(range.clone()).is_some(), "{}: {range:?}", document.path);
        assert!(range.end == document.text.floor_char_boundary(offset.min(document.text.len())));
    }
    hover::hover(document, page, offset, &plugins);
    if let Some(name) = names::name_at(document, page, offset) {
        names::declarations(page, &name);
        names::places_of_acl(page, &name);
    }
    // what lies inside of a line end is the end of the line
    let place = document.offset(document.position(offset));
    assert_eq!(document.offset(document.position(place)), place);
    assert!(place <= offset && offset.min(document.text.len()) - place < 4);
}

fn check_all(document: &Document) {
    let page = Page::new(document);
    outline::outline(document, &page);
    for diagnostic in check::check(&[document]).said.remove(0) {
        actions::fixes(document, &diagnostic);
    }
}

fn configurations() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for example in fs::read_dir(root.join("examples")).expect("the examples") {
        let folder = example.expect("an entry").path();
        let files = ["haproxy.cfg", "portero.toml"].map(|name| folder.join(name));
        paths.extend(files.into_iter().filter(|path| path.is_file()));
    }
    let cases = fs::read_dir(root.join("proxy/src/config/load/tests/cases")).expect("the cases");
    let cases = cases.map(|entry| entry.expect("an entry").path());
    paths.extend(cases.filter(|path| path.extension().is_some_and(|end| end == "cfg")));
    paths.extend(std::env::var_os("PORTERO_CONFIGS").into_iter().flat_map(|folder| {
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
    }));
    paths
}

#[test]
fn any_place_of_any_text_that_is_cut_off_anywhere_has_an_answer() {
    let mut seed = 11usize;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below.max(1)
    };
    for path in configurations().into_iter().filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        let name = path.display().to_string();
        for _ in 0..6 {
            let cut = text.floor_char_boundary(next(text.len() + 1));
            let document = Document::new(name.clone(), &text[..cut]);
            let page = Page::new(&document);
            check_all(&document);
            for _ in 0..4 {
                ask(&document, &page, next(cut + 2));
            }
            ask(&document, &page, cut);
        }
    }
}

#[test]
fn strange_texts_have_answers_everywhere() {
    let texts = [
        "",
        "\n",
        "#",
        "\"",
        "no",
        "no ",
        "acl",
        "acl ",
        "acl a",
        "http-request",
        "http-request ",
        "tcp-request x",
        "frontend f\n http-request deny if {",
        "frontend f\n http-request deny if { path,",
        "é",
        "frontend é\n acl ü 𝄞",
        "frontend f\n log-format %",
        "frontend f\n log-format \"%[",
        "frontend f\n acl a f(\"",
        "[frontend.",
        "[frontend.x]",
        "[frontend.é]\nrules = '''\nhttp-request deny if { path é",
        "\u{FEFF}global\n",
        "a\rb\r\n\r",
        "\0",
        "frontend f\n acl a src -m",
        "stick",
        "stick on",
        "use_backend",
        "frontend f from",
        "default",
        ".if",
        "(((((",
        "}",
        "frontend f\n http-request set-var(",
        "frontend f\n http-request return lf-string \"%{+Q}[str(é)",
        "no acl",
        "no no no",
    ];
    for text in texts {
        for path in ["a.cfg", "a.rules", "a.toml"] {
            let document = Document::new(path, text);
            let page = Page::new(&document);
            check_all(&document);
            (0..=text.len() + 1).for_each(|offset| ask(&document, &page, offset));
        }
    }
}
