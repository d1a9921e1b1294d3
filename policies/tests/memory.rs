//! What an entry of a table or a map costs, counted by the allocator, against HAProxy's (docs/tables.md, docs/maps.md).

mod common;

use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use common::{World, exchange};
use portero_api::tables::{Column, Data, Key, KeyType, Limits, Schema, ServerName, Table};
use portero_policies::tables::StickTable;
use portero_policies::{Escape, Stage};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u32 = 100_000;

/// Bytes per entry of a map that is asked by a method, with the entries themselves.
fn per_map_entry(method: &str, key: impl Fn(u32) -> String) -> usize {
    let lines = (0..ENTRIES).map(|i| format!("{} value{i}\n", key(i.wrapping_mul(2_654_435_761))));
    let world = World::default().with_file("file.map", &lines.collect::<String>());
    let before = ALLOCATOR.stats();
    let text = format!("%[str(),map_{method}(file.map)]");
    world.format(&text, Stage::Log, Escape::None, &exchange("GET / HTTP/1.1"));
    let used = ALLOCATOR.stats() - before;
    (used.bytes_allocated - used.bytes_deallocated) / ENTRIES as usize
}

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
    // the same of maps; the last figure: resident memory for a file of 100,000 lines beside a file of one
    let host = |i: u32| format!("/host{i}.example.org");
    for (method, key, haproxys) in [
        ("str", &host as &dyn Fn(u32) -> String, 339),
        ("beg", &|i| format!("/{i:x}/"), 304),
        ("end", &host, 383),
        ("dom", &|i| format!("host{i}.example"), 352),
        ("sub", &host, 383),
    ] {
        let ours = per_map_entry(method, key);
        println!("map_{method}: {ours} bytes, HAProxy {haproxys}");
        assert!(ours < haproxys, "map_{method}: {ours} bytes");
    }
}
