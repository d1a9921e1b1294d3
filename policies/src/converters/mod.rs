//! The converters: what is made of samples (HAProxy manual, section 7.3.1). One row each, one file per family.

mod addresses;
mod aes;
mod dates;
mod debug;
mod digests;
mod encodings;
mod fix;
mod forwarded;
pub(crate) mod hashes;
mod http;
mod json;
mod jwt;
mod maps;
mod mqtt;
mod not_yet;
mod numbers;
mod operand;
mod packets;
mod protobuf;
mod regsub;
mod states;
mod strings;
mod tables;
mod variables;
mod when;
mod words;
mod x509;

use portero_api::{BadArg, Convert, Exchange, Sample, SampleType};

use crate::vocabulary::{Args, ConvertKind};

pub(crate) use encodings::{from_base64, hex};
pub use not_yet::NOT_YET;
pub(crate) use not_yet::waits_for;
pub(crate) use regsub::Replacement;

/// Every converter of the language, family by family.
pub static CONVERTERS: &[&[ConvertKind]] = &[
    strings::ROWS,
    words::ROWS,
    regsub::ROWS,
    encodings::ROWS,
    numbers::ROWS,
    hashes::ROWS,
    digests::ROWS,
    dates::ROWS,
    addresses::ROWS,
    http::ROWS,
    forwarded::ROWS,
    json::ROWS,
    protobuf::ROWS,
    variables::ROWS,
    states::ROWS,
    aes::ROWS,
    fix::ROWS,
    mqtt::ROWS,
    packets::ETHERNET,
    packets::IP,
    packets::TCP,
    jwt::ROWS,
    x509::ROWS,
    when::ROWS,
    debug::ROWS,
    maps::ROWS,
    tables::VALUES,
    tables::ROWS,
    tables::OTHERS,
];

/// What a row's maker gives.
type Made = Result<Box<dyn Convert>, BadArg>;

/// A row; the order is that of a line in the manual: name, arguments, input, output.
const fn row(
    name: &'static str,
    args: (usize, usize),
    input: SampleType,
    output: SampleType,
    summary: &'static str,
    make: fn(&Args<'_>) -> Made,
) -> ConvertKind {
    ConvertKind { name, args, input, output, summary, make }
}

/// A converter that is one function of the sample.
struct By<F>(F);

impl<F> Convert for By<F>
where
    F: for<'a> Fn(Sample<'a>, &'a Exchange) -> Option<Sample<'a>>,
{
    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        (self.0)(sample, exchange)
    }
}

/// Makes a converter of a function.
fn by<F>(function: F) -> Made
where
    F: for<'a> Fn(Sample<'a>, &'a Exchange) -> Option<Sample<'a>> + 'static,
{
    Ok(Box::new(By(function)))
}

#[cfg(test)]
mod tests;
