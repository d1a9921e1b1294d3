//! A list: versions of entries, changed while workers look into it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use arc_swap::ArcSwap;
use portero_api::events::ListChange;
use portero_api::{EventKind, Events};

use super::entry::Entry;
use super::file::{self, Columns};
use super::index::{Kind, Match, Query};
use super::lookup::query;
use super::output::Output;
use super::view::View;
use super::writer::{Writer, is_between};

/// A named list of patterns, with values in maps. Shared by all that name it.
pub struct List {
    name: Box<str>,
    /// The version that is matched against.
    current: ArcSwap<View>,
    writer: Mutex<Writer>,
    /// How the file was read; none while it was not.
    columns: Mutex<Option<Columns>>,
    /// Where changes are told, once the list is in use.
    events: EventsLater,
}

/// Where events go, as soon as that is known.
pub(super) type EventsLater = Arc<OnceLock<Arc<Events>>>;

/// Who names a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// True for a map, false for an ACL.
    pub map: bool,
    /// File of the configuration.
    pub file: String,
    /// Line in it.
    pub line: u32,
}

/// Which entries a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'k> {
    /// All with this key.
    Key(&'k [u8]),
    /// The one with this id.
    Id(u32),
}

/// Why a change was refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The key or the value cannot be used; a sentence.
    Bad(String),
    /// There is no such entry.
    NotFound,
    /// No such version was prepared.
    Future,
    /// The version is not one that may be committed.
    OutOfRange,
}

/// The state of a list for who looks after it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who names it.
    pub uses: Vec<Use>,
    /// What its values are used as.
    pub outputs: Vec<Output>,
    /// The version that is matched against.
    pub version: u32,
    /// The highest version that was prepared.
    pub next: u32,
    /// Entries of all versions.
    pub entries: usize,
}

/// What one way of asking a list finds.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The way.
    pub kind: Kind,
    /// What it finds.
    pub entry: Option<Entry>,
}

impl List {
    pub(super) fn new(name: &str) -> List {
        List {
            name: name.into(),
            current: ArcSwap::from_pointee(View::new(&[])),
            writer: Mutex::default(),
            columns: Mutex::default(),
            events: EventsLater::default(),
        }
    }

    /// The list with a place where its changes are told.
    pub(super) fn telling(self, events: &EventsLater) -> List {
        List { events: events.clone(), ..self }
    }

