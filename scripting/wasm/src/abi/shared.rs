//! Shared data: what all instances with one `vm_id` read and set.

use wasmtime::Linker;

use super::{Status, host};
use crate::guest::Guest;
use crate::memory::{self, give, read};
use crate::space::Unset;

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_get_shared_data", |caller, key, key_len, at, len, number| {
        let key = read(&caller, key, key_len)?;
        let (value, change) = caller.data().plan.space.data.get(key).ok_or(Status::NotFound)?;
        give(&mut caller, &value, at, len)?;
        memory::write_u32(&mut caller, number, change)
    });
    host!(linker, "proxy_set_shared_data", |caller, key, key_len, value, value_len, number| {
        let (key, value) = (read(&caller, key, key_len)?, read(&caller, value, value_len)?);
        caller.data().plan.space.data.set(key, value, number).map_err(|unset| match unset {
            Unset::Changed => Status::CasMismatch,
            Unset::Full => Status::InternalFailure,
        })
    });
    Ok(())
}
