//! What the tables of the language say of a word, as an editor shows it: one line, how it is written, where it may stand.

use portero_api::{Plugin, SampleType};
use portero_grammar::rules::Family;
use portero_policies::actions::{self, ActionKind};
use portero_policies::converters::{self, CONVERTERS};
use portero_policies::fetches::{self, FETCHES};
use portero_policies::vocabulary::{ConvertKind, FetchKind};
use portero_policies::{Stage, acl_word};

use crate::config::{About, about};

/// A word and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// How it is written, in one line.
    pub(super) syntax: String,
    /// What it is, in sentences.
    pub(super) text: String,
}

/// The families that the reference names, in the order of a request.
const FAMILIES: [Family; 9] = [
    Family::TcpRequestConnection,
    Family::TcpRequestSession,
    Family::TcpRequestContent,
    Family::HttpRequest,
    Family::UseBackend,
    Family::UseServer,
    Family::TcpResponseContent,
    Family::HttpResponse,
    Family::HttpAfterResponse,
];

/// All fetches, each with one of its names.
pub(super) fn fetches() -> impl Iterator<Item = (&'static str, &'static FetchKind)> {
    let rows = FETCHES.iter().copied().flatten();
    rows.flat_map(|kind| std::iter::once(&kind.name).chain(kind.aliases).map(move |name| (*name, kind)))
}

/// All converters.
pub(super) fn converters() -> impl Iterator<Item = &'static ConvertKind> {
    CONVERTERS.iter().copied().flatten()
}

/// The actions of a family.
pub(super) fn actions(family: Family) -> impl Iterator<Item = &'static ActionKind> {
    actions::ACTIONS.iter().copied().flatten().filter(move |kind| kind.families.contains(&family))
}

/// A fetch, or an ACL word such as `path_beg`.
pub(super) fn fetch(name: &str, plugins: &[Plugin]) -> Option<Said> {
    if let Some((_, kind)) = fetches().find(|(known, _)| *known == name) {
        let places: Vec<_> = FAMILIES.into_iter().filter(|&f| Stage::Rule(f).has(kind.needs)).collect();
        let known = match (places.len(), Stage::Log.has(kind.needs)) {
            (9, _) => "It has a value everywhere.".to_owned(),
            (0, _) => "It has a value in log formats only.".to_owned(),
            (_, log) => {
                let log = if log { ", and in log formats" } else { "" };
                format!("It has a value in {}{log}.", list(places.into_iter().map(|f| Stage::Rule(f).name())))
            }
        };
        let syntax = format!("{name}{} -> {}", arguments(kind.args), type_name(kind.output));
        return Some(Said { syntax, text: format!("{}\n\n{known}", sentence(kind.summary)) });
    }
    if let Some((fetch, method)) = acl_word(name) {
        let text = format!("In ACLs: '{fetch}' matched with '-m {}'.", method.name());
        return Some(Said { syntax: format!("{name} PATTERN..."), text });
    }
    plugin(name, plugins, |plugin| plugin.fetch.is_some()).or_else(|| refused(name, fetches::NOT_YET))
}

/// A converter.
pub(super) fn converter(name: &str, plugins: &[Plugin]) -> Option<Said> {
    match converters().find(|kind| kind.name == name) {
        Some(kind) => {
            let (input, output) = (type_name(kind.input), type_name(kind.output));
            let syntax = format!("{input} -> {name}{} -> {output}", arguments(kind.args));
            Some(Said { syntax, text: sentence(kind.summary) })
        }
        None => plugin(name, plugins, |plugin| plugin.convert.is_some())
            .or_else(|| refused(name, converters::NOT_YET)),
    }
}

/// An action.
pub(super) fn action(name: &str, plugins: &[Plugin]) -> Option<Said> {
    match actions::kind(name) {
        Some(kind) => {
            let syntax = format!("{name} {}", kind.syntax).replace(" (", "(").trim_end().to_owned();
            let places = list(kind.families.iter().map(|&family| Stage::Rule(family).name()));
            Some(Said { syntax, text: format!("{}\n\nIt may stand in {places}.", sentence(kind.summary)) })
        }
        None => plugin(name, plugins, |plugin| plugin.action.is_some())
            .or_else(|| refused(name, actions::NOT_YET)),
    }
}

/// A keyword of a kind of section: the words that are written, of which as many count as there are in its name.
pub(super) fn keyword(section: &str, words: &[&str]) -> Option<Said> {
    let rows = about(section);
    let fits = |row: &&About| {
        let mut given = words.iter();
        row.name.split(' ').all(|part| match (part.strip_suffix('*'), given.next()) {
            (Some(start), Some(word)) => word.starts_with(start),
            (None, Some(word)) => part == *word,
            (_, None) => false,
        })
    };
    let row = rows.iter().filter(fits).max_by_key(|row| row.name.split(' ').count())?;
    Some(Said { syntax: format!("{}{}", row.name, more(row.args)), text: about_keyword(section, row) })
}

/// What is said of a keyword.
pub(super) fn about_keyword(section: &str, row: &About) -> String {
    let mut text = match row.remark {
        Some(remark) => sentence(remark),
        None => crate::config::summary(row.name).map(sentence).unwrap_or_default(),
    };
    let mut add = |sentence: String| text = format!("{text} {sentence}").trim_start().to_owned();
    if !matches!(section, "global" | "http-errors" | "userlist") {
        add(format!("It may stand in {}.", list(row.sections())));
    }
    if row.http {
        add("It means something in HTTP mode only.".to_owned());
    }
    if row.inverts && row.remark.is_none() {
        add("'no' in front turns it off.".to_owned());
    }
    text
}

