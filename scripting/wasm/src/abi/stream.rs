//! What a guest does with its stream: lets it go on, ends it, answers in the place of the server.

use portero_api::{Direction, Message, Reply};
use wasmtime::Linker;

use super::{Answer, Status, headers, host};
use crate::guest::Guest;
use crate::memory::{self, Calling};
use crate::pairs;

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_continue_stream", |caller, which| {
        // downstream data goes with requests, upstream data with responses
        match which {
            0 | 2 => resume(&mut caller, Direction::Request),
            1 | 3 => resume(&mut caller, Direction::Response),
            _ => Err(Status::BadArgument),
        }
    });
    host!(linker, "proxy_continue_request", |caller| resume(&mut caller, Direction::Request));
    host!(linker, "proxy_continue_response", |caller| resume(&mut caller, Direction::Response));
    host!(linker, "proxy_close_stream", |caller, which| {
        if which > 3 {
            return Err(Status::BadArgument);
        }
        let stream = caller.data_mut().stream()?;
        stream.closed = true;
        stream.wake();
        Ok(())
    });
    // the route follows from rules, which are asked once: there is nothing to forget
    host!(linker, "proxy_clear_route_cache", |_caller| Ok(()));
    host!(
        linker,
        "proxy_send_local_response",
        |caller, status, _details, _details_len, body, body_len, fields, fields_len, _grpc_status| {
            let body = memory::copy(&caller, body, body_len)?;
            let fields = memory::copy(&caller, fields, fields_len)?;
            reply(&mut caller, status, body, &fields)
        }
    );
    Ok(())
}

fn resume(caller: &mut Calling<'_>, direction: Direction) -> Answer {
    caller.data_mut().stream()?.resume(direction);
    Ok(())
}

fn reply(caller: &mut Calling<'_>, status: u32, body: Vec<u8>, fields: &[u8]) -> Answer {
    let status = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
    let mut message = Message::new(status.ok_or(Status::BadArgument)?);
    message.body = body.into();
    for (name, value) in pairs::read(fields).ok_or(Status::BadArgument)? {
        headers::check(name, value)?;
        // the status is said already, and the length follows from the body
        if !name.starts_with(b":") && !name.eq_ignore_ascii_case(b"content-length") {
            message = message.header(name, value);
        }
    }
    let stream = caller.data_mut().stream()?;
    // the first reply holds
    stream.reply.get_or_insert(Reply::Message(Box::new(message)));
    stream.wake();
    Ok(())
}
