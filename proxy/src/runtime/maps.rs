//! Maps and ACL lists at run time: show, get, add, set, del, clear, prepare, commit (management manual, section 9.3).
//!
//! `map` and `acl` are two views of the same lists: a list that both a map and an ACL name is in both.

use std::fmt::Write;
use std::sync::Arc;

use portero_policies::Method;
use portero_policies::maps::{self, Entry, List, Output, Probe, Refused, Which, key_and_value};

use super::call::{Answer, Call, done};

/// What the words of a command call its lists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Map,
    Acl,
}

impl View {
    fn noun(self) -> &'static str {
        match self {
            View::Map => "map",
            View::Acl => "acl",
        }
    }

    fn unknown(self) -> String {
        let noun = if self == View::Map { "map" } else { "ACL" };
        format!("Unknown {noun} identifier. Please use #<id> or <file>.")
    }

    fn shows(self, list: &List) -> bool {
        list.facts().uses.iter().any(|one| one.map == (self == View::Map))
    }
}

/// A list as words name it, the version in front of it, and the words behind it.
struct Target<'c> {
    list: Arc<List>,
    version: Option<u32>,
    rest: &'c [String],
}

/// `[@<ver>] <list> ...`; `missing` is said where there is no list.
fn target<'c>(call: &'c Call<'_>, view: View, missing: &str) -> Result<Target<'c>, String> {
    let (version, words) = match call.args.split_first() {
        Some((first, rest)) if first.starts_with('@') => (Some(version(first)?), rest),
        _ => (None, call.args),
    };
    let (name, rest) = words.split_first().ok_or(missing)?;
    let found = maps::store(&call.daemon.shared.common).current().find(name);
    let list = found.filter(|list| view.shows(list)).ok_or_else(|| view.unknown())?;
    Ok(Target { list, version, rest })
}

fn version(word: &str) -> Result<u32, String> {
    word[1..].parse().map_err(|_| format!("'{word}' is no version: '@' and a number is."))
}

/// The entries that a key or `#0x...` means.
fn which(word: &str) -> Which<'_> {
    let id = word.strip_prefix("#0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
    id.map_or(Which::Key(word.as_bytes()), Which::Id)
}

pub(super) fn show(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    if call.args.is_empty() {
        return Ok(table(call, view).into());
    }
    let Target { list, version, .. } = target(call, view, "Missing identifier.")?;
    // A million lines take their time: the manager goes on meanwhile.
    let dump = tokio::task::spawn_blocking(move || dump(&list.entries(version)));
    Ok(Answer::Later(Box::pin(async { dump.await.unwrap_or_default() })))
}

fn table(call: &Call<'_>, view: View) -> String {
    let mut text = "# id (file) description\n".to_owned();
    for (number, list) in maps::store(&call.daemon.shared.common).current().numbered() {
        if view.shows(&list) {
            text.push_str(&line(number, &list));
        }
    }
    text
}

/// `7 (a.map) pattern loaded from file 'a.map' used by map at file 'h.cfg' line 16. curr_ver=0 next_ver=0 entry_cnt=3`
fn line(number: u32, list: &List) -> String {
    let facts = list.facts();
    let place = |one: &maps::Use| {
        let noun = if one.map { "map" } else { "acl" };
        format!("{noun} at file '{}' line {}", one.file, one.line)
    };
    let uses: Vec<String> = facts.uses.iter().map(place).collect();
    let what = match list.name() {
        "" => uses.join(", "),
        name => format!("pattern loaded from file '{name}' used by {}", uses.join(", by ")),
    };
    let (version, next, entries) = (facts.version, facts.next, facts.entries);
    format!("{number} ({}) {what}. curr_ver={version} next_ver={next} entry_cnt={entries}\n", list.name())
}

fn dump(entries: &[Entry]) -> String {
    let mut text = String::with_capacity(entries.len() * 32);
    for entry in entries {
        // writing into a string cannot fail
        let _ = write!(text, "0x{:x} {}", entry.id(), String::from_utf8_lossy(entry.key()));
        if let Some(value) = entry.value() {
            let _ = write!(text, " {}", String::from_utf8_lossy(value));
        }
        text.push('\n');
    }
    text
}

pub(super) fn get(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    let missing = match view {
        View::Map => "Missing map identifier and/or key.",
        View::Acl => "Missing ACL identifier and/or key.",
    };
    let Target { list, rest, .. } = target(call, view, missing)?;
    let text = rest.first().ok_or(missing)?;
    let groups = list.facts().outputs.contains(&Output::Groups);
    Ok(list.probe(text.as_bytes()).iter().map(|probe| found(probe, view, groups)).collect::<String>().into())
}

