//! Commands about stick tables: `show table`, `set table`, `clear table` (HAProxy management guide, section 9.3). The words of the
//! answers are HAProxy's, for programs read them.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use portero_api::tables::{Data, DataKind, Entry, KeyBuf, KeyType, Removed, Slot, Table};

use super::call::{Answer, Call, done};

/// Entries that are shown in one piece.
const AT_ONCE: usize = 512;

/// Filters of one command at the most.
const FILTERS: usize = 4;

const SHOW_USAGE: &str = "Optional argument only supports \"data.<store_data_type>\" <operator> <value> or key <key> or ptr <ptr>\n";
const CLEAR_USAGE: &str = "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key> or <table> ptr <ptr>\n";
const SET_USAGE: &str = "Required arguments: <table> key <key> [data.<store_data_type> <value>]* or <table> ptr <ptr> [data.<store_data_type> <value>]*\n";

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, String> {
    if call.args.is_empty() {
        let tables = call.daemon.shared.common.tables.all();
        return Ok(tables.iter().map(|table| head(&**table, swept(&**table))).collect::<String>().into());
    }
    let table = table(call, SHOW_USAGE)?;
    let which = which(&table, &call.args[1..], SHOW_USAGE)?;
    if matches!(&which, Which::Key(key) if table.find(key.as_key()).is_none()) {
        return done();
    }
    let used = swept(&*table);
    if used > AT_ONCE && matches!(which, Which::All | Which::Filtered(_)) {
        return Ok(Answer::Pieces(Box::new(pieces(table, which, used))));
    }
    let (mut entries, mut shown) = (String::new(), 0);
    each(&table, &which, |entry| {
        write_entry(entry, &mut entries);
        shown += 1;
    });
    if shown == 0 && matches!(which, Which::Id(_)) {
        return Err("No entry can be found matching ptr.\n".to_owned());
    }
    // where all are shown, the number is theirs: one may have ended meanwhile
    let used = if matches!(which, Which::All) { shown } else { used };
    Ok((head(&*table, used) + &entries).into())
}

