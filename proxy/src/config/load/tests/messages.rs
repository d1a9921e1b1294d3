//! What is said about mistakes: each file in `cases` with the whole text of its messages beside it.
//!
//! `UPDATE_EXPECTED=1 cargo test -p portero messages` writes the expectations anew; read the difference.

use std::path::{Path, PathBuf};

use super::*;

#[test]
fn every_mistake_is_said_with_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/load/tests/cases");
    let entries = fs::read_dir(&folder).expect("the folder of the cases");
    let paths = entries.map(|e| e.expect("an entry").path());
    let mut cases: Vec<PathBuf> = paths.filter(|p| p.extension().is_some_and(|e| e == "cfg")).collect();
    cases.sort();
    assert!(cases.len() >= 12, "cases are missing: {}", cases.len());
    let failures: Vec<_> = cases.iter().filter_map(|case| compare(case).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn compare(case: &Path) -> Result<(), String> {
    let text = fs::read_to_string(case).expect("a case is text");
    let loaded = loaded(&text);
    let found = format!("{}\n", loaded.diagnostics.render(&loaded.sources, false));
    let expected = case.with_extension("expected");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &found).expect("the expectation can be written");
    }
    let expected = fs::read_to_string(&expected).unwrap_or_default();
    match found == expected {
        true => Ok(()),
        false => Err(format!("{}:\n--- expected\n{expected}\n--- found\n{found}", case.display())),
    }
}