/// `type=str, case=sensitive, found=yes, idx=tree, key="a", value="one", type="str"`
fn found(probe: &Probe, view: View, groups: bool) -> String {
    let kind = probe.kind;
    let name = if kind.method == Method::Reg && groups { "regm" } else { kind.method.name() };
    let case = if kind.ignore_case { "insensitive" } else { "sensitive" };
    let said = if view == View::Map { "found" } else { "match" };
    let Some(entry) = &probe.entry else {
        return format!("type={name}, case={case}, {said}=no\n");
    };
    let tree = matches!(kind.method, Method::Str | Method::Beg | Method::Ip) && !kind.ignore_case;
    let index = if tree { "tree" } else { "list" };
    let key = String::from_utf8_lossy(entry.key());
    let line = format!("type={name}, case={case}, {said}=yes, idx={index}");
    match (view, entry.value().map(String::from_utf8_lossy)) {
        (View::Acl, _) => format!("{line}, pattern=\"{key}\"\n"),
        (View::Map, Some(value)) => format!("{line}, key=\"{key}\", value=\"{value}\", type=\"str\"\n"),
        (View::Map, None) => format!("{line}, key=\"{key}\", value=none\n"),
    }
}

pub(super) fn add_map(call: &mut Call<'_>) -> Result<Answer, String> {
    let usage = "'add map' expects three parameters (map identifier, key and value) or one parameter \
                 (map identifier) and a payload";
    let Target { list, version, rest } = target(call, View::Map, usage)?;
    let add = |key: &[u8], value: &[u8]| {
        let added = list.add(version, key, Some(value));
        added.map_err(|why| refusal(why, View::Map))
    };
    match (call.payload, rest) {
        (Some(lines), _) => {
            for line in lines.lines().filter(|line| !line.trim().is_empty()) {
                match key_and_value(line.trim_start().as_bytes()) {
                    (key, []) => {
                        return Err(format!("Missing value for key '{}'.", String::from_utf8_lossy(key)));
                    }
                    (key, value) => add(key, value)?,
                }
            }
        }
        (None, [key, value, ..]) => add(key.as_bytes(), value.as_bytes())?,
        (None, _) => return Err(usage.to_owned()),
    }
    done()
}

pub(super) fn add_acl(call: &mut Call<'_>) -> Result<Answer, String> {
    let usage = "'add acl' expects two parameters: ACL identifier and pattern.";
    let Target { list, version, rest } = target(call, View::Acl, usage)?;
    let pattern = rest.first().ok_or(usage)?;
    if View::Map.shows(&list) {
        let message = "This ACL is shared with a map containing samples. You must use the command 'add map' to \
                       add values.";
        return Err(message.to_owned());
    }
    list.add(version, pattern.as_bytes(), None).map_err(|why| refusal(why, View::Acl))?;
    done()
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Answer, String> {
    let usage = "'set map' expects three parameters: map identifier, key and value.";
    let Target { list, rest, .. } = target(call, View::Map, usage)?;
    let [key, value, ..] = rest else { return Err(usage.to_owned()) };
    list.set(which(key), value.as_bytes()).map_err(|why| match (why, which(key)) {
        (Refused::NotFound, Which::Key(_)) => "entry not found.".to_owned(),
        (Refused::NotFound, Which::Id(_)) => "key or pattern not found.".to_owned(),
        (why, _) => refusal(why, View::Map),
    })?;
    done()
}

pub(super) fn del(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    let noun = if view == View::Map { "map" } else { "ACL" };
    let usage = format!("This command expects two parameters: {noun} identifier and key.");
    let Target { list, rest, .. } = target(call, view, &usage)?;
    let key = rest.first().ok_or(usage)?;
    list.delete(which(key)).map_err(|why| refusal(why, view))?;
    done()
}

pub(super) fn clear(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    let Target { list, version, .. } = target(call, view, &missing(view))?;
    list.clear(version);
    done()
}

pub(super) fn prepare(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    let Target { list, .. } = target(call, view, &view.unknown())?;
    Ok(format!("New version created: {}\n", list.prepare()).into())
}

pub(super) fn commit(call: &mut Call<'_>, view: View) -> Result<Answer, String> {
    let Some(first) = call.arg(0).filter(|word| word.starts_with('@')) else {
        return Err("Missing version number.".to_owned());
    };
    let version = version(first)?;
    let Target { list, .. } = target(call, view, &missing(view))?;
    list.commit(version).map_err(|why| refusal(why, view))?;
    done()
}

fn missing(view: View) -> String {
    let noun = if view == View::Map { "map" } else { "ACL" };
    format!("Missing {noun} identifier.")
}

fn refusal(why: Refused, view: View) -> String {
    match why {
        Refused::Bad(why) => format!("{why}."),
        Refused::NotFound => "Key not found.".to_owned(),
        Refused::Future => {
            format!("Version number in the future, please use 'prepare {}' before.", view.noun())
        }
        Refused::OutOfRange => "Version number out of range.".to_owned(),
    }
}
