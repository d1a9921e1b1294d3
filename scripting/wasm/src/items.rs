//! Lists of items: how arguments and answers of hooks and of the functions `portero.*` are written.
//!
//! ```text
//! list    item, item, ... one behind the other; no bytes at all are the empty list
//! item    length of the value: 4 bytes, little-endian; then the value
//! value   as the function says: text, a number, a typed sample, another list
//! number  8 bytes, little-endian, two's complement
//! bool    1 byte: 0 or 1
//! sample  1 byte for the type, then the value:
//!         b  1 byte, 0 or 1            i  a number              a  an address as text
//!         s  text                      x  bytes that are no text
//!         m  a method as text
//! none    an item without a value, where a sample may be missing
//! ```

use portero_api::Sample;

/// A list that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List(Vec<u8>);

impl List {
    /// The empty list.
    pub(crate) fn new() -> List {
        List::default()
    }

    /// A list in memory that was used before.
    pub(crate) fn reusing(mut bytes: Vec<u8>) -> List {
        bytes.clear();
        List(bytes)
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, value: &[u8]) {
        self.0.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.0.extend_from_slice(value);
    }

    /// Adds a number.
    pub(crate) fn add_number(&mut self, number: i64) {
        self.add(&number.to_le_bytes());
    }

    /// Adds a sample, or none.
    pub(crate) fn add_sample(&mut self, value: Option<&Sample<'_>>) {
        self.add_with(|list| {
            if let Some(value) = value {
                sample(value, &mut list.0);
            }
        });
    }

    /// Adds what is written meanwhile as one item.
    pub(crate) fn add_with(&mut self, write: impl FnOnce(&mut List)) {
        let at = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        write(self);
        let length = (self.0.len() - at - 4) as u32;
        self.0[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Its bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The items of a list, to be read one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// Of a list; none when its lengths do not fit its bytes.
    pub(crate) fn new(list: &'a [u8]) -> Option<Items<'a>> {
        let mut rest = list;
        while !rest.is_empty() {
            rest = split(rest)?.1;
        }
        Some(Items(list))
    }

    /// The next item as text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.next()?).ok()
    }

    /// The next item as a number.
    pub(crate) fn number(&mut self) -> Option<i64> {
        number(self.next()?)
    }

    /// The next item as a boolean.
    pub(crate) fn bool(&mut self) -> Option<bool> {
        match self.next()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (item, rest) = split(self.0)?;
        self.0 = rest;
        Some(item)
    }
}

/// Writes a sample.
pub(crate) fn sample(sample: &Sample<'_>, into: &mut Vec<u8>) {
    let (kind, value): (u8, &[u8]) = match sample {
        Sample::Bool(value) => (b'b', &[u8::from(*value)]),
        Sample::Int(number) => (b'i', &number.to_le_bytes()),
        Sample::Ip(address) => (b'a', &address.to_string().into_bytes()),
        Sample::Str(text) => (b's', text),
        Sample::Bin(bytes) => (b'x', bytes),
        Sample::Method(name) => (b'm', name),
    };
    into.push(kind);
    into.extend_from_slice(value);
}

/// Reads a sample; none when it is malformed.
pub(crate) fn read_sample(bytes: &[u8]) -> Option<Sample<'_>> {
    let (kind, value) = bytes.split_first()?;
    Some(match (kind, value) {
        (b'b', [value @ (0 | 1)]) => Sample::Bool(*value == 1),
        (b'i', value) => Sample::Int(number(value)?),
        (b'a', value) => Sample::Ip(std::str::from_utf8(value).ok()?.parse().ok()?),
        (b's', value) => Sample::str(value),
        (b'x', value) => Sample::Bin(value.into()),
        (b'm', value) => Sample::Method(value.into()),
        _ => return None,
    })
}

fn number(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_le_bytes)
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_what_is_documented_byte_by_byte() {
        let mut list = List::new();
        list.add(b"ab");
        list.add_number(-2);
        list.add_with(|inner| inner.add(b"x"));
        list.add_sample(Some(&Sample::Bool(true)));
        list.add_sample(None);
        let bytes = list.into_bytes();
        let expected = [
            &[2, 0, 0, 0, b'a', b'b'][..],
            &[8, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[5, 0, 0, 0, 1, 0, 0, 0, b'x'],
            &[2, 0, 0, 0, b'b', 1],
            &[0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(bytes, expected);
        let mut items = Items::new(&bytes).expect("it is a list");
        assert_eq!(
            (items.text(), items.number(), items.next()),
            (Some("ab"), Some(-2), Some(&[1, 0, 0, 0, b'x'][..]))
        );
        assert_eq!((items.next(), items.next(), items.next()), (Some(&b"b\x01"[..]), Some(&b""[..]), None));
    }

    #[test]
    fn samples_come_back_as_they_were() {
        let samples = [
            Sample::Bool(false),
            Sample::Int(i64::MIN),
            Sample::Ip([10, 0, 0, 1].into()),
            Sample::str("text"),
            Sample::bytes([0, 255]),
            Sample::Method(b"GET"[..].into()),
        ];
        for one in samples {
            let mut bytes = Vec::new();
            sample(&one, &mut bytes);
            assert_eq!(read_sample(&bytes), Some(one));
        }
    }

    #[test]
    fn malformed_lists_and_samples_are_none() {
        for list in [&[1, 0, 0][..], &[2, 0, 0, 0, b'a'], &[255, 255, 255, 255]] {
            assert!(Items::new(list).is_none(), "{list:?}");
        }
        for bytes in [&b""[..], b"b\x02", b"i1", b"a1.2.3", b"z"] {
            assert_eq!(read_sample(bytes), None, "{bytes:?}");
        }
    }
}
