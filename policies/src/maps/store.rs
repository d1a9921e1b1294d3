//! All lists by name, and how a reload changes them as a whole.
//!
//! Each configuration has its own [`Lists`], filled from its files while it is checked. [`Store::stage`] lays them beside
//! those in use; the workers compile against them, and [`Store::commit`] lets runtime commands see them. Lists without a
//! file (`virt@`) have nothing to be read anew from: they move on to the next configuration with all their entries.

use std::sync::{Arc, Mutex, OnceLock};

use portero_api::{Common, Events};
use portero_grammar::Span;

use super::file::Columns;
use super::index::Kind;
use super::list::{EventsLater, List};
use super::lookup::Lookup;
use super::name::{self, Origin};
use super::output::Output;
use crate::vocabulary::Files;

/// The lists of one configuration, in the order they are first named.
#[derive(Default)]
pub struct Lists {
    all: Mutex<Vec<Arc<List>>>,
    events: EventsLater,
}

/// The lists of the process.
#[derive(Default)]
pub struct Store {
    staged: Mutex<Staged>,
    events: OnceLock<Arc<Events>>,
}

#[derive(Default)]
struct Staged {
    current: Arc<Lists>,
    next: Option<Arc<Lists>>,
}

/// The store that all who share `common` share.
pub fn store(common: &Common) -> Arc<Store> {
    common.get::<Store>("maps")
}

/// How a rule names a list.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    /// The name as written.
    pub(crate) name: &'a str,
    /// How its file is read.
    pub(crate) columns: Columns,
    /// Where it stands.
    pub(crate) span: Option<Span>,
    /// True for a map, false for an ACL.
    pub(crate) map: bool,
}

/// Broken lines that are reported of one file.
const REPORTED: usize = 5;

impl Store {
    /// The lists in use.
    pub fn current(&self) -> Arc<Lists> {
        self.staged().current.clone()
    }

    /// Lays the lists of the next configuration beside those in use. Those without a file move on.
    pub fn stage(&self, next: Arc<Lists>) {
        let mut staged = self.staged();
        if let Some(events) = self.events.get() {
            next.events.get_or_init(|| events.clone());
        }
        next.take_over(&staged.current);
        staged.next = Some(next);
    }

    /// Lets the next lists take the place of those in use.
    pub fn commit(&self) {
        let mut staged = self.staged();
        if let Some(next) = staged.next.take() {
            staged.current = next;
        }
    }

    /// Forgets the next lists.
    pub fn abort(&self) {
        self.staged().next = None;
    }

    /// The lists that rules are compiled against: the next ones, where there are some.
    pub(crate) fn compiling(&self) -> Arc<Lists> {
        let staged = self.staged();
        staged.next.as_ref().unwrap_or(&staged.current).clone()
    }

    /// From now on lists that are staged tell of changes here.
    pub(super) fn tell(&self, events: &Arc<Events>) {
        self.events.get_or_init(|| events.clone());
    }

