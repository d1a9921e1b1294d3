//! Descriptors that the process was started with (`fd@3`). One of the two places of the daemon where `unsafe` is allowed:
//! nothing but the number says that the descriptor is ours.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};

/// Takes an inherited listening socket; its number is given back to the system. A copy that stayed open would let
/// clients in, by the kernel, long after the last worker has stopped accepting.
pub fn take(fd: i32) -> io::Result<OwnedFd> {
    let ours = copy(fd)?;
    // SAFETY: the number was open a moment ago, and came from outside: nobody else in this process owns it. Sockets are
    // kept by number, so that it is taken once.
    #[allow(unsafe_code)]
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    Ok(ours)
}

/// A descriptor of our own for an inherited one, which stays open.
pub fn copy(fd: i32) -> io::Result<OwnedFd> {
    // a number that names no open descriptor is refused by the system when it is duplicated
    if fd < 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the descriptor is only borrowed for the call that duplicates it, and is not -1; if it is not open the
    // call fails and nothing else is touched.
    #[allow(unsafe_code)]
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    borrowed.try_clone_to_owned()
}
