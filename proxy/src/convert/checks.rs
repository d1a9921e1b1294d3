//! `check` on every server of a backend to one `check` for all of them.

use super::print::{Entries, Item};

/// Timings that servers often have in common: their words there, and the keys of `check`.
const SHARED: &[(&str, &str)] = &[
    ("inter", "interval"),
    ("fastinter", "fast_interval"),
    ("downinter", "down_interval"),
    ("rise", "rise"),
    ("fall", "fall"),
    ("port", "port"),
];

/// Characters that mean something to the one who cuts a string into words.
const CUT: [char; 7] = [' ', '\t', '"', '\'', '\\', '#', '$'];

/// Moves to `check` what all servers say alike. Nothing is changed where a server is not checked.
pub(super) fn gather(entries: &mut Entries) {
    if entries.iter().any(|(key, _)| matches!(key.as_str(), "server_template" | "lines")) {
        return;
    }
    let defaults = entries.iter().find(|(key, _)| key == "default_server").map(|(_, item)| item.clone());
    // several of them, or one that is text, are left to the reader
    if defaults.as_ref().is_some_and(|item| !matches!(item, Item::Table(_)) || get(item, "check").is_some()) {
        return;
    }
    let is_default = |word: &str| defaults.as_ref().is_some_and(|item| get(item, word).is_some());
    let Some((_, Item::Table(servers))) = entries.iter_mut().find(|(key, _)| key == "server") else { return };
    if !servers.iter().all(|(_, server)| get(server, "check") == Some(&Item::Bool(true))) {
        return;
    }
    let mut check = Entries::new();
    for (word, key) in SHARED.iter().filter(|(word, _)| !is_default(word)) {
        if let Some(value) = common(servers, word) {
            servers.iter_mut().for_each(|(_, server)| remove(server, word));
            check.push(((*key).to_owned(), value));
        }
    }
    for (_, server) in servers.iter_mut() {
        remove(server, "check");
        shorten(server);
    }
    probe(entries, &mut check);
    let item = if check.is_empty() { Item::Bool(true) } else { Item::Table(check) };
    let place = entries.iter().position(|(key, _)| key == "server").unwrap_or(entries.len());
    entries.insert(place, ("check".to_owned(), item));
}

/// `option httpchk` and a single `http-check expect` become `http` and `expect`.
fn probe(entries: &mut Entries, check: &mut Entries) {
    let Some((_, Item::List(options))) = entries.iter_mut().find(|(key, _)| key == "options") else { return };
    let probes: Vec<usize> =
        (0..options.len()).filter(|&i| behind(&options[i], "httpchk").is_some()).collect();
    let [only] = probes[..] else { return };
    // a later option of another kind would be overtaken
    if options.iter().any(
        |option| matches!(option, Item::Text(text) if text.contains("check") || text.contains("smtpchk")),
    ) {
        return;
    }
    let words = behind(&options.remove(only), "httpchk").unwrap_or_default();
    check.push(("http".to_owned(), if words.is_empty() { Item::Bool(true) } else { Item::Text(words) }));
    entries.retain(|(key, item)| key != "options" || *item != Item::List(Vec::new()));
    let Some((_, Item::Block(rules))) = entries.iter_mut().find(|(key, _)| key == "rules") else { return };
    let lines: Vec<usize> = (0..rules.len()).filter(|&i| rules[i].starts_with("http-check")).collect();
    if let [only] = lines[..]
        && let Some(expect) = rules[only].strip_prefix("http-check expect ")
    {
        check.push(("expect".to_owned(), Item::Text(expect.trim_start().to_owned())));
        rules.remove(only);
        let says_nothing = rules.iter().all(|line| line.starts_with('#'));
        entries.retain(|(key, _)| key != "rules" || !says_nothing);
    }
}

/// What stands behind the first word, when that is the one.
fn behind(option: &Item, first: &str) -> Option<String> {
    let Item::Text(text) = option else { return None };
    let rest = text.strip_prefix(first)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim_start().to_owned())
}

fn common(servers: &Entries, key: &str) -> Option<Item> {
    let (_, first) = servers.first()?;
    let value = get(first, key)?;
    servers.iter().all(|(_, server)| get(server, key) == Some(value)).then(|| value.clone())
}

fn get<'i>(server: &'i Item, key: &str) -> Option<&'i Item> {
    let Item::Table(entries) = server else { return None };
    entries.iter().find(|(known, _)| known == key).map(|(_, item)| item)
}

fn remove(server: &mut Item, key: &str) {
    if let Item::Table(entries) = server {
        entries.retain(|(known, _)| known != key);
    }
}

/// A server of which only the address is left is that address.
fn shorten(server: &mut Item) {
    if let Item::Table(entries) = server
        && let [(_, Item::Text(address))] = &entries[..]
        && !address.contains(CUT)
    {
        *server = Item::Text(address.clone());
    }
}
