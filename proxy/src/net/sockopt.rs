//! Options of TCP sockets that no safe crate knows. One of the two places of the daemon where `unsafe` is allowed.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Reads an option into `room`, and says how many bytes of it the system wrote.
pub(super) fn get(socket: BorrowedFd<'_>, option: i32, room: &mut [u8]) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(room.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the system writes at most `length` bytes, which is the length of `room`, and the length itself; both are
    // borrowed for the call. The descriptor is open as long as it is borrowed.
    #[allow(unsafe_code)]
    let result = unsafe {
        let room = room.as_mut_ptr().cast();
        libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, option, room, &raw mut length)
    };
    if result == 0 { Ok(length as usize) } else { Err(io::Error::last_os_error()) }
}

/// Sets an option that is a number.
pub(super) fn set(socket: BorrowedFd<'_>, option: i32, value: i32) -> io::Result<()> {
    // SAFETY: the system reads the four bytes of `value`, which lives as long as the call. The descriptor is open as long
    // as it is borrowed.
    #[allow(unsafe_code)]
    let result = unsafe {
        let value = (&raw const value).cast();
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            option,
            value,
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
