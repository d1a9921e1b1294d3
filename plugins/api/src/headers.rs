//! The header fields of a message: a flat list in wire order.

use std::ops::Range;

/// Header fields as they stood on the wire: order and duplicates are facts that a proxy must keep.
///
/// All names and values live in one buffer that is reused from message to message, so that a keep-alive connection in
/// its steady state allocates nothing. Names keep their case and compare without it (RFC 9110, 5.1).
#[derive(Clone, Debug, Default)]
pub struct Headers {
    buf: Vec<u8>,
    entries: Vec<Entry>,
    /// How much of the buffer came as text.
    received: u32,
}

/// Room for as many fields is made at once.
const USUAL_FIELDS: usize = 16;

/// What stands in a line beside name and value: colon, blank and the end of the line.
const LINE_EXTRA: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Entry {
    name: (u32, u32),
    value: (u32, u32),
    standing: Standing,
}

/// What may become of the line of a field when the head is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It means nothing to this proxy, its bytes were judged, and it is in the form that it would be written in (`Name: value` and CR LF): it is
    /// handed on as it stands.
    Whole,
    /// The same, but whoever writes it decides whether it is.
    Known,
    /// It is not in that form, or nobody has judged its bytes: it is put together from name and value.
    Loose,
}

impl Headers {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all fields and keeps the memory.
    pub fn clear(&mut self) {
        self.buf.clear();
        self.entries.clear();
        self.received = 0;
    }

    /// Forgets all fields and makes room for those of a head: [`Headers::place`] for each, then [`Headers::load`].
    pub fn begin(&mut self) {
        self.clear();
        self.entries.reserve(USUAL_FIELDS);
    }

    /// A field of the head that will be loaded, by the places of its name and of its value without surrounding white space.
    #[inline]
    pub fn place(&mut self, name: Range<usize>, value: Range<usize>, standing: Standing) {
        let place = |r: Range<usize>| (r.start as u32, (r.end - r.start) as u32);
        self.entries.push(Entry { name: place(name), value: place(value), standing });
    }

    /// Takes the head in which the fields stand that were placed: one copy, however many they are.
    pub fn load(&mut self, head: &[u8]) {
        self.buf.extend_from_slice(head);
        self.received = head.len() as u32;
    }

    /// Bytes that there is memory for.
    pub fn capacity(&self) -> usize {
        self.buf.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the head that was loaded, its first line included; 0 when none was.
    pub fn received(&self) -> usize {
        self.received as usize
    }

    /// Bytes of all lines as they will be written: never less, and known without looking at each.
    pub fn len_at_most(&self) -> usize {
        self.buf.len() + LINE_EXTRA * self.entries.len()
    }

    /// Bytes of all lines as they will be written.
    pub fn written_len(&self) -> usize {
        self.entries.iter().map(|e| e.name.1 as usize + e.value.1 as usize + LINE_EXTRA).sum()
    }

    /// All fields, in order: (name as written, value).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + Clone {
        self.entries.iter().map(|e| (self.slice(e.name), self.slice(e.value)))
    }

