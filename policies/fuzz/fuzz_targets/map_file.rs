//! No bytes make the reader of map files panic; what it gives is part of the file, and reads the same when written anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero_policies::maps::{Columns, entries};

fuzz_target!(|data: &[u8]| {
    for columns in [Columns::Key, Columns::KeyAndValue] {
        let all: Vec<_> = entries(data, columns).collect();
        assert!(all.is_sorted_by(|(a, ..), (b, ..)| a < b), "an entry is a line");
        let mut written = Vec::new();
        for (_, key, value) in &all {
            assert!(!key.is_empty() && !key.contains(&b'\n'));
            assert_eq!(value.is_some(), columns == Columns::KeyAndValue);
            // a blank in front: a key may begin with '#' where the line does not
            written.push(b' ');
            written.extend_from_slice(key);
            written.push(b' ');
            written.extend_from_slice(value.unwrap_or_default());
            written.extend_from_slice(b"\r\n");
        }
        if columns == Columns::KeyAndValue {
            let again: Vec<_> = entries(&written, columns).map(|(_, key, value)| (key, value)).collect();
            let before: Vec<_> = all.iter().map(|&(_, key, value)| (key, value)).collect();
            assert_eq!(again, before);
        }
    }
});