/// A family of rules, by its first words.
pub(super) fn family(words: &str) -> Option<Said> {
    let (_, syntax, text) = FAMILY_WORDS.iter().find(|(name, ..)| *name == words)?;
    Some(Said { syntax: format!("{words} {syntax}"), text: sentence(text) })
}

/// The first words of rules, what follows, and what they are.
#[rustfmt::skip]
pub(super) const FAMILY_WORDS: [(&str, &str, &str); 19] = [
    ("apply", "POLICY [PARAMETER=VALUE...] [if|unless CONDITION]", "puts the rules of a policy here"),
    ("acl", "NAME EXPRESSION [FLAGS] [PATTERN...]", "a named test; several lines of one name are alternatives"),
    ("http-request", "ACTION... [if|unless CONDITION]", "a rule for a request whose head was read"),
    ("http-response", "ACTION... [if|unless CONDITION]", "a rule for a response that came from a server"),
    ("http-after-response", "ACTION... [if|unless CONDITION]", "a rule for any response that goes out, one made here too"),
    ("tcp-request connection", "ACTION... [if|unless CONDITION]", "a rule for a connection that was just accepted"),
    ("tcp-request session", "ACTION... [if|unless CONDITION]", "a rule for a connection whose handshakes are done"),
    ("tcp-request content", "ACTION... [if|unless CONDITION]", "a rule that looks at the first bytes of the client"),
    ("tcp-response content", "ACTION... [if|unless CONDITION]", "a rule that looks at the first bytes of the server"),
    ("use_backend", "BACKEND [if|unless CONDITION]", "the backend for requests of this kind; the first that holds counts"),
    ("use-server", "SERVER if|unless CONDITION", "the server for requests of this kind, while it is up"),
    ("redirect", "location|prefix|scheme TARGET [OPTIONS] [if|unless CONDITION]", "answers with a redirection, behind 'http-request'"),
    ("stick on", "EXPRESSION [table TABLE] [if|unless CONDITION]", "remembers the server of a key, and goes back to it"),
    ("stick match", "EXPRESSION [table TABLE] [if|unless CONDITION]", "goes to the server that is remembered for a key"),
    ("stick store-request", "EXPRESSION [table TABLE] [if|unless CONDITION]", "remembers the server of a key of the request"),
    ("stick store-response", "EXPRESSION [table TABLE] [if|unless CONDITION]", "remembers the server of a key of the response"),
    ("monitor fail", "if|unless CONDITION", "when 'monitor-uri' answers that nothing works"),
    ("force-persist", "if|unless CONDITION", "stays with a server of a cookie even when it is down"),
    ("ignore-persist", "if|unless CONDITION", "chooses a server anew, whatever a cookie says"),
];

/// A plugin that gives what is wanted.
fn plugin(name: &str, plugins: &[Plugin], gives: impl Fn(&Plugin) -> bool) -> Option<Said> {
    let found = plugins.iter().find(|plugin| plugin.name == name && gives(plugin))?;
    Some(Said { syntax: name.to_owned(), text: sentence(&found.summary) })
}

fn refused(name: &str, not_yet: &[&str]) -> Option<Said> {
    let known = not_yet.contains(&name);
    known.then(|| Said {
        syntax: name.to_owned(),
        text: "HAProxy has it; it is not supported yet.".to_owned(),
    })
}

/// `(1 argument)`, as it stands behind a name.
fn arguments((least, most): (usize, usize)) -> String {
    match (least, most) {
        (0, 0) => String::new(),
        (0, 1) => "[(argument)]".to_owned(),
        (1, 1) => "(argument)".to_owned(),
        (least, most) if least == most => format!("({least} arguments)"),
        (least, usize::MAX) => format!("({least} or more arguments)"),
        (0, most) => format!("[(up to {most} arguments)]"),
        (least, most) => format!("({least} to {most} arguments)"),
    }
}

/// How many words follow a keyword.
fn more((least, most): (usize, usize)) -> String {
    let needed = " WORD".repeat(least.min(8));
    match most {
        most if most == least => needed,
        usize::MAX => format!("{needed} [WORD...]"),
        most => format!("{needed}{}", " [WORD]".repeat((most - least).min(8))),
    }
}

/// With a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

/// `a, b and c`
fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

pub(super) fn type_name(kind: SampleType) -> &'static str {
    match kind {
        SampleType::Bool => "boolean",
        SampleType::Int => "integer",
        SampleType::Ip => "address",
        SampleType::Str => "string",
        SampleType::Bin => "binary",
        SampleType::Method => "method",
        SampleType::Any => "any",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_said_with_its_syntax_and_its_places() {
        let path = fetch("path", &[]).expect("a fetch");
        assert_eq!(path.syntax, "path -> string");
        assert!(
            path.text.contains("`http-request`") && !path.text.contains("tcp-request connection"),
            "{}",
            path.text
        );
        assert!(fetch("path_beg", &[]).expect("an ACL word").text.contains("-m beg"));
        assert!(action("deny", &[]).expect("an action").text.contains("`http-request`"));
        assert_eq!(converter("nope", &[]), None);
        let timeout = keyword("frontend", &["timeout", "client", "5s"]).expect("a keyword");
        assert_eq!(timeout.syntax, "timeout client WORD");
        assert_eq!(keyword("frontend", &["nope"]), None);
    }
}
