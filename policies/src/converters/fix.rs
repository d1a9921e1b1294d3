//! Converters of FIX messages (Financial Information eXchange): `tag=value` fields, each ended by a byte 1.

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("fix_is_valid", (0, 0), Bin, Bool, "whether there is a valid FIX message", |_| {
        by(|s, _| Some(Sample::Bool(is_valid(&bytes(s)).is_some())))
    }),
    row("fix_tag_value", (1, 1), Bin, Bin, "the value of a tag of a FIX message", tag_value),
];

/// The byte behind each field.
const END: u8 = 1;

/// The tags that have names.
const TAGS: [(&str, u32); 6] = [
    ("BeginString", BEGIN),
    ("BodyLength", LENGTH),
    ("CheckSum", SUM),
    ("MsgType", TYPE),
    ("SenderCompID", 49),
    ("TargetCompID", 56),
];
const BEGIN: u32 = 8;
const LENGTH: u32 = 9;
const SUM: u32 = 10;
const TYPE: u32 = 35;

/// What a message may begin with.
const VERSIONS: [&[u8]; 6] = [b"FIX.4.0", b"FIX.4.1", b"FIX.4.2", b"FIX.4.3", b"FIX.4.4", b"FIXT.1.1"];

/// Fields in order; a field that is none ends them with an error.
struct Fields<'m> {
    message: &'m [u8],
    at: usize,
}

/// A field, and where it begins.
struct Field<'m> {
    at: usize,
    tag: u32,
    value: &'m [u8],
}

impl<'m> Fields<'m> {
    /// The next field; none when it is not whole or has no number or no value.
    fn take(&mut self) -> Option<Field<'m>> {
        let rest = self.message.get(self.at..)?;
        let end = memchr::memchr(END, rest)?;
        let equals = memchr::memchr(b'=', &rest[..end])?;
        let tag = std::str::from_utf8(&rest[..equals]).ok().filter(|t| !t.starts_with('+'))?.parse().ok()?;
        let value = &rest[equals + 1..end];
        let field = Field { at: self.at, tag, value };
        self.at += end + 1;
        (!value.is_empty()).then_some(field)
    }
}

/// A message begins with version, length and type, ends with its sum, and length and sum are right. What stands behind it is
/// another.
fn is_valid(message: &[u8]) -> Option<()> {
    let mut fields = Fields { message, at: 0 };
    fields.take().filter(|f| f.tag == BEGIN && VERSIONS.contains(&f.value))?;
    let length: usize = decimal(fields.take().filter(|f| f.tag == LENGTH)?.value)?;
    let body = fields.at;
    fields.take().filter(|f| f.tag == TYPE)?;
    let sum = loop {
        let field = fields.take()?;
        if field.tag == SUM {
            break field;
        }
    };
    let added = message[..sum.at].iter().fold(0u8, |sum, &b| sum.wrapping_add(b));
    let right = sum.at - body == length && sum.value.len() == 3;
    (right && decimal::<u16>(sum.value)? == u16::from(added)).then_some(())
}

fn decimal<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn tag_value(args: &Args<'_>) -> Made {
    let text = args.required(0, "a tag")?;
    let named = TAGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, tag)| tag);
    let wanted = named.or_else(|| text.parse().ok().filter(|&tag| tag > 0)).ok_or_else(|| {
        let names: Vec<_> = TAGS.iter().map(|(name, _)| *name).collect();
        BadArg::at(0, format!("'{text}' is no tag: a number or one of {} is", names.join(", ")))
    })?;
    by(move |s, _| {
        let message = bytes(s);
        let mut fields = Fields { message: &message, at: 0 };
        std::iter::from_fn(|| fields.take()).find(|f| f.tag == wanted).map(|f| Sample::bytes(f.value))
    })
}
