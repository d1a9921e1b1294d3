//! Descriptors that the process was started with (`fd@3`). The one place of the daemon where `unsafe` is allowed:
//! nothing but the number says that the descriptor is ours.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// A descriptor of our own for an inherited listening socket.
pub fn listener(fd: i32) -> io::Result<OwnedFd> {
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
