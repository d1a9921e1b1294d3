//! Properties of packets (MQTT 5.0, 2.2.2): a number each, and a value whose form the number says.

use super::packet::Bytes;

/// The form of a property's value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Property {
    /// 0 or 1.
    Flag,
    Short,
    Long,
    Text,
    /// A name and a value, any number of times.
    Pair,
}

/// The number of the one property that may stand there many times.
const USER: u8 = 38;

impl Property {
    /// Those of CONNECT, its will included.
    pub(super) fn of_connect(id: u8) -> Option<Property> {
        Property::of_connect_alone(id).or_else(|| Property::of_will(id))
    }

    pub(super) fn of_connect_alone(id: u8) -> Option<Property> {
        Some(match id {
            23 | 25 => Property::Flag,
            33 | 34 => Property::Short,
            17 | 39 => Property::Long,
            21 | 22 => Property::Text,
            USER => Property::Pair,
            _ => return None,
        })
    }

    pub(super) fn of_will(id: u8) -> Option<Property> {
        Some(match id {
            1 => Property::Flag,
            2 | 24 => Property::Long,
            3 | 8 | 9 => Property::Text,
            USER => Property::Pair,
            _ => return None,
        })
    }

    pub(super) fn of_connack(id: u8) -> Option<Property> {
        Some(match id {
            36 | 37 | 40 | 41 | 42 => Property::Flag,
            19 | 33 | 34 => Property::Short,
            17 | 39 => Property::Long,
            18 | 21 | 22 | 26 | 28 | 31 => Property::Text,
            USER => Property::Pair,
            _ => return None,
        })
    }
}

/// The value of a field or a property.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(u32),
    Bytes(Vec<u8>),
}

impl Value {
    pub(super) fn into_text(self) -> Vec<u8> {
        match self {
            Value::Number(number) => number.to_string().into_bytes(),
            Value::Bytes(bytes) => bytes,
        }
    }
}

/// The properties of a packet; all are known and none but a user's own stands there twice.
#[derive(Default)]
pub(super) struct Properties<'p> {
    bytes: &'p [u8],
    known: Option<fn(u8) -> Option<Property>>,
}

impl<'p> Properties<'p> {
    pub(super) fn parse(bytes: &'p [u8], known: fn(u8) -> Option<Property>) -> Option<Properties<'p>> {
        let mut seen = Vec::new();
        let mut rest = Bytes(bytes);
        while !rest.0.is_empty() {
            let (id, _) = next(&mut rest, known)?;
            if id != USER && seen.contains(&id) {
                return None;
            }
            seen.push(id);
        }
        Some(Properties { bytes, known: Some(known) })
    }

    /// The value of a property. A number that is not there is 0, as for HAProxy.
    pub(super) fn value(&self, wanted: u8) -> Option<Value> {
        let known = self.known?;
        let form = known(wanted)?;
        let mut rest = Bytes(self.bytes);
        while !rest.0.is_empty() {
            match next(&mut rest, known)? {
                (id, value) if id == wanted && form != Property::Pair => return value,
                _ => {}
            }
        }
        matches!(form, Property::Flag | Property::Short | Property::Long).then_some(Value::Number(0))
    }
}

/// The number and the value of the next property; an empty text and a pair are no value.
fn next(bytes: &mut Bytes<'_>, known: fn(u8) -> Option<Property>) -> Option<(u8, Option<Value>)> {
    let id = bytes.byte()?;
    let value = match known(id)? {
        Property::Flag => Some(Value::Number(bytes.byte().filter(|&flag| flag < 2)?.into())),
        Property::Short => Some(Value::Number(bytes.short()?.into())),
        Property::Long => Some(Value::Number(bytes.long()?)),
        Property::Text => Some(bytes.prefixed()?).filter(|t| !t.is_empty()).map(|t| Value::Bytes(t.to_vec())),
        Property::Pair => {
            bytes.prefixed()?;
            bytes.prefixed()?;
            None
        }
    };
    Some((id, value))
}
