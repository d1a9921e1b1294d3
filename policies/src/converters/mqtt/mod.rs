//! Converters of the packets that an MQTT session begins with: CONNECT and CONNACK (MQTT 3.1, 3.1.1 and 5.0).

mod packet;
mod properties;

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};
use packet::{Connack, Connect, Packet, Wrong};
use properties::{Property, Value};

pub(super) static ROWS: &[ConvertKind] = &[
    row(
        "mqtt_field_value",
        (2, 2),
        Bin,
        Bin,
        "a field or property of an MQTT CONNECT or CONNACK packet",
        field,
    ),
    row(
        "mqtt_is_valid",
        (0, 0),
        Bin,
        Bool,
        "whether there is a valid MQTT CONNECT or CONNACK packet",
        |_| {
            by(|s, _| match Packet::parse(&bytes(s)) {
                Ok(_) => Some(Sample::Bool(true)),
                Err(Wrong::Invalid) => Some(Sample::Bool(false)),
                Err(Wrong::Incomplete) => None,
            })
        },
    ),
];

/// Reads a field of a packet of its kind.
enum Reader {
    Connect(fn(&Connect<'_>) -> Option<Value>),
    Connack(fn(&Connack<'_>) -> Option<Value>),
    /// A property by its number.
    ConnectProperty(u8),
    ConnackProperty(u8),
}

const CONNECT: [(&str, fn(&Connect<'_>) -> Option<Value>); 9] = [
    ("client_identifier", |c| text(c.client)),
    ("flags", |c| number(c.flags)),
    ("keepalive", |c| number(c.keep_alive)),
    ("password", |c| text(c.password?)),
    ("protocol_name", |c| text(c.protocol)),
    ("protocol_version", |c| number(c.version)),
    ("username", |c| text(c.user?)),
    ("will_payload", |c| text(c.will.as_ref()?.payload)),
    ("will_topic", |c| text(c.will.as_ref()?.topic)),
];

const CONNACK: [(&str, fn(&Connack<'_>) -> Option<Value>); 3] = [
    ("flags", |c| number(c.flags)),
    ("protocol_version", |c| number(c.version)),
    ("reason_code", |c| number(c.reason)),
];

fn number(number: impl Into<u32>) -> Option<Value> {
    Some(Value::Number(number.into()))
}

/// An empty text is as good as none.
fn text(bytes: &[u8]) -> Option<Value> {
    Some(Value::Bytes(bytes.to_vec())).filter(|_| !bytes.is_empty())
}

fn field(args: &Args<'_>) -> Made {
    let kind = args.required(0, "a kind of packet")?;
    let name = args.required(1, "the name of a field or the number of a property")?;
    let reader = match &*kind.to_ascii_lowercase() {
        "connect" | "1" => named(&CONNECT, name)
            .map(Reader::Connect)
            .or_else(|| property(name, |id| Property::of_connect(id).is_some()).map(Reader::ConnectProperty)),
        "connack" | "2" => named(&CONNACK, name)
            .map(Reader::Connack)
            .or_else(|| property(name, |id| Property::of_connack(id).is_some()).map(Reader::ConnackProperty)),
        _ => {
            return Err(BadArg::at(0, format!("'{kind}' is no kind of packet: 'connect' and 'connack' are")));
        }
    };
    let reader =
        reader.ok_or_else(|| BadArg::at(1, format!("'{name}' is no field and no property of '{kind}'")))?;
    by(move |s, _| reader.read(&bytes(s)).map(Sample::bytes))
}

fn named<T: Copy>(fields: &[(&str, T)], name: &str) -> Option<T> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, read)| read)
}

fn property(name: &str, known: impl Fn(u8) -> bool) -> Option<u8> {
    name.parse().ok().filter(|&id| known(id))
}

impl Reader {
    fn read(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let value = match (self, Packet::parse(bytes).ok()?) {
            (Reader::Connect(read), Packet::Connect(packet)) => read(&packet),
            (Reader::Connack(read), Packet::Connack(packet)) => read(&packet),
            (Reader::ConnectProperty(id), Packet::Connect(packet)) if packet.version == packet::FIVE => {
                packet.properties.value(*id).or_else(|| packet.will.as_ref()?.properties.value(*id))
            }
            (Reader::ConnackProperty(id), Packet::Connack(packet)) if packet.version == packet::FIVE => {
                packet.properties.value(*id)
            }
            _ => None,
        };
        value.map(Value::into_text)
    }
}
