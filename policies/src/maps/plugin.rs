//! Lists as plugins use them: the contract of `portero_api::Maps`.

use std::sync::Arc;

use portero_api::{Common, Map, MapEntry, Maps, Sample};

use super::entry::Entry;
use super::file::Columns;
use super::index::Kind;
use super::list::{List, Refused, Which};
use super::lookup::Lookup;
use super::output::Output;
use super::store::{Named, Store, lookup, store};
use crate::matching::{Method, with_text};
use crate::vocabulary::Files;

/// The lists of the store that all who share `common` share. From now on their changes are told to its events.
pub fn for_plugins(common: &Common) -> Arc<dyn Maps> {
    let store = store(common);
    store.tell(&common.events);
    store
}

impl Maps for Store {
    fn find(&self, name: &str) -> Option<Arc<dyn Map>> {
        let list = self.compiling().find(name)?;
        Some(Arc::new(Handle { list, asked: None }))
    }

    fn open(&self, name: &str, matched: &str) -> Result<Arc<dyn Map>, String> {
        let (method, output) = match matched {
            "regm" => (Some(Method::Reg), Output::Groups),
            name => (Method::named(name).filter(|method| method.takes_patterns()), Output::Str),
        };
        let method = method.ok_or_else(|| format!("maps cannot be matched by '{matched}'"))?;
        let named = Named { name, columns: Columns::KeyAndValue, span: None, map: true };
        let list = self.compiling().read(named, &Plain)?;
        let asked = lookup(list.clone(), Kind { method, ignore_case: false }, Some(output))?;
        Ok(Arc::new(Handle { list, asked: Some((asked, output)) }))
    }
}

/// Files as the process finds them: plugins are no part of a section that could say otherwise.
struct Plain;

impl Files for Plain {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|e| e.to_string())
    }

    fn read_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|e| e.to_string()),
        }
    }
}

/// A list in the hand of a plugin.
struct Handle {
    list: Arc<List>,
    /// The way that it was opened to be asked in.
    asked: Option<(Lookup, Output)>,
}

impl Map for Handle {
    fn name(&self) -> &str {
        self.list.name()
    }

    fn is_map(&self) -> bool {
        self.list.facts().uses.iter().any(|one| one.map)
    }

    fn look_up(&self, key: &Sample<'_>) -> Option<Sample<'static>> {
        if let Some((asked, output)) = &self.asked {
            return asked.value(key, *output);
        }
        let found = with_text(key, |text| self.list.of_key(None, text).into_iter().next())?;
        Some(Sample::text(found.value().unwrap_or(found.key())))
    }

    fn entries(&self, version: Option<u64>) -> Vec<MapEntry> {
        let entries = |version| self.list.entries(version).iter().map(of).collect();
        number(version).map(entries).unwrap_or_default()
    }

    fn entry(&self, key: &str, version: Option<u64>) -> Option<MapEntry> {
        self.list.of_key(number(version).ok()?, key.as_bytes()).first().map(of)
    }

    fn version(&self) -> u64 {
        self.list.facts().version.into()
    }

    fn prepare(&self) -> u64 {
        self.list.prepare().into()
    }

    fn commit(&self, version: u64) -> bool {
        u32::try_from(version).is_ok_and(|version| self.list.commit(version).is_ok())
    }

    fn give_up(&self, version: u64) {
        if version != self.version()
            && let Ok(version) = u32::try_from(version)
        {
            self.list.clear(Some(version));
        }
    }

    fn add(&self, key: &str, value: Option<&str>, version: Option<u64>) -> Result<(), String> {
        let value = match (self.is_map(), value) {
            (true, None) => return Err(format!("an entry of map '{}' needs a value", self.name())),
            (true, value) => value,
            (false, _) => None,
        };
        let added = self.list.add(number(version)?, key.as_bytes(), value.map(str::as_bytes));
        added.map_err(|why| in_words(&why))
    }

    fn set(&self, key: &str, value: &str, version: Option<u64>) -> Result<bool, String> {
        match self.list.set_in(number(version)?, Which::Key(key.as_bytes()), value.as_bytes()) {
            Err(Refused::NotFound) => Ok(false),
            done => done.map(|()| true).map_err(|why| in_words(&why)),
        }
    }

    fn remove(&self, key: &str, version: Option<u64>) -> bool {
        number(version)
            .is_ok_and(|version| self.list.delete_from(version, Which::Key(key.as_bytes())).is_ok())
    }

    fn clear(&self, version: Option<u64>) {
        if let Ok(version) = number(version) {
            self.list.clear(version);
        }
    }
}

fn of(entry: &Entry) -> MapEntry {
    MapEntry { key: entry.key().into(), value: entry.value().map(Box::from) }
}

/// A version as lists count them.
fn number(version: Option<u64>) -> Result<Option<u32>, String> {
    version.map(|v| u32::try_from(v).map_err(|_| in_words(&Refused::Future))).transpose()
}

fn in_words(why: &Refused) -> String {
    match why {
        Refused::Bad(why) => why.clone(),
        Refused::NotFound => "there is no such entry".to_owned(),
        Refused::Future => "no such version was prepared".to_owned(),
        Refused::OutOfRange => "the version cannot be committed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    fn common() -> Common {
        let mut common = Common::default();
        common.maps = for_plugins(&common);
        common
    }

    fn text(sample: Option<Sample<'_>>) -> String {
        sample.map_or("nothing".to_owned(), |sample| {
            with_text(&sample, |text| String::from_utf8_lossy(text).into())
        })
    }

    #[test]
    fn a_map_is_read_once_and_asked_in_the_way_that_it_was_opened() {
        let path = std::env::temp_dir().join(format!("portero-plugin-{}.map", std::process::id()));
        std::fs::write(&path, "10.0.0.0/8 lan\n10.1.0.0/16 lab\n").unwrap();
        let (common, name) = (common(), path.to_str().unwrap());
        let map = common.maps.open(name, "ip").unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text(map.look_up(&Sample::text("10.1.2.3"))), "lab");
        assert_eq!(text(map.look_up(&Sample::Ip([10, 2, 0, 0].into()))), "lan");
        assert_eq!(text(map.look_up(&Sample::text("11.0.0.1"))), "nothing");
        let again = common.maps.open(name, "str").unwrap();
        assert_eq!(text(again.look_up(&Sample::text("10.0.0.0/8"))), "lan");
        assert!(common.maps.open(name, "bool").err().unwrap().contains("'bool'"));
        assert!(common.maps.open("/nowhere.map", "str").err().unwrap().contains("/nowhere.map"));
        let shown = store(&common).current().find(name).unwrap().facts();
        assert!(shown.uses[0].map, "it is a map for the runtime API too");
    }

