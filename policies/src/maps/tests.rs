//! Every structure against a plain search through all entries, over generated lists, texts and changes.

use super::index::{Index, Kind, Query};
use super::inside::Inside;
use super::*;
use crate::matching::{Ints, Method, Net, Operator, Regex, Texts};

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    /// A text over few letters and delimiters, so that texts have much in common.
    fn text(&mut self, longest: usize) -> Vec<u8> {
        (0..self.roll(longest + 1)).map(|_| b"abA./:?b"[self.roll(8)]).collect()
    }

    fn ip(&mut self) -> std::net::IpAddr {
        let byte = |dice: &mut Dice| [0, 1, 10, 255][dice.roll(4)];
        match self.roll(3) {
            0 => {
                let mut bytes = [0; 16];
                bytes.iter_mut().for_each(|b| *b = byte(self));
                bytes.into()
            }
            1 => {
                let v4: [u8; 4] = std::array::from_fn(|_| byte(self));
                std::net::Ipv4Addr::from(v4).to_ipv6_mapped().into()
            }
            _ => std::array::from_fn::<u8, 4, _>(|_| byte(self)).into(),
        }
    }

    /// A pattern for a method.
    fn key(&mut self, method: Method) -> Vec<u8> {
        match method {
            Method::Ip => {
                let ip = self.ip();
                let bits = if ip.is_ipv4() { self.roll(33) } else { self.roll(129) };
                match (ip, self.roll(8)) {
                    (std::net::IpAddr::V4(ip), 0) => format!("{ip}/255.0.255.0"),
                    (ip, 1) => ip.to_string(),
                    (ip, _) => format!("{ip}/{bits}"),
                }
                .into_bytes()
            }
            Method::Int | Method::Len => {
                let (a, b) = (self.roll(30), self.roll(30));
                if self.roll(2) == 0 { a.to_string() } else { format!("{}:{}", a.min(b), a.max(b)) }
                    .into_bytes()
            }
            Method::Reg => {
                let parts = ["a", "b+", "[ab]", ".", "A?", "(?=b)", "^", "(a|/)"];
                (0..1 + self.roll(4)).flat_map(|_| parts[self.roll(8)].bytes()).collect()
            }
            Method::Bin => (0..2 * self.roll(3)).map(|_| b"0aA1"[self.roll(4)]).collect(),
            _ => self.text(5),
        }
    }
}

/// The plain truth: what does this key match?
fn plain(kind: Kind, key: &[u8]) -> Box<dyn Fn(Query<'_>) -> bool> {
    let pattern = String::from_utf8_lossy(key).into_owned();
    let range = |pattern: &str| Ints::new(vec![Ints::parse(Operator::Eq, pattern).unwrap()]);
    match kind.method {
        Method::Ip => {
            let nets = crate::matching::IpNets::new([Net::parse(&pattern).unwrap()]);
            Box::new(move |query| matches!(query, Query::Ip(ip) if nets.contains(ip)))
        }
        Method::Int => {
            let range = range(&pattern);
            Box::new(move |query| matches!(query, Query::Int(value) if range.contains(value)))
        }
        Method::Len => {
            let range = range(&pattern);
            of_text(move |text| range.contains(text.len() as i64))
        }
        Method::Reg => {
            let regex = Regex::new(&pattern, kind.ignore_case).unwrap();
            of_text(move |text| regex.matches(text))
        }
        Method::Bin => {
            let bytes = super::exact::hex(key).unwrap();
            of_text(move |text| text == bytes)
        }
        method => {
            let texts = Texts::new(method, vec![(key.to_vec(), kind.ignore_case)]);
            of_text(move |text| texts.matches(text))
        }
    }
}

fn of_text(matches: impl Fn(&[u8]) -> bool + 'static) -> Box<dyn Fn(Query<'_>) -> bool> {
    Box::new(move |query| matches!(query, Query::Text(text) if matches(text)))
}

