//! The guest's memory. What a host function allocates there may move all of it: nothing of it is kept across a call.

use wasmtime::Caller;

use crate::abi::Status;
use crate::guest::Guest;

/// The guest that calls a host function.
pub(crate) type Calling<'a> = Caller<'a, Guest>;

/// Bytes of the guest.
///
/// # Errors
///
/// They are not in its memory.
pub(crate) fn read<'a>(caller: &'a Calling<'_>, at: u32, len: u32) -> Result<&'a [u8], Status> {
    let memory = caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
    Bytes(memory.data(caller)).read(at, len)
}

/// The same, as a copy.
///
/// # Errors
///
/// They are not in its memory.
pub(crate) fn copy(caller: &Calling<'_>, at: u32, len: u32) -> Result<Vec<u8>, Status> {
    read(caller, at, len).map(<[u8]>::to_vec)
}

/// The guest's memory, to be read while what belongs to the guest is changed.
pub(crate) struct Bytes<'a>(&'a [u8]);

/// The memory, and what host functions know.
///
/// # Errors
///
/// The guest has none.
pub(crate) fn with_guest<'a>(caller: &'a mut Calling<'_>) -> Result<(Bytes<'a>, &'a mut Guest), Status> {
    let memory = caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
    let (bytes, guest) = memory.data_and_store_mut(caller);
    Ok((Bytes(bytes), guest))
}

impl<'a> Bytes<'a> {
    /// As [`read`].
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn read(&self, at: u32, len: u32) -> Result<&'a [u8], Status> {
        let start = at as usize;
        self.0.get(start..start + len as usize).ok_or(Status::InvalidMemoryAccess)
    }
}

/// Overwrites bytes of the guest.
///
/// # Errors
///
/// They are not in its memory.
pub(crate) fn write(caller: &mut Calling<'_>, at: u32, bytes: &[u8]) -> Result<(), Status> {
    let memory = caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
    put(memory.data_mut(caller), at, bytes)
}

/// Overwrites a number of the guest.
///
/// # Errors
///
/// It is not in its memory.
pub(crate) fn write_u32(caller: &mut Calling<'_>, at: u32, number: u32) -> Result<(), Status> {
    write(caller, at, &number.to_le_bytes())
}

/// Hands bytes over in a block that the guest allocates and then owns, and writes where they are and how many: 0 and 0
/// for none.
///
/// # Errors
///
/// The guest does not allocate, or does so outside of its memory.
pub(crate) fn give(caller: &mut Calling<'_>, bytes: &[u8], at: u32, len: u32) -> Result<(), Status> {
    let size = u32::try_from(bytes.len()).map_err(|_| Status::InternalFailure)?;
    let block = if size == 0 { 0 } else { allocate(caller, size)? };
    let memory = caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
    let memory = memory.data_mut(caller);
    put(memory, block, bytes)?;
    put(memory, at, &block.to_le_bytes())?;
    put(memory, len, &size.to_le_bytes())
}

/// A block that the guest has allocated.
fn allocate(caller: &mut Calling<'_>, size: u32) -> Result<u32, Status> {
    let allocate = caller.data().allocate.clone().ok_or(Status::InvalidMemoryAccess)?;
    let block = allocate.call(&mut *caller, size).map_err(|trap| {
        let guest = caller.data_mut();
        (guest.trapped, guest.looks_back) = (Some(trap), true);
        Status::InternalFailure
    })?;
    if block == 0 { Err(Status::InternalFailure) } else { Ok(block) }
}

fn put(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), Status> {
    let at = at as usize;
    let place = memory.get_mut(at..at + bytes.len());
    place.ok_or(Status::InvalidMemoryAccess)?.copy_from_slice(bytes);
    Ok(())
}
