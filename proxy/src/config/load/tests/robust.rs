//! No line makes the reader panic: every keyword with words that mean something elsewhere, in every kind of section.

use super::*;
use crate::config::keywords::{global, global_others, proxy};

/// What may stand behind a keyword, rightly or wrongly.
const ARGUMENTS: &[&str] = &[
    "",
    "x",
    "0",
    "-1",
    "99999999999999999999",
    ":",
    ",",
    "\"\\xff\"",
    "global",
    "if TRUE",
    "unless { src 1.1.1.1 }",
    "a b c d e f g h",
    "status 404",
    "status 503 hdr a b string x",
    "s 127.0.0.1:80 check inter",
    "s 127.0.0.1:80 weight 1 track l/s cookie c addr : observe layer7",
    "s 1-3 web1 id 4",
    "stdout format raw sample 1:1 len 80 local0 info err",
    "request len 5",
    "name len 5",
    "[::]:80-81,unix@,fd@-1,[ mode 9 id",
    "{",
    "%[",
    "'é é'",
];

#[test]
fn any_words_behind_any_keyword_are_read_to_the_end() {
    let in_proxies: Vec<&str> = proxy::TABLES.iter().flat_map(|t| t.iter()).map(|row| row.name()).collect();
    let tables = [global::ROWS, global_others::NOT_YET, global_others::MOOT];
    let in_global: Vec<&str> = tables.iter().flat_map(|t| t.iter()).map(|row| row.name()).collect();
    for (index, arguments) in ARGUMENTS.iter().enumerate() {
        // The forms with `no` take the same words, so each is tried with some of them only.
        let form = ["", "no ", "", "default "][index % 4];
        let lines =
            |names: &[&str]| names.iter().map(|n| format!(" {form}{n} {arguments}\n")).collect::<String>();
        let (own, shared) = (lines(&in_global), lines(&in_proxies));
        let sections = ["defaults d", "frontend f", "backend b", "listen l"];
        let proxies: String = sections.iter().map(|header| format!("{header}\n{shared}")).collect();
        let loaded = loaded(&format!("global\n{own}{proxies}"));
        assert!(loaded.diagnostics.has_errors(), "'{arguments}' cannot be right everywhere");
    }
}
