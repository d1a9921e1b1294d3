//! How listening sockets are opened, with the options of their bind line.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::config::checked::Bind;
use crate::net::keep_first_packets;

/// Opens the sockets of an address, one per worker.
pub(super) fn ip(addr: SocketAddr, bind: &Bind, workers: usize) -> io::Result<Vec<OwnedFd>> {
    let first = ip_socket(addr, bind)?;
    // port 0: the system chooses for the first socket, the others follow
    let real = first.local_addr()?.as_socket().unwrap_or(addr);
    let mut sockets = vec![first];
    for _ in 1..workers {
        sockets.push(ip_socket(real, bind)?);
    }
    Ok(sockets.into_iter().map(OwnedFd::from).collect())
}

/// Connections that may wait to be accepted.
pub(super) fn backlog(bind: &Bind) -> i32 {
    bind.backlog.map_or(4096, |b| b.min(65_535) as i32)
}

/// Opens a unix socket in the place of what was at its path.
pub(super) fn unix(path: &Path, bind: &Bind) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    socket.bind(&SockAddr::unix(path)?)?;
    set_rights(path, bind)?;
    socket.listen(backlog(bind))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Sets owner and mode of a unix socket.
pub(super) fn set_rights(path: &Path, bind: &Bind) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if let Some(mode) = bind.unix_mode {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    if bind.unix_uid.is_some() || bind.unix_gid.is_some() {
        std::os::unix::fs::chown(path, bind.unix_uid, bind.unix_gid)?;
    }
    Ok(())
}

/// Opens a unix socket in the abstract name space.
pub(super) fn abstract_name(name: &[u8], bind: &Bind) -> io::Result<OwnedFd> {
    use std::os::linux::net::SocketAddrExt;
    let addr = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    let listener = std::os::unix::net::UnixListener::bind_addr(&addr)?;
    listener.set_nonblocking(true)?;
    let socket = Socket::from(listener);
    socket.listen(backlog(bind))?;
    Ok(socket.into())
}

fn ip_socket(addr: SocketAddr, bind: &Bind) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    if addr.is_ipv6()
        && let Some(only) = bind.v6only
    {
        socket.set_only_v6(only)?;
    }
    if let Some(name) = &bind.interface {
        socket.bind_device(Some(name.as_bytes()))?;
    }
    if let Some(mss) = bind.mss {
        socket.set_tcp_mss(mss)?;
    }
    if bind.save_syn > 0 {
        keep_first_packets(&socket, bind.save_syn)?;
    }
    if bind.transparent {
        match addr {
            SocketAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
            SocketAddr::V6(_) => socket.set_ip_transparent_v6(true)?,
        }
    }
    socket.bind(&addr.into())?;
    socket.listen(backlog(bind))?;
    Ok(socket)
}
