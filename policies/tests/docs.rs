//! `docs/rules.md` says what the tables say. `UPDATE_DOCS=1 cargo test -p portero-policies --test docs` writes it anew.

use std::fmt::Write;
use std::path::Path;

use portero_api::SampleType;
use portero_policies::actions::{self, ACTIONS};
use portero_policies::converters::{self, CONVERTERS};
use portero_policies::fetches::{self, FETCHES};

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let columns = head.matches('|').count() - 1;
    let mut text = format!("{head}\n|{}\n", "---|".repeat(columns));
    rows.for_each(|row| writeln!(text, "{row}").expect("writing to a string cannot fail"));
    text
}

fn actions_table() -> String {
    let row = |kind: &actions::ActionKind| {
        let families: Vec<_> = kind.families.iter().map(|&f| short(f)).collect();
        let syntax = format!("{} {}", kind.name, kind.syntax).replace(" (", "(").replace('|', "\\|");
        format!("| `{}` | {} | {} |", syntax.trim(), families.join(" "), kind.summary)
    };
    table("| action | rules | what it does |", ACTIONS.iter().copied().flatten().map(row))
}

fn short(family: portero_grammar::rules::Family) -> &'static str {
    use portero_grammar::rules::Family::*;
    match family {
        TcpRequestConnection => "con",
        TcpRequestSession => "ses",
        TcpRequestContent => "cnt",
        TcpResponseContent => "rsp",
        HttpRequest => "req",
        HttpResponse => "res",
        HttpAfterResponse => "aft",
        _ => "-",
    }
}

fn fetches_table() -> String {
    let row = |kind: &portero_policies::vocabulary::FetchKind| {
        let names: Vec<_> =
            std::iter::once(&kind.name).chain(kind.aliases).map(|n| format!("`{n}`")).collect();
        format!(
            "| {} | {} | {} | {} |",
            names.join(", "),
            count(kind.args),
            type_name(kind.output),
            kind.summary
        )
    };
    table("| fetch | arguments | type | what it gives |", FETCHES.iter().copied().flatten().map(row))
}

fn converters_table() -> String {
    let row = |kind: &portero_policies::vocabulary::ConvertKind| {
        let (input, output) = (type_name(kind.input), type_name(kind.output));
        format!("| `{}` | {} | {input} to {output} | {} |", kind.name, count(kind.args), kind.summary)
    };
    table("| converter | arguments | types | what it does |", CONVERTERS.iter().copied().flatten().map(row))
}

fn list<'n>(names: impl IntoIterator<Item = &'n &'n str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    format!("{}.\n", names.join(", "))
}

fn aliases() -> String {
    let names: Vec<_> = portero_policies::format::aliases().map(|name| format!("`%{name}`")).collect();
    format!("{}.\n", names.join(" "))
}

fn count((least, most): (usize, usize)) -> String {
    match (least, most) {
        (least, most) if least == most => least.to_string(),
        (least, usize::MAX) => format!("{least} or more"),
        (least, most) => format!("{least} to {most}"),
    }
}

fn type_name(kind: SampleType) -> &'static str {
    match kind {
        SampleType::Bool => "bool",
        SampleType::Int => "int",
        SampleType::Ip => "ip",
        SampleType::Str => "str",
        SampleType::Bin => "bin",
        SampleType::Method => "method",
        SampleType::Any => "any",
    }
}

/// Puts a text between the marks of its name.
fn replace(page: &str, name: &str, text: &str) -> String {
    let (open, close) = (format!("<!-- table: {name} -->\n"), "<!-- end -->");
    let (before, rest) =
        page.split_once(&open).unwrap_or_else(|| panic!("docs/rules.md has no mark '{name}'"));
    let (_, after) = rest.split_once(close).expect("the mark is closed");
    format!("{before}{open}{text}{close}{after}")
}

#[test]
fn the_reference_holds_what_the_tables_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = std::fs::read_to_string(&path).expect("docs/rules.md is there");
    let mut wanted = page.clone();
    for (name, text) in [
        ("actions", actions_table()),
        ("actions not yet", list(actions::NOT_YET)),
        ("fetches", fetches_table()),
        ("fetches not yet", list(fetches::NOT_YET)),
        ("converters", converters_table()),
        ("converters not yet", list(converters::NOT_YET)),
        ("aliases", aliases()),
    ] {
        wanted = replace(&wanted, name, &text);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/rules.md can be written");
        return;
    }
    assert!(page == wanted, "docs/rules.md is not what the tables say: run this test with UPDATE_DOCS=1");
}
