//! Hashes that are no secrets: the same functions that hash-based balancing uses, so that results agree.

use portero_api::{BadArg, Sample, SampleType::*};
use xxhash_rust::{xxh3::xxh3_64_with_seed, xxh32::xxh32, xxh64::xxh64};

use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("crc32", (0, 1), Bin, Int, "CRC-32, with 1 mixed once more", |a| hash(a, |b| crc(b, 0xEDB8_8320))),
    row("crc32c", (0, 1), Bin, Int, "CRC-32C (RFC 4960), with 1 mixed once more", |a| {
        hash(a, |b| crc(b, 0x82F6_3B78))
    }),
    row("djb2", (0, 1), Bin, Int, "the DJB2 hash, with 1 mixed once more", |a| hash(a, djb2)),
    row("sdbm", (0, 1), Bin, Int, "the SDBM hash, with 1 mixed once more", |a| hash(a, sdbm)),
    row("wt6", (0, 1), Bin, Int, "the WT6 hash, with 1 mixed once more", |a| hash(a, wt6)),
    row("xxh32", (0, 1), Bin, Int, "the 32-bit XXHash with a seed", |a| {
        let seed = seed(a)?;
        by(move |s, _| Some(Sample::Int(i64::from(xxh32(&bytes(s), seed as u32)))))
    }),
    row("xxh64", (0, 1), Bin, Int, "the 64-bit XXHash with a seed", |a| {
        let seed = seed(a)?;
        by(move |s, _| Some(Sample::Int(xxh64(&bytes(s), seed) as i64)))
    }),
    row("xxh3", (0, 1), Bin, Int, "the 64-bit XXH3 with a seed", |a| {
        let seed = seed(a)?;
        by(move |s, _| Some(Sample::Int(xxh3_64_with_seed(&bytes(s), seed) as i64)))
    }),
];

fn hash(args: &Args<'_>, function: fn(&[u8]) -> u32) -> Made {
    let mixed = args.int(0)?.unwrap_or(0) != 0;
    by(move |s, _| {
        let hash = function(&bytes(s));
        Some(Sample::Int(i64::from(if mixed { avalanche(hash) } else { hash })))
    })
}

fn seed(args: &Args<'_>) -> Result<u64, BadArg> {
    Ok(args.int(0)?.unwrap_or(0) as u64)
}

/// Spreads a hash over all bits (Bob Jenkins' full avalanche), then over the range.
pub(crate) fn avalanche(hash: u32) -> u32 {
    let mut a = hash;
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// The hash of the SDBM data base library.
pub(crate) fn sdbm(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0u32, |hash, &b| {
        u32::from(b).wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
    })
}

/// Bernstein's hash.
fn djb2(bytes: &[u8]) -> u32 {
    bytes.iter().fold(5381, |hash: u32, &b| hash.wrapping_mul(33).wrapping_add(u32::from(b)))
}

/// Two halves that feed each other by turns that depend on them.
fn wt6(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut left, mut right) = (6, 18);
    for &b in bytes {
        low = !(low ^ u32::from(b));
        high = !high.wrapping_add(u32::from(b));
        let turned = high.rotate_left(left);
        high = low.rotate_left(right);
        low = turned;
        let turn = (low >> 16 ^ high) & 0xffff;
        left = turn & 0x1f;
        right = turn >> 11;
    }
    low ^ high
}

/// A reflected CRC of 32 bits.
fn crc(bytes: &[u8], polynomial: u32) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |c, _| if c & 1 == 1 { c >> 1 ^ polynomial } else { c >> 1 })
    })
}
