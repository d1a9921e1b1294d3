//! Trees as text, short enough to be read beside their source.

use std::fmt::Write;

use portero_grammar::Word;
use portero_grammar::cfg::Section;
use portero_grammar::rules::{Acl, Call, Cond, Expr, LogFlags, LogFormat, LogPart, Rule, Statement, Test};

pub(crate) fn sections(sections: &[Section]) -> String {
    let mut out = String::new();
    for section in sections {
        out.push_str(&words(&section.header.words));
        out.push('\n');
        for line in &section.lines {
            _ = writeln!(out, "    {}", words(&line.words));
        }
    }
    out
}

/// Plain words as they are, others as Rust would write their bytes.
fn words(words: &[Word]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &Word) -> String {
    let plain = |b: &u8| b.is_ascii_graphic() && !b"\"'\\".contains(b);
    if !word.text.is_empty() && word.bytes().iter().all(plain) {
        return word.text.clone();
    }
    format!("\"{}\"", word.bytes().escape_ascii())
}

pub(crate) fn statements(statements: &[Statement]) -> String {
    let one = |statement: &Statement| match statement {
        Statement::Acl(acl) => show_acl(acl),
        Statement::Rule(rule) => show_rule(rule),
    };
    let lines: String = statements.iter().map(one).collect();
    lines.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn show_acl(acl: &Acl) -> String {
    format!("acl {}\n    {}\n", acl.name.text, test(&acl.test))
}

fn show_rule(rule: &Rule) -> String {
    let mut out = format!("{:?} {}", rule.family, rule.action.name.text);
    if let Some(params) = &rule.action.params {
        let params: Vec<_> = params.iter().map(|p| p.text.as_str()).collect();
        _ = write!(out, "{params:?}");
    }
    _ = writeln!(out, " {}", words(&rule.action.words));
    if let Some(condition) = &rule.condition {
        let keyword = if condition.unless { "unless" } else { "if" };
        _ = writeln!(out, "    {keyword} {}", cond(&condition.cond));
    }
    out
}

fn test(test: &Test) -> String {
    let mut out = expr(&test.expr);
    for flag in &test.flags {
        _ = write!(out, " [{}", flag.name.text);
        _ = flag.arg.iter().try_for_each(|arg| write!(out, " {}", word(arg)));
        out.push(']');
    }
    if !test.patterns.is_empty() {
        _ = write!(out, " = {}", words(&test.patterns));
    }
    out
}

fn expr(expr: &Expr) -> String {
    let calls: Vec<_> = std::iter::once(&expr.fetch).chain(&expr.converters).map(call).collect();
    calls.join(" > ")
}

fn call(call: &Call) -> String {
    match &call.args {
        Some(args) => format!("{}{:?}", call.name, args.iter().map(|a| a.text.as_str()).collect::<Vec<_>>()),
        None => call.name.clone(),
    }
}

fn cond(of: &Cond) -> String {
    let list =
        |parts: &[Cond], with: &str| format!("({})", parts.iter().map(cond).collect::<Vec<_>>().join(with));
    match of {
        Cond::Any(parts) => list(parts, " or "),
        Cond::All(parts) => list(parts, " and "),
        Cond::Not(inner, _) => format!("!{}", cond(inner)),
        Cond::Named(name) => name.text.clone(),
        Cond::Test(inner) => format!("{{ {} }}", test(inner)),
    }
}

pub(crate) fn log_format(format: &LogFormat) -> String {
    let mut out = format!("format{}\n", flags(format.global));
    for part in &format.parts {
        _ = match part {
            LogPart::Text(text) => writeln!(out, "    \"{}\"", text.escape_ascii()),
            LogPart::Alias { name, flags: set, label, cast, .. } => {
                writeln!(out, "    %{name}{}{}", flags(*set), named(label, cast))
            }
            LogPart::Expr { expr: inner, flags: set, label, cast, .. } => {
                writeln!(out, "    [{}]{}{}", expr(inner), flags(*set), named(label, cast))
            }
        };
    }
    out
}

fn named(label: &Option<String>, cast: &Option<impl std::fmt::Debug>) -> String {
    let label = label.as_ref().map(|l| format!(" as {l}")).unwrap_or_default();
    label + &cast.as_ref().map(|c| format!(" : {c:?}")).unwrap_or_default()
}

fn flags(flags: LogFlags) -> String {
    let LogFlags { quote, hex, escape, mandatory, json, cbor, bin } = flags;
    let all = [
        (quote, "Q"),
        (hex, "X"),
        (escape, "E"),
        (mandatory, "M"),
        (json, "json"),
        (cbor, "cbor"),
        (bin, "bin"),
    ];
    all.iter().filter(|(on, _)| *on).map(|(_, name)| format!(" +{name}")).collect()
}