/// How much better than others a match is: the longest of prefixes and networks, and of these the first.
fn rank(kind: Kind, entry: &Entry, query: Query<'_>) -> (i64, u32) {
    let length = match (kind.method, Net::parse(&String::from_utf8_lossy(entry.key()))) {
        (Method::Beg, _) => entry.key().len() as i64,
        (Method::Ip, Some(Net::V4 { mask, .. })) if mask.leading_ones() + mask.trailing_zeros() < 32 => 0,
        (Method::Ip, Some(Net::V4 { mask, .. })) => {
            let own = matches!(query, Query::Ip(std::net::IpAddr::V4(_)));
            i64::from(mask.leading_ones()) + if own { 1000 } else { 500 }
        }
        (Method::Ip, Some(Net::V6 { mask, .. })) => {
            let own = matches!(query, Query::Ip(std::net::IpAddr::V6(_)));
            i64::from(mask.leading_ones()) + if own { 1000 } else { -1000 }
        }
        _ => 0,
    };
    (-length, entry.id())
}

#[test]
fn every_structure_finds_what_a_plain_search_finds() {
    use Method::{Beg, Bin, Dir, Dom, End, Int, Ip, Len, Reg, Str, Sub};
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..110 {
        let method = [Str, Beg, End, Dir, Dom, Sub, Reg, Ip, Int, Len, Bin][round % 11];
        let kind = Kind { method, ignore_case: round % 2 == 0 && !matches!(method, Ip | Int | Len | Bin) };
        let mut index = match method {
            // as it is when there are many
            Sub if round % 3 == 0 => Index::Inside(Inside::new(kind.ignore_case)),
            _ => Index::new(kind),
        };
        let count = 1 + dice.roll(60);
        let mut entries: Vec<Entry> =
            (1..).take(count).map(|id| Entry::new(id, &dice.key(method), Some(b"old"))).collect();
        let mut truths: Vec<_> = entries.iter().map(|entry| plain(kind, entry.key())).collect();
        let (first, second) = entries.split_at(entries.len() / 2);
        index.extend(first);
        second.iter().for_each(|entry| index.extend(std::slice::from_ref(entry)));
        for step in 0..4 {
            for _ in 0..30 {
                let text = dice.text(9);
                let query = match method {
                    Ip => Query::Ip(dice.ip()),
                    Int => Query::Int(dice.roll(32) as i64),
                    _ => Query::Text(&text),
                };
                let matching = entries.iter().zip(&truths).filter(|(_, matches)| matches(query));
                let best = matching.map(|(entry, _)| entry).min_by_key(|entry| rank(kind, entry, query));
                let found = index.find(kind, query).map(|found| found.entry);
                let shown = |entry: Option<&Entry>| entry.map(|e| (e.id(), e.value().map(<[u8]>::to_vec)));
                assert_eq!(shown(found), shown(best), "{kind:?} {query:?} {entries:?}");
            }
            let gone = dice.roll(entries.len());
            index.remove(&entries.remove(gone));
            drop(truths.remove(gone));
            if entries.is_empty() {
                break;
            }
            let changed = dice.roll(entries.len());
            entries[changed] = Entry::new(entries[changed].id(), entries[changed].key(), Some(&[step]));
            index.replace(&entries[changed]);
        }
    }
}

#[test]
fn many_substrings_are_found_as_few_are() {
    let kind = Kind { method: Method::Sub, ignore_case: false };
    let entry = |id: u32| Entry::new(id, format!("<{id}>").as_bytes(), None);
    let mut index = Index::new(kind);
    index.extend(&(0..4000).map(entry).collect::<Vec<_>>());
    for id in 4000..4200 {
        index.extend(&[entry(id)]);
        let text = format!("<no> <{id}> <{}>", id / 2);
        let found = index.find(kind, Query::Text(text.as_bytes()));
        assert_eq!(found.map(|found| found.entry.id()), Some(id / 2));
    }
    assert!(matches!(index, Index::Inside(_)));
    index.remove(&entry(7));
    assert!(index.find(kind, Query::Text(b"<7>")).is_none());
}

