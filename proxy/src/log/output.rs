//! An open place that lines go to: a datagram socket, or a descriptor written as a stream.

use std::fs::OpenOptions;
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;

use rustix::fs::{FileType, OFlags};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketType, sendmmsg};

use super::lines::Lines;
use crate::config::checked::LogSink;
use crate::inherit;

/// Datagrams handed to the system in one call.
const BATCH: usize = 32;

/// POSIX's bound for writes to a pipe that do not mix with those of others, on Linux.
const PIPE_BUF: usize = 4096;

/// An open sink.
#[derive(Debug)]
pub(super) enum Output {
    /// Each line is a datagram on a connected socket.
    Datagrams(OwnedFd),
    /// Lines follow each other; so many bytes at the most in one call, if whole lines fit.
    Stream(OwnedFd, usize),
    /// The same on a stream socket.
    Socket(OwnedFd),
}

impl Output {
    /// Opens a sink.
    pub(super) fn open(sink: &LogSink) -> io::Result<Output> {
        match sink {
            LogSink::Udp(to) => {
                let any: SocketAddr = match to {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(to)?;
                Ok(Output::Datagrams(socket.into()))
            }
            LogSink::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Output::Datagrams(socket.into()))
            }
            LogSink::Stdout => Output::descriptor(io::stdout().as_fd().try_clone_to_owned()?),
            LogSink::Stderr => Output::descriptor(io::stderr().as_fd().try_clone_to_owned()?),
            LogSink::Descriptor(number) => Output::descriptor(inherit::copy(*number)?),
        }
    }

    fn descriptor(fd: OwnedFd) -> io::Result<Output> {
        Ok(match FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) {
            FileType::Socket => match rustix::net::sockopt::socket_type(&fd)? {
                SocketType::DGRAM => Output::Datagrams(fd),
                _ => Output::Socket(fd),
            },
            FileType::Fifo => Output::Stream(own_nonblocking(fd), PIPE_BUF),
            FileType::CharacterDevice => Output::Stream(own_nonblocking(fd), PIPE_BUF),
            _ => Output::Stream(fd, usize::MAX),
        })
    }

    /// Sends lines from the front without waiting; the number of bytes that went out, at least 1. Datagrams go as a
    /// whole, a stream may stop within a line.
    pub(super) fn send(&self, lines: &Lines) -> io::Result<usize> {
        match self {
            Output::Datagrams(fd) => send_datagrams(fd.as_fd(), lines),
            Output::Stream(fd, most) => Ok(rustix::io::write(fd, lines.front(*most))?),
            Output::Socket(fd) => {
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                Ok(rustix::net::send(fd, lines.front(usize::MAX), flags)?)
            }
        }
    }
}

fn send_datagrams(fd: BorrowedFd<'_>, lines: &Lines) -> io::Result<usize> {
    let count = lines.len().min(BATCH);
    let slices: [IoSlice<'_>; BATCH] =
        std::array::from_fn(|i| IoSlice::new(if i < count { lines.line(i) } else { &[] }));
    let mut controls: [SendAncillaryBuffer<'_, '_, '_>; BATCH] =
        std::array::from_fn(|_| SendAncillaryBuffer::default());
    let mut pairs = slices.iter().zip(&mut controls);
    let mut messages: [MMsgHdr<'_>; BATCH] = std::array::from_fn(|_| {
        let (slice, control) = pairs.next().expect("there are as many slices as messages");
        MMsgHdr::new(std::slice::from_ref(slice), control)
    });
    let sent = sendmmsg(fd, &mut messages[..count], SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?;
    Ok(lines.bytes_of(sent))
}

/// The same pipe or terminal, opened again so that not waiting is our own affair: the flag would else hold for every
/// process that shares the descriptor. What cannot be opened again is written to as it is.
fn own_nonblocking(fd: OwnedFd) -> OwnedFd {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    OpenOptions::new().write(true).custom_flags(flags).open(path).map_or(fd, OwnedFd::from)
}
