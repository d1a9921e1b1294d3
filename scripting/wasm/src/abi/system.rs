//! Log, time, ticks, contexts: what has to do with the instance.

use std::time::{SystemTime, UNIX_EPOCH};

use portero_api::clock;
use wasmtime::Linker;

use super::{Answer, Status, host};
use crate::guest::{Guest, ROOT};
use crate::memory::{self, Calling, give, read};
use crate::settings::Level;

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_log", |caller, level, at, len| {
        let level = Level::from_number(level as i32).ok_or(Status::BadArgument)?;
        log(&caller, level, read(&caller, at, len)?);
        Ok(())
    });
    host!(linker, "proxy_get_log_level", |caller, at| {
        let level = caller.data().plan.load.log_level;
        memory::write_u32(&mut caller, at, level as u32)
    });
    host!(linker, "proxy_get_current_time_nanoseconds", |caller, at| {
        memory::write(&mut caller, at, &nanoseconds(clock::date()).to_le_bytes())
    });
    host!(linker, "proxy_set_tick_period_milliseconds", |caller, period| {
        let guest = caller.data_mut();
        (guest.tick, guest.tick_is_set) = (period, true);
        Ok(())
    });
    host!(linker, "proxy_set_effective_context", |caller, context| {
        let guest = caller.data_mut();
        if context != ROOT && guest.streams.get(context).is_none() {
            return Err(Status::BadArgument);
        }
        guest.effective = context;
        Ok(())
    });
    host!(linker, "proxy_done", |caller| done(&mut caller));
    host!(linker, "proxy_get_status", |caller, code, at, len| {
        let (status, text) = caller.data().status;
        memory::write_u32(&mut caller, code, status)?;
        give(&mut caller, text.as_bytes(), at, len)
    });
    Ok(())
}

/// Writes a line of the guest's, when its level is logged.
pub(super) fn log(caller: &Calling<'_>, level: Level, text: &[u8]) {
    caller.data().log(level, text);
}

/// Nanoseconds since 1970.
pub(crate) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The guest is done with a context that it wanted to keep; the seat ends it behind this call.
fn done(caller: &mut Calling<'_>) -> Answer {
    let guest = caller.data_mut();
    let context = guest.context();
    let lingers = match context {
        ROOT => guest.lingers,
        stream => guest.streams.get(stream).is_some_and(|stream| stream.lingers),
    };
    if !lingers || guest.finished.contains(&context) {
        return Err(Status::NotFound);
    }
    guest.finished.push(context);
    Ok(())
}