    #[test]
    fn a_list_that_is_found_by_name_is_changed_now_or_in_a_version_of_its_own() {
        let common = common();
        assert!(common.maps.find("virt@m").is_none());
        common.maps.open("virt@m", "str").unwrap();
        let map = common.maps.find("virt@m").unwrap();
        assert!(map.is_map() && map.add("a", None, None).is_err());
        map.add("a", Some("1"), None).unwrap();
        assert_eq!((map.set("a", "2", None), map.set("b", "2", None)), (Ok(true), Ok(false)));
        assert_eq!(text(map.look_up(&Sample::text("a"))), "2");

        let version = map.prepare();
        map.add("x", Some("1"), Some(version)).unwrap();
        map.add("y", Some("1"), Some(version)).unwrap();
        assert_eq!(map.set("x", "9", Some(version)), Ok(true));
        assert!(map.remove("y", Some(version)) && !map.remove("y", Some(version)));
        assert!(map.entry("x", None).is_none() && map.entry("x", Some(version)).is_some());
        assert!(map.commit(version) && !map.commit(version));
        let all = vec![MapEntry { key: b"x"[..].into(), value: Some(b"9"[..].into()) }];
        assert_eq!((map.entries(None), map.version()), (all, version));

        let forgotten = map.prepare();
        map.add("z", Some("1"), Some(forgotten)).unwrap();
        map.give_up(forgotten);
        assert!(map.entries(Some(forgotten)).is_empty());
        assert!(map.add("z", Some("1"), Some(99)).is_err());
        map.clear(None);
        assert!(map.entries(None).is_empty());
    }

    #[test]
    fn changes_of_the_version_that_counts_are_told_once_the_list_is_in_use() {
        let common = common();
        let store = store(&common);
        let subscription = common.events.subscribe();
        let lists = Arc::new(super::super::Lists::default());
        let list = lists.open("virt@m");
        list.add(None, b"before", Some(b"")).unwrap();
        store.stage(lists);
        store.commit();
        let version = list.prepare();
        list.add(Some(version), b"beside", Some(b"")).unwrap();
        list.commit(version).unwrap();
        list.put(b"k", Some(b"1")).unwrap();
        list.put(b"k", Some(b"1")).unwrap();
        list.put(b"k", Some(b"2")).unwrap();
        list.delete(Which::Key(b"k")).unwrap();
        list.delete(Which::Key(b"k")).unwrap_err();
        list.clear(None);
        let mut cx = Context::from_waker(Waker::noop());
        let mut told = Vec::new();
        while let Poll::Ready(event) = subscription.poll_next(&mut cx) {
            told.push(format!("{:?}", event.kind));
        }
        let changes = ["Committed", "Added", "Set", "Deleted", "Cleared"];
        assert_eq!(told, changes.map(|change| format!("List(\"virt@m\", {change})")));
    }
}
