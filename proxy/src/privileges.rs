//! What the process is allowed to: descriptors at the start, and rights that it gives up once its sockets are open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::checked::{Checked, Global};
use crate::daemon::Limits;

/// Descriptors of the process beside those of connections, sockets and threads: standard streams, logs, signals, the
/// runtime API.
const SPARE: u64 = 24;

/// Descriptors of a worker: its event loop, its wake-ups, its log sockets.
const PER_WORKER: u64 = 8;

/// The most descriptors that are asked for where nothing says how many connections there will be.
const MANY: u64 = 1 << 20;

/// Raises the limit of open files to what `maxconn` needs, or what the memory of `-m` holds: two for each connection.
pub fn raise_descriptor_limit(checked: &Checked, limits: &Limits) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(u64::MAX);
    let connections = match checked.global.maxconn {
        0 => limits.megabytes.map(|megabytes| in_memory(checked, megabytes)),
        max => Some(max.into()),
    };
    let wanted = connections.map_or(hard.min(MANY), |n| n * 2 + needed(checked, threads()));
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

/// Open files at the most.
pub fn descriptor_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(MANY)
}

/// Client connections at the most where the configuration sets no limit: what open files allow, and what the memory
/// of `-m` holds (HAProxy manual, `maxconn` of the global section).
pub fn default_maxconn(checked: &Checked, workers: usize, limits: &Limits) -> u32 {
    let files = descriptor_limit().saturating_sub(needed(checked, workers as u64)) / 2;
    let most = limits.megabytes.map_or(files, |m| files.min(in_memory(checked, m)));
    most.clamp(1, u32::MAX.into()) as u32
}

/// Connections that so much memory holds: each has two buffers, and what else is known of it.
fn in_memory(checked: &Checked, megabytes: u32) -> u64 {
    let one = (2 * checked.global.bufsize + 4096) as u64;
    two_digits((u64::from(megabytes) << 20) / one)
}

fn threads() -> u64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

/// Descriptors that are needed beside those of connections.
fn needed(checked: &Checked, workers: u64) -> u64 {
    let binds: usize = checked.proxies.iter().map(|p| p.binds.len()).sum();
    let probes: usize =
        checked.proxies.iter().map(|p| p.servers.iter().filter(|s| s.check.is_some()).count()).sum();
    // each worker has its own socket of an address, and the manager keeps one
    SPARE + (binds as u64) * 2 * workers + PER_WORKER * (workers + 1) + probes as u64
}

/// Rounded to two digits: the number is an estimate and should look like one.
fn two_digits(number: u64) -> u64 {
    let unit = 10u64.pow(number.max(1).ilog10().saturating_sub(1));
    (number + unit / 2) / unit * unit
}

/// `chroot`, then `group`, then `user`. Called while the process has one thread: the others inherit.
pub fn drop_rights(global: &Global) -> Result<(), String> {
    if let Some(path) = &global.chroot {
        let locked = rustix::process::chroot(path).and_then(|()| rustix::process::chdir("/"));
        locked.map_err(|e| format!("cannot chroot to '{}': {e}", path.display()))?;
    }
    if let Some(gid) = global.gid {
        let gid = rustix::process::Gid::from_raw(gid);
        let set =
            rustix::thread::set_thread_groups(&[gid]).and_then(|()| rustix::thread::set_thread_gid(gid));
        set.map_err(|e| format!("cannot become group {}: {e}", gid.as_raw()))?;
    }
    if let Some(uid) = global.uid {
        let uid = rustix::process::Uid::from_raw(uid);
        rustix::thread::set_thread_uid(uid)
            .map_err(|e| format!("cannot become user {}: {e}", uid.as_raw()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_have_two_digits() {
        assert_eq!([7281, 29_127, 10_922, 99, 5].map(two_digits), [7300, 29_000, 11_000, 99, 5]);
    }
}
