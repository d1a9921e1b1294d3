//! What is this table's own; what every table keeps to is in `portero_conformance`.

use std::sync::Arc;
use std::thread;

use portero_api::tables::{Column, Data, Key, KeyType, Limits, Schema, ServerName, Table, Tracked};

use super::StickTable;

fn table(columns: &[(Data, u8, u32)], size: usize) -> Arc<dyn Table> {
    let columns = columns.iter().map(|&(data, len, period)| Column { data, len, period }).collect();
    let schema = Schema { name: "t".into(), key: KeyType::Integer, columns, brates_factor: 1 };
    let limits = Limits { size, expire: None, nopurge: false, srvkey: ServerName::Name };
    Arc::new(StickTable::new(schema, &limits))
}

#[test]
fn it_keeps_to_the_contract() {
    portero_conformance::table(&|schema, limits| Arc::new(StickTable::new(schema, limits)));
}

#[test]
fn no_event_on_a_hot_key_is_lost() {
    const THREADS: u64 = 8;
    const EACH: u64 = 20_000;
    let columns =
        [(Data::Gpc0, 1, 0), (Data::ConnCnt, 1, 0), (Data::ConnRate, 1, 3_600_000), (Data::ConnCur, 1, 0)];
    let table = table(&columns, 100_000);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let tracked = Tracked::begin(&table, Key::Integer(1)).expect("there is room");
                    tracked.entry().add(Data::Gpc0, 1);
                }
            });
        }
    });
    let entry = table.find(Key::Integer(1)).expect("it was made");
    let values = [Data::Gpc0, Data::ConnCnt, Data::ConnRate, Data::ConnCur].map(|data| entry.get(data));
    assert_eq!(values, [Some(THREADS * EACH), Some(THREADS * EACH), Some(THREADS * EACH), Some(0)]);
    assert_eq!((entry.trackers(), table.len()), (0, 1));
}

#[test]
fn many_threads_keep_a_full_table_at_its_size() {
    let table = table(&[], 5_000);
    thread::scope(|scope| {
        for part in 0..8u32 {
            let table = &table;
            scope.spawn(move || (0..5_000).for_each(|i| _ = table.enter(Key::Integer(part * 100_000 + i))));
        }
    });
    let mut seen = 0;
    table.walk(&mut |_| {
        seen += 1;
        std::ops::ControlFlow::Continue(())
    });
    assert!((4_900..=5_000).contains(&seen) && table.len() == seen, "{seen} of {}", table.len());
}

#[test]
fn a_table_that_becomes_smaller_shrinks_as_entries_come() {
    let table = table(&[], 100);
    (0..100).for_each(|key| _ = table.enter(Key::Integer(key)));
    table.set_limits(&Limits { size: 10, ..table.limits() });
    (100..250).for_each(|key| _ = table.enter(Key::Integer(key)));
    assert_eq!(table.len(), 10);
}
