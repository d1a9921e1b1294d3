//! The layout changes no meaning, and laying out twice is laying out once: held over all cases, the examples, and
//! files put together of pieces.

use std::fs;
use std::path::{Path, PathBuf};

use portero_grammar::cfg::{self, Settings};
use portero_grammar::{Sources, Word, layout, rules};

/// What a text means: its words without their places, and the statements that they are.
fn meaning(text: &str) -> (Vec<Vec<(String, bool)>>, Vec<bool>, usize) {
    let mut sources = Sources::default();
    let file = sources.add("a.cfg", text);
    let parsed = cfg::parse(&sources, &[file], &mut Settings::default());
    let word = |word: &Word| (word.text.clone(), word.quoted);
    let lines =
        parsed.sections.iter().flat_map(|section| std::iter::once(&section.header).chain(&section.lines));
    let (statements, mistakes) = rules::parse(&sources, file, &Settings::default());
    let readable = lines.clone().map(|line| rules::statement(&line.words).is_ok()).collect();
    let words = lines.map(|line| line.words.iter().map(word).collect()).collect();
    // a missing end of the last line is mended
    let errors = |all: &portero_grammar::Diagnostics| all.count(portero_grammar::Severity::Error);
    (words, readable, statements.len() + 1000 * (errors(&parsed.diagnostics) + errors(&mistakes)))
}

fn check(name: &str, text: &str) {
    let once = layout(text);
    assert_eq!(meaning(text), meaning(&once), "{name}\n{once}");
    assert_eq!(layout(&once), once, "{name}");
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        match entry.is_dir() {
            true => files(&entry, into),
            false if entry.extension().is_some_and(|end| end == "cfg" || end == "rules") => into.push(entry),
            false => {}
        }
    }
}

#[test]
fn every_case_and_example_means_the_same_and_is_laid_out_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("tests/data"), &mut paths);
    files(&root.join("../examples"), &mut paths);
    // further configurations, where there are some: PORTERO_CONFIGS=folder
    if let Some(folder) = std::env::var_os("PORTERO_CONFIGS") {
        files(Path::new(&folder), &mut paths);
    }
    assert!(paths.len() > 60, "cases are missing: {}", paths.len());
    for path in paths {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        check(&path.display().to_string(), &text);
    }
}

#[test]
fn any_lines_mean_the_same_afterwards() {
    const LINES: [&str; 21] = [
        "global",
        "  frontend f",
        "backend b#c",
        "",
        " ",
        "\t",
        "# a",
        "  # b",
        "#",
        "  daemon  now",
        "acl  a path  /a",
        "http-request deny if  { src 1.1.1.1 }  or a",
        ".if 1",
        "  .endif",
        ".else",
        ".if 0",
        "a 'b",
        "\\ x  \"y\"\\",
        "é  ü",
        "x \\xZZ",
        "listen l \r :80",
    ];
    let mut seed = 7u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..500 {
        let lines: Vec<&str> = (0..next(16)).map(|_| LINES[next(LINES.len())]).collect();
        check(&format!("round {round}"), &lines.join("\n"));
    }
}
