//! What rules ask of tables: the one list of values that `sc_*`, `src_*` and `table_*` read, and how a key is made of a sample.

use std::net::IpAddr;
use std::sync::Arc;

use portero_api::tables::{Data, Entry, Key, KeyBuf, KeyType, Slot, Table};
use portero_api::{BadArg, Sample, SampleType};

use crate::cast::cast;
use crate::vocabulary::Args;

/// What is asked of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// A value.
    Get(Slot),
    /// A number of bytes, in kilobytes.
    Kilobytes(Data),
    /// One more of a counter and its rate: the new value.
    Increment([Slot; 2]),
    /// Zero for a counter: the value before.
    Clear(Slot),
    /// How many track it.
    Trackers,
    /// One more connection, where their number is stored.
    Connect,
}

impl Ask {
    /// The answer of an entry; none where its table does not store what is asked for.
    pub(crate) fn of(self, entry: &Entry) -> Option<i64> {
        let value = match self {
            Ask::Get(slot) => entry.get(slot),
            Ask::Kilobytes(data) => entry.get(data).map(|bytes| bytes >> 10),
            Ask::Increment(slots) => entry.count_gpc(slots, 1),
            Ask::Clear(slot) => entry.set(slot, 0),
            Ask::Trackers => Some(u64::from(entry.trackers())),
            Ask::Connect => entry.add(Data::ConnCnt, 1),
        };
        value.map(|value| i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// The answer for a key: 0 where there is no entry; what changes an entry makes it first.
    pub(crate) fn at(self, table: &Arc<dyn Table>, key: Key<'_>) -> Option<i64> {
        let changes = matches!(self, Ask::Increment(_) | Ask::Clear(_) | Ask::Connect);
        match if changes { table.enter(key) } else { table.find(key) } {
            Some(entry) => self.of(&entry),
            None => (!changes).then_some(0),
        }
    }
}

/// Expands a macro with every value that is read under the same name in all three families: name, what is asked, summary.
macro_rules! values {
    ($with:ident) => {
        $with! {
            "bytes_in_rate", Ask::Get(Data::BytesInRate.into()), "bytes from the client in the period";
            "bytes_out_rate", Ask::Get(Data::BytesOutRate.into()), "bytes to the client in the period";
            "clr_gpc0", Ask::Clear(Data::Gpc0.into()), "sets the first general purpose counter to 0: its value before";
            "clr_gpc1", Ask::Clear(Data::Gpc1.into()), "sets the second general purpose counter to 0: its value before";
            "conn_cnt", Ask::Get(Data::ConnCnt.into()), "connections so far";
            "conn_cur", Ask::Get(Data::ConnCur.into()), "connections now";
            "conn_rate", Ask::Get(Data::ConnRate.into()), "connections in the period";
            "glitch_cnt", Ask::Get(Data::GlitchCnt.into()), "oddities of the protocol so far";
            "glitch_rate", Ask::Get(Data::GlitchRate.into()), "oddities of the protocol in the period";
            "gpc0_rate", Ask::Get(Data::Gpc0Rate.into()), "increments of the first general purpose counter in the period";
            "gpc1_rate", Ask::Get(Data::Gpc1Rate.into()), "increments of the second general purpose counter in the period";
            "http_err_cnt", Ask::Get(Data::HttpErrCnt.into()), "errors of the client so far";
            "http_err_rate", Ask::Get(Data::HttpErrRate.into()), "errors of the client in the period";
            "http_fail_cnt", Ask::Get(Data::HttpFailCnt.into()), "failures of servers so far";
            "http_fail_rate", Ask::Get(Data::HttpFailRate.into()), "failures of servers in the period";
            "http_req_cnt", Ask::Get(Data::HttpReqCnt.into()), "HTTP requests so far";
            "http_req_rate", Ask::Get(Data::HttpReqRate.into()), "HTTP requests in the period";
            "inc_gpc0", Ask::Increment(Slot::old_gpc(true)), "adds 1 to the first general purpose counter: its new value";
            "inc_gpc1", Ask::Increment(Slot::old_gpc(false)), "adds 1 to the second general purpose counter: its new value";
            "kbytes_in", Ask::Kilobytes(Data::BytesInCnt), "kilobytes from the client so far";
            "kbytes_out", Ask::Kilobytes(Data::BytesOutCnt), "kilobytes to the client so far";
            "sess_cnt", Ask::Get(Data::SessCnt.into()), "sessions so far";
            "sess_rate", Ask::Get(Data::SessRate.into()), "sessions in the period"
        }
    };
}
pub(crate) use values;

/// The table that an argument names; without one that of the proxy.
pub(crate) fn table(args: &Args<'_>, index: usize) -> Result<Arc<dyn Table>, BadArg> {
    let name = args.text(index);
    let tables = &args.context.common.tables;
    tables.get(name.unwrap_or(args.context.proxy)).ok_or_else(|| match name {
        Some(name) => BadArg::at(index, format!("there is no table '{name}'")),
        None => BadArg::new(format!("'{}' has no table of its own: name one", args.context.proxy)),
    })
}

/// The index of an element of an array.
pub(crate) fn element(args: &Args<'_>, index: usize) -> Result<u8, BadArg> {
    let text = args.required(index, "an index")?;
    match text.parse() {
        Ok(number @ 0..=99) => Ok(number),
        _ => Err(BadArg::at(index, format!("'{text}' is no index from 0 to 99"))),
    }
}

/// The type of sample that keys are made of.
pub(crate) fn sample_type(kind: KeyType) -> SampleType {
    match kind {
        KeyType::Ip | KeyType::Ipv6 => SampleType::Ip,
        KeyType::Integer => SampleType::Int,
        KeyType::String(_) => SampleType::Str,
        KeyType::Binary(_) => SampleType::Bin,
    }
}

/// Uses a sample as a key of a type; none where it is none of that type.
pub(crate) fn with_key<R>(sample: Sample<'_>, kind: KeyType, use_it: impl FnOnce(Key<'_>) -> R) -> Option<R> {
    Some(match cast(sample, sample_type(kind))? {
        Sample::Ip(ip) => use_it(Key::Ip(ip)),
        // 32 bits of it, as in HAProxy
        Sample::Int(number) => use_it(Key::Integer(number as u32)),
        Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => use_it(Key::Bytes(&bytes)),
        Sample::Bool(_) => return None,
    })
}

/// A sample as a key of a type that owns its bytes.
pub(crate) fn key_buf(sample: Sample<'_>, kind: KeyType) -> Option<KeyBuf> {
    with_key(sample, kind, |key| match key {
        Key::Ip(ip) => KeyBuf::Ip(ip),
        Key::Integer(number) => KeyBuf::Integer(number),
        Key::Bytes(bytes) => KeyBuf::String(bytes.to_vec()),
    })
}

/// A key as a sample.
pub(crate) fn key_sample(key: KeyBuf) -> Sample<'static> {
    match key {
        KeyBuf::Ip(IpAddr::V6(ip)) => Sample::Ip(ip.into()),
        KeyBuf::Ip(ip) => Sample::Ip(ip),
        KeyBuf::Integer(number) => Sample::Int(number.into()),
        KeyBuf::String(text) => Sample::text(text),
        KeyBuf::Binary(bytes) => Sample::bytes(bytes),
    }
}
