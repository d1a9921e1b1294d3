//! gRPC calls and streams: there are none yet, and each asks for nothing more than to be told so.

use wasmtime::Linker;

use super::{Status, host};
use crate::guest::Guest;

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_grpc_call", |_caller,
                                      _to,
                                      _to_len,
                                      _service,
                                      _service_len,
                                      _method,
                                      _method_len,
                                      _meta,
                                      _meta_len,
                                      _body,
                                      _body_len,
                                      _timeout,
                                      _token| Err(
        Status::Unimplemented
    ));
    host!(linker, "proxy_grpc_stream", |_caller,
                                        _to,
                                        _to_len,
                                        _service,
                                        _service_len,
                                        _method,
                                        _method_len,
                                        _meta,
                                        _meta_len,
                                        _token| Err(
        Status::Unimplemented
    ));
    host!(linker, "proxy_grpc_send", |_caller, _token, _message, _message_len, _end| Err(
        Status::Unimplemented
    ));
    host!(linker, "proxy_grpc_cancel", |_caller, _token| Err(Status::Unimplemented));
    host!(linker, "proxy_grpc_close", |_caller, _token| Err(Status::Unimplemented));
    Ok(())
}
