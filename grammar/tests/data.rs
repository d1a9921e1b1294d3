//! The cases in `tests/data`: each text with the tree or the messages that are expected of it beside it.
//!
//! `UPDATE_EXPECTED=1 cargo test -p portero-grammar --test data` writes the expectations anew; read the difference.

mod show;

use std::fs;
use std::path::{Path, PathBuf};

use portero_grammar::cfg::{self, Settings, Version};
use portero_grammar::{Diagnostics, FileId, Sources, Word, rules};

fn settings() -> Settings {
    let vars = [("HOME", "/root"), ("PORT", "8080"), ("LIST", "a b  c"), ("EMPTY", "")];
    Settings {
        vars: vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        version: Version::new(3, 5, 0),
        features: ["OPENSSL", "LUA"].map(str::to_owned).into(),
        enabled: ["EPOLL"].map(str::to_owned).into(),
        ssl_library: Some(("OpenSSL".to_owned(), Version::new(3, 0, 2))),
        diagnostic_mode: false,
    }
}

/// What a kind of text reads as: the tree, or (in `err`) the messages.
type Read = fn(&Sources, FileId) -> (String, Diagnostics);

fn read_cfg(sources: &Sources, file: FileId) -> (String, Diagnostics) {
    let parsed = cfg::parse(sources, &[file], &mut settings());
    (show::sections(&parsed.sections), parsed.diagnostics)
}

fn read_rules(sources: &Sources, file: FileId) -> (String, Diagnostics) {
    let (statements, diagnostics) = rules::parse(sources, file, &settings());
    (show::statements(&statements), diagnostics)
}

/// Each line of the text is one log format, as if it stood in single quotes.
fn read_log(sources: &Sources, file: FileId) -> (String, Diagnostics) {
    let (mut text, mut diagnostics, mut start) = (String::new(), Diagnostics::default(), 0u32);
    for line in sources.text(file).split_inclusive('\n') {
        let format = line.trim_end();
        let span = portero_grammar::Span { file, start, end: start + format.len() as u32 };
        start += line.len() as u32;
        match rules::log_format(&Word::plain(format, span)) {
            Ok(format) => text.push_str(&show::log_format(&format)),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    (text, diagnostics)
}

/// Compares all cases of a kind, and gives how many `ok` and `err` there are.
fn check(kind: &str, read: Read) -> (usize, usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(kind);
    let mut failures = Vec::new();
    let mut count = |folder: &str| {
        let cases = cases(&root.join(folder), kind);
        failures.extend(cases.iter().filter_map(|case| compare(case, folder == "err", read).err()));
        cases.len()
    };
    let counts = (count("ok"), count("err"));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    counts
}

fn cases(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<PathBuf> = paths.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    cases.sort();
    cases
}

fn compare(case: &Path, wrong: bool, read: Read) -> Result<(), String> {
    let name = case.file_name().and_then(|n| n.to_str()).expect("a name");
    let mut sources = Sources::default();
    let text = fs::read_to_string(case).expect("a text");
    let file = sources.add(name, text);
    let (tree, diagnostics) = read(&sources, file);
    let messages = diagnostics.render(&sources, false);
    if diagnostics.has_errors() != wrong {
        return Err(format!("{name}: errors expected: {wrong}\n{messages}"));
    }
    let found = match (wrong, messages.is_empty()) {
        (true, _) => messages + "\n",
        (false, true) => tree,
        (false, false) => format!("{tree}\n{messages}\n"),
    };
    let expected = case.with_extension("expected");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &found).expect("writes");
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    if found == wanted {
        Ok(())
    } else {
        Err(format!("=== {name}\n--- expected\n{wanted}\n--- found\n{found}"))
    }
}

#[test]
fn every_case_reads_as_expected() {
    let counts = [check("cfg", read_cfg), check("rules", read_rules), check("format", read_log)];
    let (ok, err) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(ok >= 30 && err >= 50, "{ok} ok, {err} err");
}