/// What is shown of a table that is too large for one piece. Entries may come and go meanwhile: the number is that of the
/// beginning.
fn pieces(table: Arc<dyn Table>, which: Which, used: usize) -> impl Iterator<Item = String> {
    let first = head(&*table, used);
    let mut from = 0;
    let further = std::iter::from_fn(move || {
        let (entries, next) = table.some(from)?;
        from = next;
        let mut text = String::new();
        entries.iter().filter(|entry| which.takes(entry)).for_each(|entry| write_entry(entry, &mut text));
        Some(text)
    });
    std::iter::once(first).chain(further)
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Answer, String> {
    let table = table(call, SET_USAGE)?;
    let entry = match (call.arg(1), call.arg(2)) {
        (Some("key"), Some(text)) => match table.schema().key {
            KeyType::Binary(_) => {
                let message = "Inserting keys into tables of type other than ip, ipv6, string and integer is not supported\n";
                return Err(message.to_owned());
            }
            _ => {
                let key = key(&table, text)?;
                table.enter(key.as_key()).ok_or("Unable to allocate a new entry\n")?
            }
        },
        (Some("ptr"), Some(text)) => by_id(&table, id(text)?)?,
        (Some("key"), None) => return Err("Key value expected\n".to_owned()),
        (Some("ptr"), None) => return Err("Ptr value expected\n".to_owned()),
        (Some(word), _) if word.starts_with("data.") => {
            let message = "content-based lookup is only supported with the \"show\" and \"clear\" actions\n";
            return Err(message.to_owned());
        }
        _ => return Err(SET_USAGE.to_owned()),
    };
    // all or nothing: what is wrong with one value is said before any is set
    let mut values = Vec::new();
    for pair in call.args[3..].chunks(2) {
        let name = pair[0].strip_prefix("data.").ok_or("\"data.<type>\" followed by a value expected\n")?;
        let slot = slot(name).ok_or("Unknown data type\n")?;
        if !table.schema().stores(slot) {
            return Err("Data type not stored in this table\n".to_owned());
        }
        let text = pair.get(1).map_or("", String::as_str);
        values.push((slot, value(slot, text)?));
    }
    for (slot, value) in values {
        match value {
            Value::Number(number) => drop(entry.set(slot, number)),
            Value::Text(text) => drop(entry.set_text(slot, &text)),
        }
    }
    entry.touch();
    done()
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Answer, String> {
    let table = table(call, CLEAR_USAGE)?;
    let which = which(&table, &call.args[1..], CLEAR_USAGE)?;
    let (mut keys, mut kept) = (Vec::new(), false);
    each(&table, &which, |entry| keys.push(entry.key()));
    for key in keys {
        kept |= table.remove(key.as_key()) == Removed::InUse;
    }
    match which {
        Which::Key(_) | Which::Id(_) if kept => Err("Entry currently in use, cannot remove\n".to_owned()),
        _ => done(),
    }
}

/// The entries that a command is about.
enum Which {
    All,
    Key(KeyBuf),
    Id(usize),
    Filtered(Vec<Filter>),
}

/// `data.TYPE OPERATOR VALUE`
struct Filter {
    slot: Slot,
    holds: fn(&u64, &u64) -> bool,
    value: u64,
}

enum Value {
    Number(u64),
    Text(String),
}

fn table(call: &Call<'_>, usage: &str) -> Result<Arc<dyn Table>, String> {
    let name = call.arg(0).ok_or(usage)?;
    call.daemon.shared.common.tables.get(name).ok_or_else(|| "No such table\n".to_owned())
}

fn which(table: &Arc<dyn Table>, args: &[String], usage: &str) -> Result<Which, String> {
    let Some(first) = args.first() else { return Ok(Which::All) };
    let second = args.get(1).map(String::as_str).filter(|text| !text.is_empty());
    match first.as_str() {
        "key" => Ok(Which::Key(key(table, second.ok_or("Key value expected\n")?)?)),
        "ptr" => Ok(Which::Id(id(second.ok_or("Ptr value expected\n")?)?)),
        word if word.starts_with("data.") => filters(table, args, usage).map(Which::Filtered),
        _ => Err(usage.to_owned()),
    }
}

fn filters(table: &Arc<dyn Table>, args: &[String], usage: &str) -> Result<Vec<Filter>, String> {
    let mut filters = Vec::new();
    for (parts, number) in args.chunks(3).zip(1..) {
        let wrong = |what: &str| format!("Filter entry #{number}: {what}\n");
        if number > FILTERS {
            return Err(format!("At most {FILTERS} filters can be given\n"));
        }
        let name = parts[0].strip_prefix("data.").ok_or(usage)?;
        let slot = slot(name).ok_or_else(|| wrong("Unknown data type"))?;
        if !table.schema().stores(slot) {
            return Err(wrong("Data type not stored in this table"));
        }
        let operator = parts.get(1).and_then(|word| operator(word));
        let holds = operator.ok_or_else(|| {
            wrong("Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"")
        })?;
        let value = parts.get(2).and_then(|word| word.parse().ok());
        let value = value.ok_or_else(|| wrong("Require a valid integer value to compare against"))?;
        filters.push(Filter { slot, holds, value });
    }
    Ok(filters)
}

fn operator(word: &str) -> Option<fn(&u64, &u64) -> bool> {
    Some(match word {
        "eq" => u64::eq,
        "ne" => u64::ne,
        "le" => u64::le,
        "ge" => u64::ge,
        "lt" => u64::lt,
        "gt" => u64::gt,
        _ => return None,
    })
}

/// `gpc0`, `gpc[3]`
fn slot(text: &str) -> Option<Slot> {
    match text.split_once('[') {
        Some((name, rest)) => {
            let data = Data::parse(name).filter(|data| data.is_array())?;
            Some(Slot::at(data, rest.strip_suffix(']')?.parse().ok()?))
        }
        None => Data::parse(text).map(Slot::from),
    }
}

fn value(slot: Slot, text: &str) -> Result<Value, String> {
    match slot.data.kind() {
        DataKind::Text => Ok(Value::Text(text.to_owned())),
        _ => {
            text.parse().map(Value::Number).map_err(|_| "Require a valid integer value to store\n".to_owned())
        }
    }
}

fn key(table: &Arc<dyn Table>, text: &str) -> Result<KeyBuf, String> {
    let invalid = || "Invalid key\n".to_owned();
    Ok(match table.schema().key {
        KeyType::Ip | KeyType::Ipv6 => KeyBuf::Ip(text.parse().map_err(|_| invalid())?),
        // 32 bits of it, as in rules
        KeyType::Integer => KeyBuf::Integer(text.parse::<i64>().map_err(|_| invalid())? as u32),
        KeyType::String(_) => KeyBuf::String(text.as_bytes().to_vec()),
        KeyType::Binary(_) => KeyBuf::Binary(bytes(text).ok_or_else(invalid)?),
    })
}

/// Pairs of hexadecimal digits.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn id(text: &str) -> Result<usize, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    usize::from_str_radix(digits, 16).map_err(|_| "Invalid ptr\n".to_owned())
}

fn by_id(table: &Arc<dyn Table>, id: usize) -> Result<Entry, String> {
    let mut found = None;
    each(table, &Which::Id(id), |entry| found = Some(entry.clone()));
    found.ok_or_else(|| "No entry can be found matching ptr.\n".to_owned())
}

/// Visits the entries that a command is about.
fn each(table: &Arc<dyn Table>, which: &Which, mut visit: impl FnMut(&Entry)) {
    if let Which::Key(key) = which {
        return table.find(key.as_key()).iter().for_each(visit);
    }
    table.walk(&mut |entry| {
        if which.takes(entry) {
            visit(entry);
            if matches!(which, Which::Id(_)) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
}

impl Which {
    fn takes(&self, entry: &Entry) -> bool {
        match self {
            Which::All => true,
            Which::Key(key) => entry.key() == *key,
            Which::Id(id) => entry.id() == *id,
            Which::Filtered(filters) => filters.iter().all(|filter| filter.accepts(entry)),
        }
    }
}

impl Filter {
    fn accepts(&self, entry: &Entry) -> bool {
        entry.get(self.slot).is_some_and(|value| (self.holds)(&value, &self.value))
    }
}

/// How many entries there are, those that are over swept first.
fn swept(table: &dyn Table) -> usize {
    while table.sweep() {}
    table.len()
}

/// The first line about a table.
fn head(table: &dyn Table, used: usize) -> String {
    let (schema, size) = (table.schema(), table.limits().size);
    format!("# table: {}, type: {}, size:{size}, used:{used}\n", schema.name, schema.key.name())
}

fn write_entry(entry: &Entry, text: &mut String) {
    let left = entry.expires_in().unwrap_or_default().as_millis();
    // writing to a string cannot fail
    let _ = write!(text, "{:#x}: key=", entry.id());
    write_key(&entry.key(), text);
    let _ = write!(text, " use={} exp={left} shard=0", entry.trackers());
    let table = entry.table();
    for slot in entry.slots() {
        let name = slot.data.name();
        let column = table.schema().column(slot).map_or(0, |(column, _)| column.period);
        let _ = match (slot.data, slot.data.kind()) {
            (Data::GpcRate, _) => write!(text, " gpc{}_rate", slot.index),
            (data, _) if data.is_array() => write!(text, " {name}{}", slot.index),
            _ => write!(text, " {name}"),
        };
        if slot.data.kind() == DataKind::Rate {
            let _ = write!(text, "({column})");
        }
        let _ = match slot.data.kind() {
            DataKind::Text => write!(text, "={}", entry.text(slot).as_deref().unwrap_or("-")),
            _ => write!(text, "={}", entry.get(slot).unwrap_or_default()),
        };
    }
    text.push('\n');
}

fn write_key(key: &KeyBuf, text: &mut String) {
    match key {
        KeyBuf::Ip(ip) => _ = write!(text, "{ip}"),
        KeyBuf::Integer(number) => _ = write!(text, "{number}"),
        KeyBuf::String(bytes) => text.push_str(&bytes.escape_ascii().to_string()),
        KeyBuf::Binary(bytes) => bytes.iter().for_each(|byte| _ = write!(text, "{byte:02X}")),
    }
}
