//! What an entry costs, counted by the allocator, against HAProxy's (docs/tables.md).

use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use portero_api::tables::{Column, Data, Key, KeyType, Limits, Schema, ServerName, Table};
use portero_policies::tables::StickTable;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u32 = 100_000;

/// Bytes per entry of a filled table.
fn per_entry(key: KeyType, columns: &[(Data, u8, u32)]) -> usize {
    let columns = columns.iter().map(|&(data, len, period)| Column { data, len, period }).collect();
    let schema = Schema { name: "t".into(), key, columns, brates_factor: 1 };
    let limits = Limits { size: 1 << 20, expire: None, nopurge: false, srvkey: ServerName::Name };
    let before = ALLOCATOR.stats();
    let table: Arc<dyn Table> = Arc::new(StickTable::new(schema, &limits));
    for number in 0..ENTRIES {
        let mut text = [b'k'; 32];
        text[..4].copy_from_slice(&number.to_be_bytes());
        let key = match key {
            KeyType::String(_) => Key::Bytes(&text),
            _ => Key::Ip(IpAddr::V4(Ipv4Addr::from_bits(number))),
        };
        assert!(table.enter(key).is_some());
    }
    let used = ALLOCATOR.stats() - before;
    (used.bytes_allocated - used.bytes_deallocated) / ENTRIES as usize
}

// One test: the allocator counts for the whole process.
#[test]
fn an_entry_costs_less_than_haproxys() {
    let many = [
        (Data::ConnCur, 1, 0),
        (Data::HttpReqRate, 1, 10_000),
        (Data::Gpc, 10, 0),
        (Data::GpcRate, 10, 10_000),
    ];
    // the last figure: HAProxy 3.5-dev5, resident memory of 100,000 entries set through its runtime API
    for (key, columns, haproxys) in [
        (KeyType::Ip, &[][..], 188),
        (KeyType::Ip, &[(Data::ConnRate, 1, 10_000)], 204),
        (KeyType::String(32), &[(Data::Gpc0, 1, 0)], 236),
        (KeyType::Ip, &many, 364),
    ] {
        let ours = per_entry(key, columns);
        println!("{key:?} with {} data types: {ours} bytes, HAProxy {haproxys}", columns.len());
        assert!(ours < haproxys, "{key:?} {columns:?}: {ours} bytes");
    }
}