    /// All fields, in order, for writing them anew: runs of lines that are handed on whole, and the others one by one.
    /// What rules and plugins put in is never part of a run: it may hold any byte.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        Lines { buf: &self.buf, rest: &self.entries }
    }

    /// The field at a place in the list.
    pub fn at(&self, index: usize) -> Option<(&[u8], &[u8])> {
        self.entries.get(index).map(|e| (self.slice(e.name), self.slice(e.value)))
    }

    /// The first value under a name.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.entries.iter().find(|e| self.is(e, name)).map(|e| self.slice(e.value))
    }

    /// The values under a name, whole lines, in order.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> + Clone {
        self.entries.iter().filter(move |e| self.is(e, name)).map(|e| self.slice(e.value))
    }

    /// The same, or the values of all fields when the name is empty.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> + Clone {
        let all = name.is_empty();
        self.entries.iter().filter(move |e| all || self.is(e, name)).map(|e| self.slice(e.value))
    }

    /// The comma-separated members of all values under a name, trimmed, quotes respected (RFC 9110, 5.6.1).
    pub fn members<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.all(name).flat_map(Members)
    }

    /// True when a field of that name is there.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.entries.iter().any(|e| self.is(e, name))
    }

    /// Adds a field at the end.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let name = self.store(name);
        let value = self.store(value);
        self.entries.push(Entry { name, value, standing: Standing::Loose });
    }

    /// Adds a field in front of all others.
    pub fn prepend(&mut self, name: &[u8], value: &[u8]) {
        let name = self.store(name);
        let value = self.store(value);
        self.entries.insert(0, Entry { name, value, standing: Standing::Loose });
    }

    /// Removes all fields of that name and adds one at the end.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// Replaces the value at a place in the list.
    pub fn set_at(&mut self, index: usize, value: &[u8]) {
        let value = self.store(value);
        if let Some(entry) = self.entries.get_mut(index) {
            entry.value = value;
            entry.standing = Standing::Loose;
        }
    }

    /// Removes all fields of that name and says how many there were.
    pub fn remove(&mut self, name: &[u8]) -> usize {
        match self.contains(name) {
            true => self.retain(|n, _| !n.eq_ignore_ascii_case(name)),
            false => 0,
        }
    }

    /// Removes the field at a place in the list.
    pub fn remove_at(&mut self, index: usize) {
        if index < self.entries.len() {
            self.entries.remove(index);
        }
    }

    /// Keeps the fields for which the question is answered with true, and says how many went.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) -> usize {
        let before = self.entries.len();
        let buf = &self.buf;
        self.entries.retain(|e| keep(piece(buf, e.name), piece(buf, e.value)));
        before - self.entries.len()
    }

    fn slice(&self, place: (u32, u32)) -> &[u8] {
        piece(&self.buf, place)
    }

    /// Most fields are told apart by the length of their names alone.
    #[inline]
    fn is(&self, entry: &Entry, name: &[u8]) -> bool {
        entry.name.1 as usize == name.len() && same(self.slice(entry.name), name)
    }

    fn store(&mut self, bytes: &[u8]) -> (u32, u32) {
        let start = self.buf.len() as u32;
        self.buf.extend_from_slice(bytes);
        (start, bytes.len() as u32)
    }
}

/// A part of a head that is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// One or more lines with their ends, as they came.
    Whole(&'a [u8]),
    /// A field.
    Field(FieldLine<'a>),
}

/// A field that is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLine<'a> {
    /// Its name as written.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
    /// Its line with its end, where that can be handed on as it came.
    pub line: Option<&'a [u8]>,
}

struct Lines<'a> {
    buf: &'a [u8],
    rest: &'a [Entry],
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (first, mut rest) = self.rest.split_first()?;
        if first.standing != Standing::Whole {
            self.rest = rest;
            let line = (first.standing == Standing::Known).then(|| self.between(first, first.line_end()));
            let (name, value) = (piece(self.buf, first.name), piece(self.buf, first.value));
            return Some(Line::Field(FieldLine { name, value, line }));
        }
        let mut end = first.line_end();
        while let [next, behind @ ..] = rest
            && next.standing == Standing::Whole
            && next.name.0 == end
        {
            (end, rest) = (next.line_end(), behind);
        }
        self.rest = rest;
        Some(Line::Whole(self.between(first, end)))
    }
}

impl<'a> Lines<'a> {
    /// What stands from the beginning of a line on.
    fn between(&self, first: &Entry, end: u32) -> &'a [u8] {
        &self.buf[first.name.0 as usize..end as usize]
    }
}

impl Entry {
    /// Behind the end of a whole line.
    fn line_end(&self) -> u32 {
        self.value.0 + self.value.1 + 2
    }
}

/// The members of one comma-separated value.
#[derive(Clone)]
struct Members<'a>(&'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if self.0.is_empty() {
                return None;
            }
            let end = unquoted_comma(self.0).unwrap_or(self.0.len());
            let member = trim(&self.0[..end]);
            self.0 = self.0.get(end + 1..).unwrap_or_default();
            if !member.is_empty() {
                return Some(member);
            }
        }
    }
}

fn unquoted_comma(value: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    value.iter().position(|&b| {
        let hit = b == b',' && !quoted;
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        hit
    })
}

