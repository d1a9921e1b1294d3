//! Lists of items, which arguments and answers are: the length of each value in 4 bytes, little-endian, then the value.
//! Numbers are 8 bytes, little-endian; booleans one byte, 0 or 1.

/// A list that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(Vec<u8>);

impl List {
    /// The empty list.
    pub fn new() -> List {
        List::default()
    }

    /// Adds bytes.
    pub fn add(mut self, value: impl AsRef<[u8]>) -> List {
        let value = value.as_ref();
        self.0.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.0.extend_from_slice(value);
        self
    }

    /// Adds a number.
    pub fn number(self, number: i64) -> List {
        self.add(number.to_le_bytes())
    }

    /// Adds a boolean.
    pub fn bool(self, value: bool) -> List {
        self.add([u8::from(value)])
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The items of a list, one after the other. What is cut off is not there.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// Of a list.
    pub fn new(list: &'a [u8]) -> Items<'a> {
        Items(list)
    }

    /// The next item as text; bytes that are none are replaced.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.next().unwrap_or_default()).into_owned()
    }

    /// The next item as a number, 0 where it is none.
    pub fn number(&mut self) -> i64 {
        self.next().and_then(number).unwrap_or_default()
    }

    /// The next item as a boolean.
    pub fn bool(&mut self) -> bool {
        self.next() == Some(&[1])
    }

    /// All that are left, as text.
    pub fn texts(self) -> Vec<String> {
        self.map(|item| String::from_utf8_lossy(item).into_owned()).collect()
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = (self.0.get(..4)?, self.0.get(4..)?);
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let item = rest.get(..length)?;
        self.0 = &rest[length..];
        Some(item)
    }
}

/// The number that an item holds.
pub fn number(item: &[u8]) -> Option<i64> {
    item.try_into().ok().map(i64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let list = List::new().add("ab").number(-2).bool(true).add(List::new().add("x").bytes());
        assert_eq!(list.bytes()[..6], [2, 0, 0, 0, b'a', b'b']);
        let mut items = Items::new(list.bytes());
        assert_eq!((items.text(), items.number(), items.bool()), ("ab".to_owned(), -2, true));
        assert_eq!(items.next().map(|inner| Items::new(inner).texts()), Some(vec!["x".to_owned()]));
        assert_eq!(items.next(), None);
    }

    #[test]
    fn what_is_cut_off_is_not_there() {
        let list = List::new().add("abc");
        assert!((0..list.bytes().len()).all(|cut| Items::new(&list.bytes()[..cut]).next().is_none()));
    }
}
