//! The contract `Table`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use portero_api::clock;
use portero_api::tables::{
    Column, Data, Entry, Key, KeyBuf, KeyType, Limits, Removed, Schema, ServerName, Slot, Table, Tracked,
};

/// Makes the tables under test.
pub type MakeTable<'a> = &'a dyn Fn(Schema, &Limits) -> Arc<dyn Table>;

/// What every table keeps to.
pub fn table(make: MakeTable<'_>) {
    an_entry_is_found_by_its_key(make);
    keys_take_the_form_of_their_table(make);
    values_stay_within_their_bits(make);
    what_is_not_stored_is_not_there(make);
    arrays_hold_the_old_counters(make);
    rates_fade(make);
    entries_end(make);
    a_look_postpones_nothing_and_a_change_does(make);
    the_oldest_makes_room(make);
    nobody_makes_room_where_that_is_forbidden(make);
    a_tracked_entry_stays(make);
    a_walk_sees_every_entry(make);
    clock::reset();
}

const HOUR: Duration = Duration::from_secs(3600);

fn schema(key: KeyType, columns: &[(Data, u8, u32)]) -> Schema {
    let mut columns: Vec<_> =
        columns.iter().map(|&(data, len, period)| Column { data, len, period }).collect();
    columns.sort_by_key(|column| column.data);
    Schema { name: "t".into(), key, columns, brates_factor: 1 }
}

fn limits(size: usize) -> Limits {
    Limits { size, expire: Some(HOUR), nopurge: false, srvkey: ServerName::Name }
}

fn counters(make: MakeTable<'_>, limits: &Limits) -> Arc<dyn Table> {
    make(schema(KeyType::Integer, &[(Data::Gpc0, 1, 0), (Data::ConnCur, 1, 0)]), limits)
}

fn enter(table: &Arc<dyn Table>, key: u32) -> Entry {
    table.enter(Key::Integer(key)).unwrap_or_else(|| panic!("no entry for {key}"))
}

fn has(table: &Arc<dyn Table>, key: u32) -> bool {
    table.find(Key::Integer(key)).is_some()
}

fn an_entry_is_found_by_its_key(make: MakeTable<'_>) {
    let table = counters(make, &limits(10_000));
    (0..5000).for_each(|key| _ = enter(&table, key).add(Data::Gpc0, i64::from(key)));
    assert_eq!(table.len(), 5000);
    assert!(!has(&table, 5000), "a key that was never entered");
    for key in 0..5000 {
        let entry = table.find(Key::Integer(key)).expect("it was entered");
        assert_eq!((entry.key(), entry.get(Data::Gpc0)), (KeyBuf::Integer(key), Some(u64::from(key))));
    }
    assert_eq!(table.remove(Key::Integer(7)), Removed::Gone);
    assert_eq!(table.remove(Key::Integer(7)), Removed::Absent);
    assert!(!has(&table, 7) && table.len() == 4999);
    assert_eq!(enter(&table, 7).get(Data::Gpc0), Some(0), "what comes back begins anew");
}

fn keys_take_the_form_of_their_table(make: MakeTable<'_>) {
    let table = |key| make(schema(key, &[]), &limits(100));
    let ip = |text: &str| Key::Ip(text.parse().expect("an address"));
    let v4 = table(KeyType::Ip);
    assert!(v4.enter(ip("2001:db8::1")).is_none() && v4.enter(Key::Integer(1)).is_none());
    let mapped = v4.enter(ip("::ffff:10.0.0.1")).expect("it is one of IPv4");
    assert_eq!(mapped.key().as_key(), ip("10.0.0.1"));
    let v6 = table(KeyType::Ipv6);
    let mapped = v6.enter(ip("10.0.0.1")).expect("every address is one of IPv6");
    assert_eq!(mapped.key().as_key(), ip("::ffff:10.0.0.1"));
    let texts = table(KeyType::String(4));
    assert_eq!(texts.enter(Key::Bytes(b"abcdef")).map(|e| e.key()), Some(KeyBuf::String(b"abcd".into())));
    assert_eq!(texts.enter(Key::Bytes(b"")).map(|e| e.key()), Some(KeyBuf::String(b"".into())));
    assert!(texts.find(Key::Bytes(b"abcdxyz")).is_some() && texts.find(Key::Bytes(b"abc")).is_none());
    let blocks = table(KeyType::Binary(4));
    assert_eq!(blocks.enter(Key::Bytes(b"ab")).map(|e| e.key()), Some(KeyBuf::Binary(b"ab\0\0".into())));
    assert!(blocks.find(Key::Bytes(b"ab\0\0\0")).is_some(), "a block is padded with zeros");
}

