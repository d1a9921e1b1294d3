//! Samples as components have them.

use portero_api::Sample;

use super::types;

/// A sample for a component.
pub(crate) fn given(sample: Sample<'_>) -> types::Sample {
    match sample {
        Sample::Bool(yes) => types::Sample::Boolean(yes),
        Sample::Int(number) => types::Sample::Integer(number),
        Sample::Ip(address) => types::Sample::Address(address.to_string()),
        Sample::Str(text) => types::Sample::Text(text.into_owned()),
        Sample::Bin(bytes) => types::Sample::Binary(bytes.into_owned()),
        Sample::Method(name) => types::Sample::Method(name.into_owned()),
    }
}

/// A sample of a component; none for an address that is none.
pub(crate) fn taken(sample: types::Sample) -> Option<Sample<'static>> {
    Some(match sample {
        types::Sample::Boolean(yes) => Sample::Bool(yes),
        types::Sample::Integer(number) => Sample::Int(number),
        types::Sample::Address(text) => Sample::Ip(text.parse().ok()?),
        types::Sample::Text(text) => Sample::text(text),
        types::Sample::Binary(bytes) => Sample::bytes(bytes),
        types::Sample::Method(name) => Sample::Method(name.into()),
    })
}
