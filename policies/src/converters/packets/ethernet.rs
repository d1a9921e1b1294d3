//! Ethernet frames (IEEE 802.3), with tags of virtual networks (IEEE 802.1Q).

use portero_api::SampleType::*;

use super::{ConvertKind, number, row, short, slice};

pub(in super::super) static ROWS: &[ConvertKind] = &[
    row("eth.data", (0, 0), Bin, Bin, "what an Ethernet frame carries", |_| {
        slice(|f| f.get(header(f)?.end..))
    }),
    row("eth.dst", (0, 0), Bin, Bin, "the address that an Ethernet frame goes to", |_| slice(|f| f.get(..6))),
    row("eth.hdr", (0, 0), Bin, Bin, "the header of an Ethernet frame, with its VLAN tags", |_| {
        slice(|f| f.get(..header(f)?.end))
    }),
    row("eth.proto", (0, 0), Bin, Int, "the protocol that an Ethernet frame carries", |_| {
        number(|f| Some(i64::from(header(f)?.protocol)))
    }),
    row("eth.src", (0, 0), Bin, Bin, "the address that an Ethernet frame comes from", |_| {
        slice(|f| f.get(6..12))
    }),
    row("eth.vlan", (0, 0), Bin, Int, "the last VLAN of an Ethernet frame", |_| {
        number(|f| header(f)?.vlan.map(i64::from))
    }),
];

/// The type of a frame whose true type stands behind a tag.
const TAGGED: u16 = 0x8100;

struct Header {
    protocol: u16,
    vlan: Option<u16>,
    /// Where the data begin.
    end: usize,
}

/// None for a frame that ends within its header, or with it.
fn header(frame: &[u8]) -> Option<Header> {
    let mut header = Header { protocol: short(frame, 12)?, vlan: None, end: 14 };
    while header.protocol == TAGGED {
        header.vlan = Some(short(frame, header.end)? & 0xfff);
        header.protocol = short(frame, header.end + 2)?;
        header.end += 4;
    }
    (frame.len() > header.end).then_some(header)
}
