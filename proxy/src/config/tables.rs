//! Stick tables of proxies, of `peers` sections and of sections of their own, put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portero_api::tables::{Column, Data, KeyType, Limits, Schema, ServerName};
use portero_grammar::cfg::Line;
use portero_grammar::rules::{Family, Rule};
use portero_grammar::{Diagnostic, Span, Word};

use super::checked::Table;
use super::draft::Draft;
use super::keywords::table;
use super::reading::Reading;

/// A table as written.
#[derive(Clone)]
pub(super) struct TableDraft {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) key: Option<KeyType>,
    /// `len`, which belongs to the key.
    pub(super) len: Option<(u32, Span)>,
    pub(super) size: Option<usize>,
    pub(super) expire: Option<Duration>,
    pub(super) nopurge: bool,
    pub(super) srvkey: ServerName,
    pub(super) columns: Vec<Column>,
    pub(super) brates_factor: u32,
    pub(super) write_to: Option<Word>,
    pub(super) peers: Option<Word>,
    /// Words that say what becomes of what other peers send.
    pub(super) only_for_peers: Vec<Span>,
}

/// A `peers` section as written.
pub(super) struct PeersDraft {
    pub(super) name: Word,
    pub(super) peers: Vec<Word>,
    pub(super) tables: Vec<TableDraft>,
}

impl TableDraft {
    /// A `stick-table` line by itself.
    pub(super) fn read(name: String, line: &Line, reading: &mut Reading) -> TableDraft {
        let mut draft = TableDraft::new(name, line.span);
        table::words(&mut draft, &line.words[1..], reading);
        draft
    }

    /// A table of which nothing has been said.
    pub(super) fn new(name: String, span: Span) -> TableDraft {
        TableDraft {
            name,
            span,
            key: None,
            len: None,
            size: None,
            expire: None,
            nopurge: false,
            srvkey: ServerName::Name,
            columns: Vec::new(),
            brates_factor: 1,
            write_to: None,
            peers: None,
            only_for_peers: Vec::new(),
        }
    }
}

/// What the tables are put together from.
pub(super) struct Parts<'a> {
    pub(super) proxies: &'a [Draft],
    pub(super) peers: &'a [PeersDraft],
    pub(super) own: &'a [TableDraft],
    /// The name of this process among its peers.
    pub(super) local_peer: &'a str,
}

/// All tables. What is missing or clashes is reported.
pub(super) fn build(parts: &Parts<'_>, reading: &mut Reading) -> Vec<Arc<Table>> {
    parts.peers.iter().for_each(|section| only_local(section, parts.local_peer, reading));
    let live = parts.proxies.iter().filter(|draft| !draft.disabled);
    let of_proxies = live.clone().filter_map(|draft| draft.table.as_ref());
    let of_peers = parts.peers.iter().flat_map(|section| &section.tables);
    let mut tables: BTreeMap<&str, (&TableDraft, Table)> = BTreeMap::new();
    for draft in of_proxies.chain(of_peers).chain(parts.own) {
        if let Some((other, _)) = tables.get(draft.name.as_str()) {
            let line = reading.sources.line(other.span);
            let message = format!("there are two tables named '{}', the other in line {line}", draft.name);
            reading.out.push(Diagnostic::error(draft.span, message));
        } else if let Some(table) = reading.keep(table(draft)) {
            tables.insert(&draft.name, (draft, table));
        }
    }
    for proxy in live {
        for rule in sticks(proxy) {
            let name = named(rule).map_or(proxy.name(), |word| &word.text);
            if let Some((_, table)) = tables.get_mut(name) {
                remember_servers(&mut table.schema);
            }
        }
    }
    for (draft, table) in tables.values() {
        about_peers(draft, table, &tables, parts, reading);
    }
    tables.into_values().map(|(_, table)| Arc::new(table)).collect()
}