    fn staged(&self) -> std::sync::MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Lists {
    /// All lists with their numbers: those of `-u`, else the lowest free ones in the order they are first named.
    pub fn numbered(&self) -> Vec<(u32, Arc<List>)> {
        let all = self.all();
        let taken: Vec<u32> = all.iter().filter_map(|list| list.writer().number).collect();
        let mut free = (0..).filter(|number| !taken.contains(number));
        let number = |list: &Arc<List>| list.writer().number.or_else(|| free.next()).unwrap_or(u32::MAX);
        let mut numbered: Vec<_> = all.iter().map(number).zip(all.iter().cloned()).collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered
    }

    /// The list that `#7` or a name means.
    pub fn find(&self, reference: &str) -> Option<Arc<List>> {
        match reference.strip_prefix('#') {
            Some(number) => {
                let number: u32 = number.parse().ok()?;
                self.numbered().into_iter().find(|(n, _)| *n == number).map(|(_, list)| list)
            }
            None => self.named(name::parse(reference).1),
        }
    }

    fn named(&self, name: &str) -> Option<Arc<List>> {
        self.all().into_iter().find(|list| !name.is_empty() && list.name() == name)
    }

    fn all(&self) -> Vec<Arc<List>> {
        self.all.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The list of a name, which is made where there is none. Its file is not read.
    pub(crate) fn open(&self, written: &str) -> Arc<List> {
        let name = name::parse(written).1;
        let mut all = self.all.lock().unwrap_or_else(|e| e.into_inner());
        let known = all.iter().find(|list| list.name() == name).cloned();
        known.unwrap_or_else(|| {
            let list = Arc::new(List::new(name).telling(&self.events));
            all.push(list.clone());
            list
        })
    }

    /// The list that a rule names, its file read by whoever comes first. The error is a sentence.
    pub(crate) fn read(&self, named: Named<'_>, files: &dyn Files) -> Result<Arc<List>, String> {
        let list = self.open(named.name);
        let (origin, path) = name::parse(named.name);
        list.fill_once(named.columns, || {
            let content = match origin {
                Origin::File => files.read(path),
                Origin::Optional => files.read_if_there(path).map(Option::unwrap_or_default),
                Origin::Virtual => Ok(Vec::new()),
            };
            let what = if named.map { "map" } else { "pattern file" };
            list.load(&content.map_err(|why| format!("cannot read {what} '{path}': {why}"))?, named.columns);
            Ok(())
        })?;
        list.note_use(named.map, named.span.and_then(|span| files.place(span)));
        Ok(list)
    }

    /// The list that stands in the configuration itself under a number (`-u 7 /a /b`).
    pub(crate) fn written(
        &self,
        number: u32,
        patterns: &[Vec<u8>],
        place: Option<(String, u32)>,
    ) -> Result<Arc<List>, String> {
        let of_number = self.all().into_iter().find(|list| list.writer().number == Some(number));
        let list = match of_number {
            Some(list) if list.name().is_empty() => list,
            Some(list) => return Err(format!("number {number} is that of list '{}'", list.name())),
            None => {
                let list = Arc::new(List::new("").telling(&self.events));
                list.writer().number = Some(number);
                self.all.lock().unwrap_or_else(|e| e.into_inner()).push(list.clone());
                list
            }
        };
        list.fill_once(Columns::Key, || {
            patterns.iter().for_each(|pattern| drop(list.add(None, pattern, None)));
            Ok(())
        })?;
        list.note_use(false, place);
        Ok(list)
    }

    /// Gives a list its number (`-u`).
    pub(crate) fn number(&self, list: &Arc<List>, number: u32) -> Result<(), String> {
        let others = self.all().into_iter().filter(|other| !Arc::ptr_eq(other, list));
        if let Some(other) = others.into_iter().find(|other| other.writer().number == Some(number)) {
            return Err(format!("number {number} is that of list '{}'", other.name()));
        }
        list.writer().number = Some(number);
        Ok(())
    }

    /// Lists without a file move on from the configuration before.
    fn take_over(&self, before: &Lists) {
        let mut all = self.all.lock().unwrap_or_else(|e| e.into_inner());
        for list in all.iter_mut().filter(|list| name::parse(list.name()).0 == Origin::Virtual) {
            if let Some(kept) = before.named(list.name()).filter(|kept| !Arc::ptr_eq(kept, list)) {
                kept.serve(list);
                *list = kept;
            }
        }
    }
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all().iter().map(|list| list.name().to_owned())).finish()
    }
}

/// A list as a rule asks it. The error is a sentence that names the lines which cannot be asked so.
pub(crate) fn lookup(list: Arc<List>, kind: Kind, output: Option<Output>) -> Result<Lookup, String> {
    match list.ask(kind, output) {
        Ok(slot) => Ok(Lookup::new(list, kind, slot)),
        Err(wrong) => {
            let line = |(line, message): &(u32, String)| format!("line {line}: {message}");
            let mut lines: Vec<String> = wrong.iter().take(REPORTED).map(line).collect();
            if wrong.len() > REPORTED {
                lines.push(format!("and {} more", wrong.len() - REPORTED));
            }
            Err(format!("'{}', {}", list.name(), lines.join("; ")))
        }
    }
}
