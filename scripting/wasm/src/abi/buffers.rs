//! Buffers: bodies, TCP data, the body of a call-out's answer, configurations, the arguments of a foreign function.

use portero_api::Direction;
use wasmtime::Linker;

use super::{Answer, Status, host};
use crate::guest::Guest;
use crate::memory::{self, Calling, give};

/// A buffer, by the number that the ABI has for it.
#[derive(Clone, Copy)]
enum Buffer {
    /// A body, or the data of a direction of TCP.
    Body(Direction),
    /// Of a call-out.
    Told,
    /// Of gRPC calls, which there are none of.
    Grpc,
    VmConfiguration,
    PluginConfiguration,
    CallData,
}

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_get_buffer_bytes", |caller, buffer, start, most, at, len| {
        let bytes = lend(caller.data_mut(), Buffer::of(buffer)?, |bytes| {
            let start = start as usize;
            let end = start.saturating_add(most as usize).min(bytes.len());
            bytes.get(start.min(end)..end).map(<[u8]>::to_vec)
        })?;
        match bytes {
            Some(bytes) => give(&mut caller, &bytes, at, len),
            None => Err(Status::BadArgument),
        }
    });
    host!(linker, "proxy_get_buffer_status", |caller, buffer, len, flags| {
        let length = lend(caller.data_mut(), Buffer::of(buffer)?, |bytes| bytes.len())?;
        memory::write_u32(&mut caller, len, length as u32)?;
        memory::write_u32(&mut caller, flags, 0)
    });
    host!(linker, "proxy_set_buffer_bytes", |caller, buffer, start, length, at, len| {
        let bytes = memory::copy(&caller, at, len)?;
        set(&mut caller, Buffer::of(buffer)?, (start, length), bytes)
    });
    host!(linker, "proxy_get_configuration", |caller, at, len| {
        let plan = caller.data().plan.clone();
        give(&mut caller, &plan.load.configuration, at, len)
    });
    Ok(())
}

impl Buffer {
    fn of(number: u32) -> Result<Buffer, Status> {
        Ok(match number {
            0 | 2 => Buffer::Body(Direction::Request),
            1 | 3 => Buffer::Body(Direction::Response),
            4 => Buffer::Told,
            5 => Buffer::Grpc,
            6 => Buffer::VmConfiguration,
            7 => Buffer::PluginConfiguration,
            8 => Buffer::CallData,
            _ => return Err(Status::BadArgument),
        })
    }
}

fn lend<T>(guest: &mut Guest, buffer: Buffer, look: impl FnOnce(&[u8]) -> T) -> Result<T, Status> {
    Ok(match buffer {
        Buffer::Body(direction) => look(&guest.stream()?.side(direction).body),
        Buffer::Told => look(&guest.told.body),
        Buffer::Grpc => return Err(Status::NotFound),
        Buffer::VmConfiguration => look(&guest.plan.load.vm_configuration),
        Buffer::PluginConfiguration => look(&guest.plan.load.configuration),
        Buffer::CallData => look(&guest.call_data),
    })
}

/// Replaces `length` bytes from `start` on: none at 0 puts bytes in front, any behind the end appends, all of them from 0
/// replace.
fn set(caller: &mut Calling<'_>, buffer: Buffer, (start, length): (u32, u32), bytes: Vec<u8>) -> Answer {
    let Buffer::Body(direction) = buffer else { return Err(Status::BadArgument) };
    let guest = caller.data_mut();
    let most = guest.plan.load.max_body;
    let body = &mut guest.stream()?.side(direction).body;
    let start = (start as usize).min(body.len());
    let end = start.saturating_add(length as usize).min(body.len());
    // what has come is there, however much that is
    if body.len() - (end - start) + bytes.len() > most.max(body.len()) {
        return Err(Status::BadArgument);
    }
    match (start, end) {
        (0, end) if end == body.len() => *body = bytes,
        _ => drop(body.splice(start..end, bytes)),
    }
    Ok(())
}
