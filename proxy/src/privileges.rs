//! What the process is allowed to: descriptors at the start, and rights that it gives up once its sockets are open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::checked::{Checked, Global};

/// Descriptors beside those of connections: sockets, logs, event loops.
const SPARE: u64 = 256;

/// Raises the limit of open files to what `maxconn` needs: two for each connection.
pub fn raise_descriptor_limit(checked: &Checked) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(u64::MAX);
    let wanted = match checked.global.maxconn {
        0 => hard.min(1 << 20),
        max => u64::from(max) * 2 + SPARE,
    };
    if limit.current.is_none_or(|now| now >= wanted) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|m| m.max(wanted));
    if setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok() {
        return Ok(());
    }
    // no right to more than the hard limit: as many as it allows
    let current = Some(wanted.min(hard));
    let result = setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum });
    tracing::warn!(wanted, limit = hard, "fewer open files are allowed than maxconn may need");
    result.map_err(|e| format!("cannot raise the limit of open files: {e}"))
}

/// `chroot`, then `group`, then `user`. Called while the process has one thread: the others inherit.
pub fn drop_rights(global: &Global) -> Result<(), String> {
    if let Some(path) = &global.chroot {
        let locked = rustix::process::chroot(path).and_then(|()| rustix::process::chdir("/"));
        locked.map_err(|e| format!("cannot chroot to '{}': {e}", path.display()))?;
    }
    if let Some(gid) = global.gid {
        let gid = rustix::process::Gid::from_raw(gid);
        let set = rustix::thread::set_thread_groups(&[gid]).and_then(|()| rustix::thread::set_thread_gid(gid));
        set.map_err(|e| format!("cannot become group {}: {e}", gid.as_raw()))?;
    }
    if let Some(uid) = global.uid {
        let uid = rustix::process::Uid::from_raw(uid);
        rustix::thread::set_thread_uid(uid).map_err(|e| format!("cannot become user {}: {e}", uid.as_raw()))?;
    }
    Ok(())
}