fn values_stay_within_their_bits(make: MakeTable<'_>) {
    let columns = [(Data::Gpc0, 1, 0), (Data::Gpc1, 1, 0), (Data::BytesInCnt, 1, 0), (Data::ServerKey, 1, 0)];
    let table = make(schema(KeyType::Integer, &columns), &limits(10));
    let entry = enter(&table, 1);
    assert_eq!((entry.add(Data::Gpc0, 3), entry.add(Data::Gpc0, -5)), (Some(3), Some(0)), "below zero");
    assert_eq!(entry.set(Data::Gpc0, u64::MAX), Some(0));
    assert_eq!(entry.add(Data::Gpc0, 1), Some(u64::from(u32::MAX)));
    assert_eq!(entry.get(Data::Gpc1), Some(0), "its neighbour is untouched");
    assert_eq!(entry.add(Data::BytesInCnt, 1 << 40), Some(1 << 40));
    assert_eq!(entry.text(Data::ServerKey), None);
    assert!(entry.set_text(Data::ServerKey, "s1") && !entry.set_text(Data::Gpc0, "s1"));
    assert_eq!((entry.text(Data::ServerKey).as_deref(), entry.get(Data::ServerKey)), (Some("s1"), None));
}

fn what_is_not_stored_is_not_there(make: MakeTable<'_>) {
    let entry = enter(&counters(make, &limits(10)), 1);
    assert_eq!(
        (entry.get(Data::Gpc1), entry.add(Data::Gpc1, 1), entry.set(Data::Gpc1, 1)),
        (None, None, None)
    );
    assert_eq!(entry.get(Slot::at(Data::Gpc0, 1)), None, "there is one of it");
}

fn arrays_hold_the_old_counters(make: MakeTable<'_>) {
    let columns = [(Data::Gpc, 3, 0), (Data::GpcRate, 2, 1000), (Data::Gpt, 2, 0)];
    let entry = enter(&make(schema(KeyType::Integer, &columns), &limits(10)), 1);
    entry.set(Slot::at(Data::Gpc, 2), 9);
    assert_eq!(entry.count_gpc(Slot::old_gpc(false), 4), Some(4));
    entry.set(Data::Gpt0, 5);
    let at = |data, index| entry.get(Slot::at(data, index));
    assert_eq!([0, 1, 2, 3].map(|i| at(Data::Gpc, i)), [Some(0), Some(4), Some(9), None]);
    assert_eq!([0, 1].map(|i| at(Data::GpcRate, i)), [Some(0), Some(4)]);
    assert_eq!([0, 1].map(|i| at(Data::Gpt, i)), [Some(5), Some(0)]);
}

fn rates_fade(make: MakeTable<'_>) {
    let columns = [(Data::ConnRate, 1, 10_000), (Data::BytesInRate, 1, 10_000)];
    let mut schema = schema(KeyType::Integer, &columns);
    schema.brates_factor = 100;
    let entry = enter(&make(schema, &limits(10)), 1);
    entry.add(Data::ConnRate, 100);
    entry.add(Data::BytesInRate, 1_000);
    assert_eq!((entry.get(Data::ConnRate), entry.get(Data::BytesInRate)), (Some(100), Some(1_000)));
    clock::advance(Duration::from_secs(15));
    let faded = entry.get(Data::ConnRate).expect("it is stored");
    assert!((45..=50).contains(&faded), "half of the period before counts: {faded}");
    clock::advance(Duration::from_secs(5));
    assert_eq!(entry.get(Data::ConnRate), Some(0));
}

