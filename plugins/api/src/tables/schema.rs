//! What a table is declared to be.

use std::sync::Arc;
use std::time::Duration;

use super::{Data, KeyType, Slot};

/// What a table is. Two of one name with equal schemas are the same table, over a reload too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The name: that of its proxy, `PEERS/NAME` in a peers section.
    pub name: Arc<str>,
    /// The type of its keys.
    pub key: KeyType,
    /// What its entries hold, in the order of [`Data`], each once.
    pub columns: Vec<Column>,
    /// `brates-factor`: byte rates are counted in blocks of so many bytes.
    pub brates_factor: u32,
}

/// A data type that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The data type.
    pub data: Data,
    /// How many values of it; 1 unless it is an array.
    pub len: u8,
    /// The period of a rate in milliseconds, else 0.
    pub period: u32,
}

/// What may change over a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most entries.
    pub size: usize,
    /// How long an entry lives behind its last change; none: until its place is needed.
    pub expire: Option<Duration>,
    /// When full, no entry makes room for a new one.
    pub nopurge: bool,
    /// What servers are known by.
    pub srvkey: ServerName,
}

/// What `server_key` holds (`srvkey`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ServerName {
    /// The name of the server.
    #[default]
    Name,
    /// Its address and port.
    Address,
}

impl Schema {
    /// The column that a value stands in: `gpc0` is the first of `gpc` where that is stored instead.
    pub fn column(&self, slot: impl Into<Slot>) -> Option<(Column, Slot)> {
        let slot = slot.into();
        let find = |slot: Slot| {
            let column = self.columns.iter().find(|c| c.data == slot.data)?;
            (slot.index < column.len).then_some((*column, slot))
        };
        find(slot).or_else(|| find(in_array(slot.data)?))
    }

    /// True when entries hold such a value.
    pub fn stores(&self, slot: impl Into<Slot>) -> bool {
        self.column(slot).is_some()
    }
}

/// Where the old single counters stand in the arrays that replace them.
fn in_array(data: Data) -> Option<Slot> {
    Some(match data {
        Data::Gpt0 => Slot::at(Data::Gpt, 0),
        Data::Gpc0 => Slot::at(Data::Gpc, 0),
        Data::Gpc1 => Slot::at(Data::Gpc, 1),
        Data::Gpc0Rate => Slot::at(Data::GpcRate, 0),
        Data::Gpc1Rate => Slot::at(Data::GpcRate, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_counters_are_the_first_of_an_array() {
        let gpc = Column { data: Data::Gpc, len: 1, period: 0 };
        let schema = Schema { name: "t".into(), key: KeyType::Ip, columns: vec![gpc], brates_factor: 1 };
        assert_eq!(schema.column(Data::Gpc0), Some((gpc, Slot::at(Data::Gpc, 0))));
        assert!(!schema.stores(Data::Gpc1), "the array has one element");
        assert!(!schema.stores(Slot::at(Data::Gpc, 1)) && !schema.stores(Data::Gpt0));
    }
}