fn table(draft: &TableDraft) -> Result<Table, Diagnostic> {
    let missing = |what: &str| {
        let message = format!("the table '{}' needs '{what}'", draft.name);
        Diagnostic::error(draft.span, message)
            .help("for instance 'type ip size 100k expire 10m store http_req_rate(10s)'")
    };
    let key = match (draft.key.ok_or_else(|| missing("type"))?, draft.len) {
        (KeyType::String(_), Some((len, _))) => KeyType::String(len),
        (KeyType::Binary(_), Some((len, _))) => KeyType::Binary(len),
        (_, Some((_, span))) => {
            return Err(Diagnostic::error(span, "'len' belongs to 'type string' and 'type binary'"));
        }
        (key, None) => key,
    };
    let size = draft.size.ok_or_else(|| missing("size"))?;
    let mut columns = draft.columns.clone();
    columns.sort_by_key(|column| column.data);
    Ok(Table {
        schema: Schema { name: draft.name.as_str().into(), key, columns, brates_factor: draft.brates_factor },
        limits: Limits { size, expire: draft.expire, nopurge: draft.nopurge, srvkey: draft.srvkey },
        span: draft.span,
    })
}

/// The `stick` rules of a proxy.
fn sticks(proxy: &Draft) -> impl Iterator<Item = &Rule> {
    let families =
        [Family::StickOn, Family::StickMatch, Family::StickStoreRequest, Family::StickStoreResponse];
    families.into_iter().filter_map(|family| proxy.rules.get(&family)).flatten()
}

/// The table that a `stick` rule names.
fn named(rule: &Rule) -> Option<&Word> {
    let at = rule.action.words.iter().position(|word| word.text == "table")?;
    rule.action.words.get(at + 1)
}

/// A table that `stick` rules name holds the server, whether `store` says so or not.
fn remember_servers(schema: &mut Schema) {
    for data in [Data::ServerId, Data::ServerKey] {
        if !schema.stores(data) {
            schema.columns.push(Column { data, len: 1, period: 0 });
        }
    }
    schema.columns.sort_by_key(|column| column.data);
}

/// `peers`, `write-to` and `recv-only`: names must lead somewhere, and nothing comes of them as long as there is one peer.
fn about_peers(
    draft: &TableDraft,
    table: &Table,
    tables: &BTreeMap<&str, (&TableDraft, Table)>,
    parts: &Parts<'_>,
    reading: &mut Reading,
) {
    let note = |span: Span, word: &str| {
        let message =
            format!("'{word}' changes nothing here: it is about what other peers send, and there is none");
        Diagnostic::note(span, message)
    };
    if let Some(word) = &draft.peers
        && !parts.peers.iter().any(|section| section.name.text == word.text)
    {
        let error = Diagnostic::error(word.span, format!("there is no 'peers' section '{}'", word.text));
        let names = parts.peers.iter().map(|section| section.name.text.as_str());
        reading.out.push(error.did_you_mean(&word.text, names));
    }
    for span in &draft.only_for_peers {
        reading.out.push(note(*span, "recv-only"));
    }
    let Some(word) = &draft.write_to else { return };
    let fault = match tables.get(word.text.as_str()) {
        None => Some(format!("there is no table '{}'", word.text)),
        Some((other, _)) if other.name == draft.name => {
            Some("a table cannot be written to itself".to_owned())
        }
        Some((_, other)) if other.schema.key != table.schema.key => {
            Some(format!("the keys of '{}' are of another type or length", word.text))
        }
        Some(_) => None,
    };
    reading.out.push(match fault {
        Some(message) => Diagnostic::error(word.span, format!("'write-to': {message}")),
        None => note(word.span, "write-to"),
    });
}

/// Other processes cannot be told of tables yet.
fn only_local(section: &PeersDraft, local: &str, reading: &mut Reading) {
    for peer in section.peers.iter().filter(|peer| peer.text != local) {
        let message = format!("the peer '{}' is another process, which is not supported yet", peer.text);
        let help = format!("this process is the peer '{local}': '-L NAME' or 'localpeer' say otherwise");
        reading.out.push(Diagnostic::error(peer.span, message).help(help));
    }
}