fn entries_end(make: MakeTable<'_>) {
    let table = counters(make, &limits(10_000));
    (0..1000).for_each(|key| _ = enter(&table, key).add(Data::Gpc0, 1));
    clock::advance(HOUR / 2);
    enter(&table, 1);
    clock::advance(HOUR / 2 + Duration::from_secs(1));
    assert!(has(&table, 1) && !has(&table, 2), "its time began anew, and that of the others is over");
    while table.sweep() {}
    assert_eq!(table.len(), 1);
    assert_eq!(enter(&table, 2).get(Data::Gpc0), Some(0), "what comes back begins anew");
}

fn a_look_postpones_nothing_and_a_change_does(make: MakeTable<'_>) {
    let table = counters(make, &limits(10));
    let (looked_at, changed) = (enter(&table, 1), enter(&table, 2));
    clock::advance(HOUR / 2);
    looked_at.get(Data::Gpc0);
    assert!(has(&table, 1));
    changed.add(Data::Gpc0, 1);
    assert!(looked_at.idle() >= HOUR / 2 && changed.idle() < HOUR / 4);
    assert!(changed.expires_in() > looked_at.expires_in());
    clock::advance(HOUR / 2);
    assert!(!has(&table, 1) && has(&table, 2));
}

fn tick() {
    clock::advance(Duration::from_millis(5));
}

fn the_oldest_makes_room(make: MakeTable<'_>) {
    for expire in [Some(HOUR), None] {
        let table = counters(make, &Limits { expire, ..limits(3) });
        for key in [1, 2, 3, 1, 4] {
            tick();
            enter(&table, key);
        }
        let there: Vec<_> = (1..=4).filter(|&key| has(&table, key)).collect();
        assert_eq!((there, table.len()), (vec![1, 3, 4], 3), "expire {expire:?}");
    }
}

fn nobody_makes_room_where_that_is_forbidden(make: MakeTable<'_>) {
    let table = counters(make, &Limits { nopurge: true, ..limits(2) });
    enter(&table, 1);
    enter(&table, 2);
    assert!(table.enter(Key::Integer(3)).is_none());
    assert!(table.enter(Key::Integer(2)).is_some(), "this one is there already");
    clock::advance(HOUR);
    assert!(table.enter(Key::Integer(3)).is_some(), "the time of the others is over");
}

fn a_tracked_entry_stays(make: MakeTable<'_>) {
    let table = counters(make, &limits(2));
    let mut tracked = Tracked::begin(&table, Key::Integer(1)).expect("there is room");
    assert_eq!((tracked.entry().trackers(), tracked.entry().get(Data::ConnCur)), (1, Some(1)));
    (2..20).for_each(|key| {
        tick();
        enter(&table, key);
    });
    clock::advance(HOUR * 2);
    table.sweep();
    assert!(has(&table, 1) && table.remove(Key::Integer(1)) == Removed::InUse);
    let entry = tracked.entry().clone();
    tracked.release();
    drop(tracked);
    assert_eq!((entry.trackers(), entry.get(Data::ConnCur)), (0, Some(0)));
    assert!(has(&table, 1), "its time begins when nobody tracks it any more");
    assert_eq!(table.remove(Key::Integer(1)), Removed::Gone);
}

fn a_walk_sees_every_entry(make: MakeTable<'_>) {
    let table = counters(make, &limits(100_000));
    (0..10_000).for_each(|key| _ = enter(&table, key));
    let mut seen = std::collections::HashSet::new();
    table.walk(&mut |entry| {
        assert!(seen.insert(entry.key()), "twice: {:?}", entry.key());
        ControlFlow::Continue(())
    });
    assert_eq!(seen.len(), 10_000);
    let mut visits = 0;
    table.walk(&mut |_| {
        visits += 1;
        if visits == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(visits, 10);
}
