//! Messages of protobuf, as far as foreign functions have them: numbers and bytes, no groups. Read and written.

/// The fields of a message.
pub(super) struct Message<'a>(Vec<(u64, Field<'a>)>);

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads a message; none when it is malformed.
pub(super) fn read(mut bytes: &[u8]) -> Option<Message<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            1 => Field::Bytes(take(&mut bytes, 8)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                Field::Bytes(take(&mut bytes, length)?)
            }
            5 => Field::Bytes(take(&mut bytes, 4)?),
            _ => return None,
        };
        fields.push((key >> 3, field));
    }
    Some(Message(fields))
}

impl<'a> Message<'a> {
    /// The last number of a field; 0 where there is none.
    pub(super) fn number(&self, field: u64) -> u64 {
        let number = |(number, value): &(u64, Field<'a>)| match value {
            Field::Number(value) if *number == field => Some(*value),
            _ => None,
        };
        self.0.iter().rev().find_map(number).unwrap_or_default()
    }

    /// The last bytes of a field; empty where there are none.
    pub(super) fn bytes(&self, field: u64) -> &'a [u8] {
        let bytes = |(number, value): &(u64, Field<'a>)| match value {
            Field::Bytes(value) if *number == field => Some(*value),
            _ => None,
        };
        self.0.iter().rev().find_map(bytes).unwrap_or_default()
    }
}

/// A message that is written. What has the value of its type's default is left out, as protobuf wants it.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn bool(&mut self, field: u64, yes: bool) {
        if yes {
            self.varint(field << 3);
            self.varint(1);
        }
    }

    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.varint(field << 3 | 2);
            self.varint(bytes.len() as u64);
            self.0.extend_from_slice(bytes);
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_number_and_the_last_one_counts() {
        let message =
            read(b"\x0a\x01a\x10\x96\x01\x0a\x02bc\x2d\x00\x00\x00\x00").expect("it is well-formed");
        assert_eq!((message.bytes(1), message.number(2)), (&b"bc"[..], 150));
        assert_eq!((message.bytes(9), message.number(9)), (&b""[..], 0));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut writer = Writer::default();
        writer.bool(1, true);
        writer.bool(2, false);
        writer.bytes(3, &[7; 300]);
        writer.bytes(4, b"");
        let bytes = writer.into_bytes();
        assert_eq!(&bytes[..5], &[0x08, 1, 0x1a, 0xac, 2]);
        let message = read(&bytes).expect("it is well-formed");
        assert_eq!((message.number(1), message.bytes(3)), (1, &[7; 300][..]));
        assert_eq!(bytes.len(), 305, "defaults are left out");
    }

    #[test]
    fn malformed_messages_are_none() {
        for bad in
            [&b"\x0a"[..], b"\x0a\x02a", b"\x10", b"\x0b", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert!(read(bad).is_none(), "{bad:?}");
        }
    }
}
