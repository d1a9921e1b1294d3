//! Envoy's foreign functions. Where they take more than bytes it is a message of protobuf (`protobuf`), as described in
//! `source/extensions/common/wasm/ext` of Envoy's sources.

use super::{Row, protobuf};
use crate::abi::Status;
use crate::abi::properties::state::{self, Declared};
use crate::memory::Calling;
use crate::settings::Level;

/// The functions.
pub(super) const ROWS: &[Row] = &[
    // the route follows from rules, which are asked once: there is nothing to forget
    Row { name: "clear_route_cache", call: |_, _| Ok(Vec::new()) },
    Row { name: "compress", call: |_, bytes| Ok(miniz_oxide::deflate::compress_to_vec_zlib(bytes, LEVEL)) },
    Row { name: "uncompress", call: uncompress },
    Row { name: "set_envoy_filter_state", call: set_filter_state },
    Row { name: "declare_property", call: declare_property },
];

/// zlib's usual level.
const LEVEL: u8 = 6;

/// Unpacks a zlib stream (RFC 1950) that is no larger than the memory that the guest could take it into.
fn uncompress(caller: &mut Calling<'_>, bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let most = caller.data().plan.load.max_memory;
    let unpacked = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(bytes, most);
    unpacked.map_err(|_| Status::SerializationFailure)
}

/// Sets what others see: a path and a value. What Envoy itself would act on is refused by name, for nobody acts on it here.
fn set_filter_state(caller: &mut Calling<'_>, message: &[u8]) -> Result<Vec<u8>, Status> {
    let message = protobuf::read(message).ok_or(Status::BadArgument)?;
    let (path, value) = (message.bytes(1), message.bytes(2));
    if path.starts_with(b"envoy.") && path != b"envoy.string" {
        let name = String::from_utf8_lossy(path);
        let line = format!("nobody acts on the filter state '{name}' of Envoy");
        caller.data().log(Level::Warn, line.as_bytes());
        return Err(Status::NotFound);
    }
    state::set(caller.data_mut(), path, value.to_vec())?;
    Ok(Vec::new())
}

/// Says how a property is set: name, read-only, type, schema, life span.
fn declare_property(caller: &mut Calling<'_>, message: &[u8]) -> Result<Vec<u8>, Status> {
    const OF_CONNECTION: u64 = 2;
    let message = protobuf::read(message).ok_or(Status::BadArgument)?;
    let declared =
        Declared { readonly: message.number(2) != 0, of_connection: message.number(5) == OF_CONNECTION };
    state::declare(caller.data_mut(), message.bytes(1), declared)?;
    Ok(Vec::new())
}
