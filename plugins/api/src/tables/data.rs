//! What an entry can hold (HAProxy manual, section 11.1, `store`).

use std::fmt;

/// A data type, in the order in which the runtime API shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // the names are those of the configuration
pub enum Data {
    ServerId,
    Gpt0,
    Gpc0,
    Gpc0Rate,
    ConnCnt,
    ConnRate,
    ConnCur,
    SessCnt,
    SessRate,
    HttpReqCnt,
    HttpReqRate,
    HttpErrCnt,
    HttpErrRate,
    BytesInCnt,
    BytesInRate,
    BytesOutCnt,
    BytesOutRate,
    Gpc1,
    Gpc1Rate,
    ServerKey,
    HttpFailCnt,
    HttpFailRate,
    Gpt,
    Gpc,
    GpcRate,
    GlitchCnt,
    GlitchRate,
}

/// How a value behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// A number of 32 bits that does not wrap.
    Count,
    /// The same with 64 bits.
    Wide,
    /// Events in the last period: all of the present one, and of the one before as much as still counts.
    Rate,
    /// A text.
    Text,
}

/// Each with its name and kind.
const NAMES: [(Data, &str, DataKind); 27] = {
    use Data::*;
    use DataKind::{Count, Rate, Text, Wide};
    [
        (ServerId, "server_id", Count),
        (Gpt0, "gpt0", Count),
        (Gpc0, "gpc0", Count),
        (Gpc0Rate, "gpc0_rate", Rate),
        (ConnCnt, "conn_cnt", Count),
        (ConnRate, "conn_rate", Rate),
        (ConnCur, "conn_cur", Count),
        (SessCnt, "sess_cnt", Count),
        (SessRate, "sess_rate", Rate),
        (HttpReqCnt, "http_req_cnt", Count),
        (HttpReqRate, "http_req_rate", Rate),
        (HttpErrCnt, "http_err_cnt", Count),
        (HttpErrRate, "http_err_rate", Rate),
        (BytesInCnt, "bytes_in_cnt", Wide),
        (BytesInRate, "bytes_in_rate", Rate),
        (BytesOutCnt, "bytes_out_cnt", Wide),
        (BytesOutRate, "bytes_out_rate", Rate),
        (Gpc1, "gpc1", Count),
        (Gpc1Rate, "gpc1_rate", Rate),
        (ServerKey, "server_key", Text),
        (HttpFailCnt, "http_fail_cnt", Count),
        (HttpFailRate, "http_fail_rate", Rate),
        (Gpt, "gpt", Count),
        (Gpc, "gpc", Count),
        (GpcRate, "gpc_rate", Rate),
        (GlitchCnt, "glitch_cnt", Count),
        (GlitchRate, "glitch_rate", Rate),
    ]
};

impl Data {
    /// How many there are.
    pub const COUNT: usize = NAMES.len();

    /// All of them, in their order.
    pub fn all() -> impl Iterator<Item = Data> {
        NAMES.iter().map(|(data, _, _)| *data)
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Data> {
        NAMES.iter().find(|(_, known, _)| *known == name).map(|(data, _, _)| *data)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// How its values behave.
    pub fn kind(self) -> DataKind {
        NAMES[self as usize].2
    }

    /// True for `gpt`, `gpc` and `gpc_rate`: there are several values, by an index.
    pub fn is_array(self) -> bool {
        matches!(self, Data::Gpt | Data::Gpc | Data::GpcRate)
    }
}

/// One value of an entry: a data type, and the index in it where it is an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The data type.
    pub data: Data,
    /// 0 unless the type is an array.
    pub index: u8,
}

impl Slot {
    /// A value of an array.
    pub fn at(data: Data, index: u8) -> Slot {
        Slot { data, index }
    }

    /// A value as scripts name it: `gpc0`, or `gpc[1]` of an array.
    pub fn parse(name: &str) -> Option<Slot> {
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, index)) => Some(Slot::at(Data::parse(name)?, index.parse().ok()?)),
            None => Data::parse(name).map(Slot::from),
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.data.is_array() {
            true => write!(f, "{}[{}]", self.data.name(), self.index),
            false => f.write_str(self.data.name()),
        }
    }
}

impl From<Data> for Slot {
    fn from(data: Data) -> Slot {
        Slot { data, index: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_data_type_stands_at_its_place_and_is_found_by_its_name() {
        for (place, data) in Data::all().enumerate() {
            assert_eq!((data as usize, Data::parse(data.name())), (place, Some(data)));
        }
        assert_eq!(Data::parse("gpc2"), None);
    }

    #[test]
    fn a_slot_is_read_as_it_is_written() {
        for name in ["gpc0", "gpc[3]", "server_key"] {
            assert_eq!(Slot::parse(name).map(|slot| slot.to_string()).as_deref(), Some(name));
        }
        assert_eq!(Slot::parse("gpc").map(|slot| slot.to_string()).as_deref(), Some("gpc[0]"));
        assert_eq!([Slot::parse("gpc[x]"), Slot::parse("nobody[0]")], [None, None]);
    }
}
