//! gRPC calls and streams: there are none yet, and each asks for nothing more than to be told so.

use wasmtime::{FuncType, Linker, Val, ValType};

use super::{ENV, Status};
use crate::guest::Guest;

/// The functions, with how many numbers each takes.
const FUNCTIONS: [(&str, usize); 5] = [
    ("proxy_grpc_call", 12),
    ("proxy_grpc_stream", 9),
    ("proxy_grpc_send", 4),
    ("proxy_grpc_cancel", 1),
    ("proxy_grpc_close", 1),
];

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    for (name, takes) in FUNCTIONS {
        let ty = FuncType::new(linker.engine(), vec![ValType::I32; takes], [ValType::I32]);
        linker.func_new(ENV, name, ty, |_, _, results| {
            results[0] = Val::I32(Status::Unimplemented as i32);
            Ok(())
        })?;
    }
    Ok(())
}
