//! What rules cost: a condition of each match kind, a format, a tracked entry.
//!
//! `cargo bench -p portero-policies --bench rules`. Nothing matches but in `found`, so that all patterns are tried.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use portero_api::tables::{Column, Data, Event, Key, KeyType, Limits, Schema, ServerName, Table, Tracked};
use portero_policies::tables::StickTable;

use world::{ASKED, AT_ONCE, NoFiles, World, exchange, spread};

mod world;

/// The name of a match kind, what it looks at, and its patterns.
struct MatchKind {
    name: &'static str,
    acl: &'static str,
    pattern: fn(u32) -> String,
}

const KINDS: &[MatchKind] = &[
    MatchKind { name: "str", acl: "path -m str", pattern: |i| format!("/shop/items/{i}/page") },
    MatchKind { name: "beg", acl: "path -m beg", pattern: |i| format!("/shop/items/{i}/x") },
    MatchKind { name: "end", acl: "path -m end", pattern: |i| format!("/{i}.html") },
    MatchKind { name: "sub", acl: "path -m sub", pattern: |i| format!("items/{i}/x") },
    MatchKind { name: "dir", acl: "path -m dir", pattern: |i| format!("item{i}") },
    MatchKind { name: "dom", acl: "req.hdr(host) -m dom", pattern: |i| format!("www{i}.example") },
    MatchKind { name: "reg", acl: "path -m reg", pattern: |i| format!("^/shop/items/{i}/[a-z]+$") },
    MatchKind { name: "ip", acl: "src", pattern: |i| format!("{}/28", Ipv4Addr::from(10 << 24 | i << 4)) },
    MatchKind { name: "int", acl: "req.hdr_val(content-length) -m int", pattern: |i| (i + 5000).to_string() },
    MatchKind { name: "len", acl: "path -m len", pattern: |i| (i + 5000).to_string() },
];

const ONE_AND_MANY: [usize; 2] = [1, 1_000];

/// A condition of so many patterns.
fn condition(bencher: Bencher<'_, '_>, name: &str, patterns: usize) {
    let kind = KINDS.iter().find(|kind| kind.name == name).expect("the name is from the table");
    let words: String = (0..patterns).map(|i| format!(" {}", (kind.pattern)(i as u32))).collect();
    let cond = World::new(NoFiles).condition(&format!("{{ {}{words} }}", kind.acl));
    let exchange = exchange();
    assert!(!cond.holds(&exchange), "{name}: a pattern matches");
    bencher.bench_local(|| black_box(&cond).holds(&exchange));
}

fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

#[divan::bench(args = kinds())]
fn acl_with_1_pattern(bencher: Bencher<'_, '_>, kind: &str) {
    condition(bencher, kind, ONE_AND_MANY[0]);
}

#[divan::bench(args = kinds())]
fn acl_with_1000_patterns(bencher: Bencher<'_, '_>, kind: &str) {
    condition(bencher, kind, ONE_AND_MANY[1]);
}

/// No pattern: the value is there.
#[divan::bench]
fn acl_found(bencher: Bencher<'_, '_>) {
    let cond = World::new(NoFiles).condition("{ req.cook(session) -m found }");
    let exchange = exchange();
    assert!(cond.holds(&exchange));
    bencher.bench_local(|| black_box(&cond).holds(&exchange));
}

/// `set-header` with a text, and with a format.
#[divan::bench(args = ["yes", "%[src]", "%ci:%cp_%[req.hdr(host),lower]_%[path]"], sample_size = AT_ONCE)]
fn set_header(bencher: Bencher<'_, '_>, value: &str) {
    let rules = World::new(NoFiles).rules(&format!("http-request set-header X-Bench {value}\n"));
    let mut exchange = exchange();
    bencher.bench_local(|| black_box(rules.run(&mut exchange, 0)));
}

/// A table of clients, filled.
fn clients(entries: usize) -> Arc<dyn Table> {
    let column = |data, period| Column { data, len: 1, period };
    let columns = vec![column(Data::Gpc0, 0), column(Data::HttpReqCnt, 0), column(Data::HttpReqRate, 10_000)];
    let schema = Schema { name: "clients".into(), key: KeyType::String(32), columns, brates_factor: 1 };
    let expire = Some(Duration::from_secs(3600));
    let limits = Limits { size: 1 << 21, expire, nopurge: false, srvkey: ServerName::Name };
    let table: Arc<dyn Table> = Arc::new(StickTable::new(schema, &limits));
    for i in 0..entries {
        table.enter(Key::Bytes(client(i).as_bytes())).expect("there is room");
    }
    table
}

fn client(i: usize) -> String {
    format!("/client-{:08x}", spread(i))
}

/// From the key to the end of the request: found, counted, let go. Another key each time.
#[divan::bench(args = [10, 1_000, 1_000_000], sample_size = AT_ONCE)]
fn track(bencher: Bencher<'_, '_>, entries: usize) {
    let world = World::new(NoFiles);
    world.common.tables.set_counters(3);
    world.common.tables.insert(clients(entries));
    let rules = world.rules("http-request track-sc0 url table clients\nhttp-request sc-inc-gpc0(0)\n");
    let keys: Vec<_> = (0..ASKED).map(|i| client(i * 7919 % entries)).collect();
    let (mut exchange, mut at) = (exchange(), 0);
    bencher.bench_local(|| {
        at = (at + 1) % ASKED;
        exchange.request.target.clear();
        exchange.request.target.extend_from_slice(keys[at].as_bytes());
        black_box(rules.run(&mut exchange, 0));
        exchange.trackers.clear();
    });
}

/// One request counted for an entry that all threads track: a counter and a rate.
#[divan::bench(threads = [1, 2])]
fn count(bencher: Bencher<'_, '_>) {
    let table = clients(1);
    let tracked = Tracked::begin(&table, Key::Bytes(client(0).as_bytes())).expect("there is room");
    bencher.bench(|| tracked.entry().count(Event::Request, 1));
}

fn main() {
    divan::main();
}