    /// The name by which it is known.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the version that counts now; what is found is lent to `take`.
    pub(super) fn find<R>(
        &self,
        slot: usize,
        query: Query<'_>,
        take: impl FnOnce(Match<'_>) -> R,
    ) -> Option<R> {
        self.current.load().find(slot, query).map(take)
    }

    /// Its state.
    pub fn facts(&self) -> Facts {
        let writer = self.writer();
        let prepared: usize = writer.prepared.values().map(View::len).sum();
        Facts {
            uses: writer.uses.clone(),
            outputs: writer.outputs.clone(),
            version: writer.version,
            next: writer.next,
            entries: self.current.load().len() + prepared,
        }
    }

    /// All entries in order: of the version that counts, or of another.
    pub fn entries(&self, version: Option<u32>) -> Vec<Entry> {
        let writer = self.writer();
        match version.filter(|&version| version != writer.version) {
            Some(version) => writer.prepared.get(&version).map(View::in_order).unwrap_or_default(),
            None => {
                drop(writer);
                self.current.load_full().in_order()
            }
        }
    }

    /// Asks it in each way that the configuration does.
    pub fn probe(&self, text: &[u8]) -> Vec<Probe> {
        let writer = self.writer();
        let view = self.current.load();
        let found = |(slot, kind): (usize, &Kind)| {
            let found = query(kind.method, text).and_then(|query| view.find(slot, query));
            Probe { kind: *kind, entry: found.map(|found| found.entry.clone()) }
        };
        writer.kinds.iter().enumerate().map(found).collect()
    }

    /// The entries of a key: of the version that counts, or of another.
    pub fn of_key(&self, version: Option<u32>, key: &[u8]) -> Vec<Entry> {
        self.select(&self.writer(), version, Which::Key(key)).unwrap_or_default()
    }

    /// Adds an entry to the version that counts, or to one that was prepared.
    pub fn add(&self, version: Option<u32>, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        let mut writer = self.writer();
        writer.check(key, value)?;
        let version = writer.prepared_one(version)?;
        let entry = Entry::new(writer.new_id(), key, value);
        self.edit(&mut writer, version, ListChange::Added, |view| view.extend(&[entry]));
        Ok(())
    }

    /// Gives entries of the version that counts another value.
    pub fn set(&self, which: Which<'_>, value: &[u8]) -> Result<(), Refused> {
        self.set_in(None, which, value)
    }

    /// Gives entries another value: in the version that counts, or in one that was prepared.
    pub fn set_in(&self, version: Option<u32>, which: Which<'_>, value: &[u8]) -> Result<(), Refused> {
        let mut writer = self.writer();
        writer.check_value(value)?;
        let version = writer.prepared_one(version)?;
        let old = self.select(&writer, version, which)?;
        let new = old.iter().map(|entry| Entry::new(entry.id(), entry.key(), Some(value)));
        self.edit(&mut writer, version, ListChange::Set, |view| new.for_each(|entry| view.replace(&entry)));
        Ok(())
    }

    /// Adds an entry, or gives those with its key another value. Nothing happens where that would change nothing.
    pub fn put(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        let known = |entries: &[Entry]| {
            !entries.is_empty() && entries.iter().all(|entry| value.is_none() || entry.value() == value)
        };
        if known(self.current.load().of_key(key)) {
            return Ok(());
        }
        let set = value.map_or(Err(Refused::NotFound), |value| self.set(Which::Key(key), value));
        match set {
            Err(Refused::NotFound) => self.add_new(key, value),
            other => other,
        }
    }

    /// Adds an entry unless one with its key has come in the meantime.
    fn add_new(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        let mut writer = self.writer();
        writer.check(key, value)?;
        if self.current.load().of_key(key).is_empty() {
            let entry = Entry::new(writer.new_id(), key, value);
            self.edit(&mut writer, None, ListChange::Added, |view| view.extend(&[entry]));
        }
        Ok(())
    }

    /// Takes entries out of the version that counts.
    pub fn delete(&self, which: Which<'_>) -> Result<(), Refused> {
        self.delete_from(None, which)
    }

    /// Takes entries out: of the version that counts, or of one that was prepared.
    pub fn delete_from(&self, version: Option<u32>, which: Which<'_>) -> Result<(), Refused> {
        let mut writer = self.writer();
        let version = writer.prepared_one(version)?;
        let gone = self.select(&writer, version, which)?;
        let remove = |view: &mut View| gone.iter().for_each(|entry| view.remove(entry));
        self.edit(&mut writer, version, ListChange::Deleted, remove);
        Ok(())
    }

    /// Takes all entries out: of the version that counts, or of another.
    pub fn clear(&self, version: Option<u32>) {
        let mut writer = self.writer();
        match version.filter(|&version| version != writer.version) {
            Some(version) => drop(writer.prepared.remove(&version)),
            None => {
                self.current.store(Arc::new(View::new(&writer.kinds)));
                self.tell(ListChange::Cleared);
            }
        }
    }

    /// A new version, which counts once it is committed.
    pub fn prepare(&self) -> u32 {
        let mut writer = self.writer();
        writer.next = writer.next.wrapping_add(1);
        writer.next
    }

    /// Lets a version count, at once and as a whole. Those before it are forgotten.
    pub fn commit(&self, version: u32) -> Result<(), Refused> {
        let mut writer = self.writer();
        if !writer.is_prepared(version) {
            return Err(Refused::OutOfRange);
        }
        let view = writer.prepared.remove(&version).unwrap_or_else(|| View::new(&writer.kinds));
        writer.version = version;
        let Writer { prepared, next, .. } = &mut *writer;
        prepared.retain(|&other, _| is_between(other, version, *next));
        self.current.store(Arc::new(view));
        self.tell(ListChange::Committed);
        Ok(())
    }

    /// Lets `fill` add what is there at the start, unless that was done before. The error is a sentence.
    pub(super) fn fill_once(
        &self,
        columns: Columns,
        fill: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let mut filled = self.columns.lock().unwrap_or_else(|e| e.into_inner());
        match *filled {
            Some(before) if before != columns => {
                Err(format!("'{}' is a map in one place and a plain list in another", self.name))
            }
            Some(_) => Ok(()),
            None => {
                fill()?;
                *filled = Some(columns);
                Ok(())
            }
        }
    }

    /// Adds the entries of a file to those that are there.
    pub(super) fn load(&self, content: &[u8], columns: Columns) {
        let mut writer = self.writer();
        let entry = |(line, key, value): (u32, &[u8], Option<&[u8]>)| Entry::new(line, key, value);
        let entries: Vec<Entry> = file::entries(content, columns).map(entry).collect();
        writer.last_id = writer.last_id.max(entries.last().map_or(0, Entry::id));
        self.change(|view| view.extend(&entries));
    }

    /// Notes who names the list, for those who look after it.
    pub(super) fn note_use(&self, map: bool, place: Option<(String, u32)>) {
        let (file, line) = place.unwrap_or_default();
        let named = Use { map, file, line };
        let mut writer = self.writer();
        if !writer.uses.contains(&named) {
            writer.uses.push(named);
        }
    }

    /// Moves on to the place of another: of the next configuration.
    pub(super) fn serve(&self, instead_of: &List) {
        let other = instead_of.writer();
        let mut writer = self.writer();
        writer.uses.clone_from(&other.uses);
        writer.number = other.number;
    }

    /// Makes sure that the list can be asked in a way, and its values be used so. The error names entries that cannot,
    /// by their ids.
    pub(super) fn ask(&self, kind: Kind, output: Option<Output>) -> Result<usize, Vec<(u32, String)>> {
        let mut writer = self.writer();
        let known = writer.kinds.iter().position(|&other| other == kind);
        let output = output.filter(|output| !writer.outputs.contains(output));
        self.check_all(known.is_none().then_some(kind), output)?;
        writer.outputs.extend(output);
        Ok(known.unwrap_or_else(|| {
            writer.kinds.push(kind);
            self.change(|view| view.add_index(kind));
            writer.prepared.values_mut().for_each(|view| view.add_index(kind));
            writer.kinds.len() - 1
        }))
    }

    fn check_all(&self, kind: Option<Kind>, output: Option<Output>) -> Result<(), Vec<(u32, String)>> {
        let anything = kind.is_some_and(Kind::is_picky) || output.is_some_and(Output::is_picky);
        let all = if anything { self.current.load().in_order() } else { Vec::new() };
        let wrong = all.iter().filter_map(|entry| {
            let key = kind.map_or(Ok(()), |kind| kind.check(entry.key()));
            let value = || output.map_or(Ok(()), |output| output.check(entry.value().unwrap_or_default()));
            key.and_then(|()| value()).err().map(|message| (entry.id(), message))
        });
        let wrong: Vec<_> = wrong.collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The entries that are meant, one at least: of the version that counts, or of one that was prepared.
    fn select(&self, writer: &Writer, version: Option<u32>, which: Which<'_>) -> Result<Vec<Entry>, Refused> {
        let of = |view: &View| match which {
            Which::Key(key) => view.of_key(key).to_vec(),
            Which::Id(id) => view.of_id(id).cloned().into_iter().collect(),
        };
        let found = match version.filter(|&version| version != writer.version) {
            Some(version) => writer.prepared.get(&version).map(of).unwrap_or_default(),
            None => of(&self.current.load()),
        };
        if found.is_empty() { Err(Refused::NotFound) } else { Ok(found) }
    }

    /// Changes a version that was prepared, or the one that counts: then all are told.
    fn edit(
        &self,
        writer: &mut Writer,
        version: Option<u32>,
        what: ListChange,
        edit: impl FnOnce(&mut View),
    ) {
        match version {
            Some(version) => edit(writer.prepared(version)),
            None => {
                self.change(edit);
                self.tell(what);
            }
        }
    }

    /// Changes a copy of the version that counts and lets it take its place. The writer's lock is held.
    fn change(&self, change: impl FnOnce(&mut View)) {
        let mut view = View::clone(&self.current.load());
        change(&mut view);
        self.current.store(Arc::new(view));
    }

    /// Tells those who want to know of a change of the version that counts.
    fn tell(&self, what: ListChange) {
        if let Some(events) = self.events.get().filter(|events| events.wanted()) {
            events.publish(EventKind::List(self.name.as_ref().into(), what));
        }
    }
}
