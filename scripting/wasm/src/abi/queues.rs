//! Shared queues: messages between instances, on whatever thread they are.

use wasmtime::Linker;

use super::{Answer, Status, host};
use crate::guest::Guest;
use crate::memory::{self, Calling, give, read};

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_register_shared_queue", |caller, name, name_len, at| {
        register(&mut caller, (name, name_len), at)
    });
    host!(linker, "proxy_resolve_shared_queue", |caller, vm_id, vm_id_len, name, name_len, at| {
        let (vm_id, name) = (read(&caller, vm_id, vm_id_len)?, read(&caller, name, name_len)?);
        let plan = &caller.data().plan;
        let vm_id = match vm_id {
            b"" => &plan.load.vm_id,
            other => std::str::from_utf8(other).map_err(|_| Status::NotFound)?,
        };
        let token = plan.spaces.resolve(vm_id, name).ok_or(Status::NotFound)?;
        memory::write_u32(&mut caller, at, token)
    });
    host!(linker, "proxy_enqueue_shared_queue", |caller, token, at, len| {
        let message = memory::copy(&caller, at, len)?;
        let queue = caller.data().plan.spaces.queue(token).ok_or(Status::NotFound)?;
        queue.push(token, message).map_err(|_full| Status::InternalFailure)
    });
    host!(linker, "proxy_dequeue_shared_queue", |caller, token, at, len| {
        let queue = caller.data().plan.spaces.queue(token).ok_or(Status::NotFound)?;
        let message = queue.pop().ok_or(Status::Empty)?;
        give(&mut caller, &message, at, len)
    });
    Ok(())
}

/// The instance that registers last is told of messages; one that only checks a configuration never is.
fn register(caller: &mut Calling<'_>, (name, len): (u32, u32), at: u32) -> Answer {
    let name = read(caller, name, len)?;
    let guest = caller.data();
    let registered = guest.plan.spaces.register(&guest.plan.space, name);
    let (token, queue) = registered.map_err(|_full| Status::InternalFailure)?;
    if let Some(bell) = &guest.bell {
        queue.listen(token, bell);
    }
    memory::write_u32(caller, at, token)
}