/// Takes spaces and tabs from both ends (OWS, RFC 9110, 5.6.3).
pub fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Whether two names of one length are the same. The last letters tell names apart sooner than the first ones (`Accept-`,
/// `Content-`), and most letters are written alike.
fn same(own: &[u8], name: &[u8]) -> bool {
    own.iter().zip(name).rev().all(|(a, b)| a == b || a.eq_ignore_ascii_case(b))
}

fn piece(buf: &[u8], (start, len): (u32, u32)) -> &[u8] {
    &buf[start as usize..(start + len) as usize]
}

#[cfg(test)]
mod tests {
    use super::Standing::{Known, Loose, Whole};
    use super::*;

    fn sample() -> Headers {
        let mut headers = Headers::new();
        headers.add(b"Host", b"a");
        headers.add(b"X-List", b"one, \"two, three\" ,,four");
        headers.add(b"x-list", b"five");
        headers
    }

    #[test]
    fn names_compare_without_case_and_order_is_kept() {
        let headers = sample();
        assert_eq!(headers.get(b"HOST"), Some(&b"a"[..]));
        assert_eq!(headers.all(b"X-LIST").count(), 2);
        assert_eq!(headers.at(2).map(|(n, _)| n), Some(&b"x-list"[..]));
    }

    #[test]
    fn members_are_cut_at_commas_outside_quotes() {
        let headers = sample();
        let members: Vec<_> = headers.members(b"x-list").collect();
        assert_eq!(members, [&b"one"[..], b"\"two, three\"", b"four", b"five"]);
    }

    #[test]
    fn set_replaces_all_and_stands_last() {
        let mut headers = sample();
        headers.set(b"x-list", b"new");
        headers.prepend(b"First", b"1");
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(all, [(&b"First"[..], &b"1"[..]), (b"Host", b"a"), (b"x-list", b"new")]);
    }

    fn loaded(head: &str, fields: &[(Range<usize>, Range<usize>, Standing)]) -> Headers {
        let mut headers = Headers::new();
        headers.begin();
        fields.iter().cloned().for_each(|(name, value, standing)| headers.place(name, value, standing));
        headers.load(head.as_bytes());
        headers
    }

    #[test]
    fn lines_go_whole_only_as_they_came_and_in_the_usual_form() {
        let head = "A: 1\r\nB: 2\r\nC:3\r\nD: 4\r\nE: 5\r\n";
        let places = [(0, 3, Whole), (6, 9, Whole), (12, 14, Loose), (17, 20, Known), (23, 26, Whole)];
        let mut headers =
            loaded(head, &places.map(|(name, value, standing)| (name..name + 1, value..value + 1, standing)));
        headers.add(b"F", b"6");
        let lines: Vec<_> = headers.lines().collect();
        let field = |name, value| Line::Field(FieldLine { name, value, line: None });
        let known = Line::Field(FieldLine { name: b"D", value: b"4", line: Some(b"D: 4\r\n") });
        let whole = Line::Whole;
        assert_eq!(
            lines,
            [whole(b"A: 1\r\nB: 2\r\n"), field(b"C", b"3"), known, whole(b"E: 5\r\n"), field(b"F", b"6")]
        );
        headers.set_at(1, b"9");
        headers.remove(b"c");
        assert_eq!(headers.lines().next(), Some(whole(b"A: 1\r\n")));
        assert_eq!(headers.lines().nth(1), Some(field(b"B", b"9")));
    }

    #[test]
    fn a_run_ends_where_a_line_was_taken_out() {
        let mut headers = loaded(
            "A: 1\r\nB: 2\r\nC: 3\r\n",
            &[(0..1, 3..4, Whole), (6..7, 9..10, Whole), (12..13, 15..16, Whole)],
        );
        headers.remove(b"b");
        let lines: Vec<_> = headers.lines().collect();
        assert_eq!(lines, [Line::Whole(b"A: 1\r\n"), Line::Whole(b"C: 3\r\n")]);
    }

    #[test]
    fn a_head_is_taken_with_one_copy() {
        let headers = loaded("A: 1\r\nB: 22\r\n", &[(0..1, 3..4, Whole), (6..7, 9..11, Whole)]);
        assert_eq!(headers.get(b"b"), Some(&b"22"[..]));
    }
}
