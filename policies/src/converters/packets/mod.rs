//! Converters that read the packet a client's connection began with: what `fc_saved_syn` gives (HAProxy manual, `tcp-ss`).
//!
//! An Ethernet frame holds an IP packet (`eth.data`), which holds a TCP segment (`ip.data`). What is cut short has no value.

mod ethernet;
mod fingerprint;
mod ip;
mod tcp;

use super::{Made, by, row};

pub(super) use ethernet::ROWS as ETHERNET;
pub(super) use ip::ROWS as IP;
pub(super) use tcp::ROWS as TCP;

use portero_api::Sample;

use super::operand::bytes;
use crate::vocabulary::ConvertKind;

/// A converter that is a number found in the bytes.
fn number(of: fn(&[u8]) -> Option<i64>) -> Made {
    by(move |s, _| of(&bytes(s)).map(Sample::Int))
}

/// A converter that is a part of the bytes.
fn slice(of: for<'t> fn(&'t [u8]) -> Option<&'t [u8]>) -> Made {
    by(move |s, _| of(&bytes(s)).map(Sample::bytes))
}

/// Two bytes of the network's order.
fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Four bytes of the network's order.
fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