fn list(content: &str) -> List {
    let list = List::new("test");
    list.load(content.as_bytes(), Columns::KeyAndValue);
    list
}

fn shown(list: &List, version: Option<u32>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let line = |e: &Entry| format!("{}:{}={}", e.id(), text(e.key()), text(e.value().unwrap_or(b"-")));
    list.entries(version).iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn changes_hold_for_all_entries_of_a_key_and_in_the_order_they_came() {
    let list = list("a 1\nb 2\na 3\n");
    assert_eq!(list.add(None, b"c", Some(b"4")), Ok(()));
    assert_eq!(list.set(Which::Key(b"a"), b"x"), Ok(()));
    assert_eq!(list.set(Which::Id(2), b"y"), Ok(()));
    assert_eq!(shown(&list, None), "1:a=x 2:b=y 3:a=x 4:c=4");
    assert_eq!(list.delete(Which::Key(b"a")), Ok(()));
    assert_eq!(list.delete(Which::Id(4)), Ok(()));
    assert_eq!(shown(&list, None), "2:b=y");
    assert_eq!(list.delete(Which::Key(b"a")), Err(Refused::NotFound));
    assert_eq!(list.set(Which::Id(99), b"y"), Err(Refused::NotFound));
    list.put(b"b", Some(b"z")).unwrap();
    list.put(b"n", Some(b"1")).unwrap();
    list.put(b"n", None).unwrap();
    assert_eq!(shown(&list, None), "2:b=z 5:n=1");
    list.clear(None);
    assert_eq!(shown(&list, None), "");
}

#[test]
fn a_version_counts_when_it_is_committed_and_not_before() {
    let list = list("a 1\n");
    assert_eq!(list.commit(1), Err(Refused::OutOfRange));
    assert_eq!((list.prepare(), list.prepare(), list.prepare()), (1, 2, 3));
    assert_eq!(list.add(Some(4), b"k", Some(b"v")), Err(Refused::Future));
    for version in [1, 2, 3] {
        list.add(Some(version), b"n", Some(version.to_string().as_bytes())).unwrap();
    }
    assert_eq!((shown(&list, None), shown(&list, Some(2))), ("1:a=1".to_owned(), "3:n=2".to_owned()));
    assert_eq!(list.facts().entries, 4);
    list.clear(Some(3));
    list.commit(2).unwrap();
    assert_eq!((shown(&list, None), shown(&list, Some(1))), ("3:n=2".to_owned(), String::new()));
    assert_eq!(list.commit(1), Err(Refused::OutOfRange));
    assert_eq!(list.commit(3), Ok(()));
    assert_eq!((shown(&list, None), list.facts().version, list.facts().next), (String::new(), 3, 3));
}

#[test]
fn what_a_list_cannot_hold_is_refused_and_changes_nothing() {
    let list = list("10.0.0.0/8 5\n");
    let ip = Kind { method: Method::Ip, ignore_case: false };
    list.ask(ip, Some(Output::Int)).unwrap();
    assert!(
        matches!(list.add(None, b"nonsense", Some(b"1")), Err(Refused::Bad(why)) if why.contains("'nonsense'"))
    );
    assert!(matches!(list.set(Which::Id(1), b"many"), Err(Refused::Bad(why)) if why.contains("'many'")));
    assert_eq!(shown(&list, None), "1:10.0.0.0/8=5");
    let int = Kind { method: Method::Int, ignore_case: false };
    assert_eq!(list.ask(int, None).unwrap_err()[0].0, 1, "the line is named");
}

#[test]
fn readers_see_a_version_as_a_whole() {
    let list = std::sync::Arc::new(list("k 0\nj 0\n"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let all = list.entries(None);
                assert_eq!(all.len(), 2);
                assert_eq!(all[0].value(), all[1].value());
            }
        });
        for round in 0..200 {
            let version = list.prepare();
            let value = round.to_string();
            list.add(Some(version), b"k", Some(value.as_bytes())).unwrap();
            list.add(Some(version), b"j", Some(value.as_bytes())).unwrap();
            list.commit(version).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
