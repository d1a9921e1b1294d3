//! No bytes of a guest make the reader of protobuf messages panic; fields that are written are read back.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/abi/foreign/protobuf.rs"]
mod protobuf;

fuzz_target!(|bytes: &[u8]| {
    let Some(message) = protobuf::read(bytes) else { return };
    let mut writer = protobuf::Writer::default();
    for field in 1..20 {
        writer.bytes(field, message.bytes(field));
        writer.bool(field + 20, message.number(field) != 0);
    }
    let written = writer.into_bytes();
    let again = protobuf::read(&written).expect("what is written is well-formed");
    for field in 1..20 {
        assert_eq!(again.bytes(field), message.bytes(field));
        assert_eq!(again.number(field + 20) != 0, message.number(field) != 0);
    }
});
