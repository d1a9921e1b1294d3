//! WASI preview 1, as far as the runtimes of languages need it: clock, random numbers, the two outputs as log lines, an
//! environment that the configuration gives. There are no files, no sockets and no arguments.

use std::fmt;
use std::sync::OnceLock;
use std::time::Instant;

use portero_api::clock;
use wasmtime::{FuncType, Linker, Module, Val};

use crate::abi::nanoseconds;
use crate::guest::Guest;
use crate::memory::{self, Calling, read, write, write_u32};
use crate::settings::Level;

/// The names of the module that functions live in: today's, and the one of old compilers.
const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The answer of a function (`errno` of WASI).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errno {
    Success = 0,
    BadFile = 8,
    Fault = 21,
    Io = 29,
    NoEntry = 44,
    NoSystem = 52,
    NotSupported = 58,
}

type Outcome = Result<(), Errno>;

/// The functions that always answer the same.
const FIXED: &[(&str, Errno)] = &[
    ("args_get", Errno::Success),
    ("fd_advise", Errno::NoSystem),
    ("fd_allocate", Errno::NoSystem),
    ("fd_close", Errno::NoSystem),
    ("fd_datasync", Errno::NoSystem),
    ("fd_fdstat_set_flags", Errno::NoSystem),
    ("fd_fdstat_set_rights", Errno::NoSystem),
    ("fd_filestat_get", Errno::BadFile),
    ("fd_filestat_set_size", Errno::NoSystem),
    ("fd_filestat_set_times", Errno::NoSystem),
    ("fd_pread", Errno::NoSystem),
    // Go looks for folders until it is told so
    ("fd_prestat_get", Errno::BadFile),
    ("fd_prestat_dir_name", Errno::NoSystem),
    ("fd_pwrite", Errno::NoSystem),
    ("fd_read", Errno::NoSystem),
    ("fd_readdir", Errno::NoSystem),
    ("fd_renumber", Errno::NoSystem),
    ("fd_seek", Errno::NoSystem),
    ("fd_sync", Errno::NoSystem),
    ("fd_tell", Errno::NoSystem),
    ("path_create_directory", Errno::NoSystem),
    ("path_filestat_get", Errno::NoEntry),
    ("path_filestat_set_times", Errno::NoSystem),
    ("path_link", Errno::NoSystem),
    ("path_open", Errno::NoEntry),
    ("path_readlink", Errno::NoSystem),
    ("path_remove_directory", Errno::NoSystem),
    ("path_rename", Errno::NoSystem),
    ("path_symlink", Errno::NoSystem),
    ("path_unlink_file", Errno::NoSystem),
    // a guest must not sleep: it runs on the thread of all others
    ("poll_oneoff", Errno::NotSupported),
    ("proc_raise", Errno::NoSystem),
    ("sched_yield", Errno::Success),
    ("sock_accept", Errno::NoSystem),
    ("sock_recv", Errno::NoSystem),
    ("sock_send", Errno::NoSystem),
    ("sock_shutdown", Errno::NoSystem),
];

/// The longest line that waits for its end.
const LINE: usize = 4096;

/// The guest has ended itself (`proc_exit`).
#[derive(Debug)]
struct Exit(u32);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it has ended itself with code {} (proc_exit)", self.0)
    }
}

impl std::error::Error for Exit {}

/// True for the end of a program that says that it went well.
pub(crate) fn ended_well(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref(), Some(Exit(0)))
}

/// Writes the begun lines of a guest's outputs, behind which nothing comes for now.
pub(crate) fn flush(guest: &mut Guest) {
    for (output, level) in [(0, Level::Info), (1, Level::Error)] {
        if !guest.outputs[output].is_empty() {
            let line = std::mem::take(&mut guest.outputs[output]);
            guest.log(level, &line);
        }
    }
}

/// Adds the functions that a module imports.
///
/// # Errors
///
/// wasmtime's, of two functions with one name.
pub(crate) fn link(linker: &mut Linker<Guest>, module: &Module) -> wasmtime::Result<()> {
    for wasi in MODULES {
        outputs(linker, wasi)?;
        surroundings(linker, wasi)?;
    }
    for import in module.imports().filter(|import| MODULES.contains(&import.module())) {
        let fixed = FIXED.iter().find(|(name, _)| *name == import.name());
        // what compilers make of 64 bits differs: the module knows what it calls
        let ty = import.ty().func().filter(|ty| gives_a_number(ty)).cloned();
        let (Some((name, errno)), Some(ty)) = (fixed, ty) else { continue };
        linker.func_new(import.module(), name, ty, move |_, _, results| {
            results.iter_mut().for_each(|result| *result = Val::I32(*errno as i32));
            Ok(())
        })?;
    }
    Ok(())
}

fn gives_a_number(ty: &FuncType) -> bool {
    ty.results().len() == 1 && ty.results().all(|result| result.is_i32())
}

fn outputs(linker: &mut Linker<Guest>, wasi: &str) -> wasmtime::Result<()> {
    let fd_write = |mut caller: Calling<'_>, file: u32, slices: u32, count: u32, at: u32| {
        number(fd_write(&mut caller, file, (slices, count), at))
    };
    linker.func_wrap(wasi, "fd_write", fd_write)?;
    linker.func_wrap(wasi, "fd_fdstat_get", |mut caller: Calling<'_>, file: u32, at: u32| {
        number(stat(&mut caller, file, at))
    })?;
    linker.func_wrap(wasi, "proc_exit", |_: Calling<'_>, code: u32| -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(Exit(code)))
    })?;
    Ok(())
}

fn surroundings(linker: &mut Linker<Guest>, wasi: &str) -> wasmtime::Result<()> {
    linker.func_wrap(wasi, "args_sizes_get", |mut caller: Calling<'_>, count: u32, size: u32| {
        number(pair(&mut caller, (count, 0), (size, 0)))
    })?;
    linker.func_wrap(wasi, "environ_sizes_get", |mut caller: Calling<'_>, count: u32, size: u32| {
        let all = environment(&caller);
        let bytes: usize = all.iter().map(Vec::len).sum();
        number(pair(&mut caller, (count, all.len()), (size, bytes)))
    })?;
    linker.func_wrap(wasi, "environ_get", |mut caller: Calling<'_>, list: u32, bytes: u32| {
        number(give_environment(&mut caller, list, bytes))
    })?;
    linker.func_wrap(wasi, "clock_res_get", |mut caller: Calling<'_>, clock: u32, at: u32| {
        number(now(clock).and_then(|_| put(&mut caller, at, &1u64.to_le_bytes())))
    })?;
    linker.func_wrap(
        wasi,
        "clock_time_get",
        |mut caller: Calling<'_>, clock: u32, _precision: u64, at: u32| {
            number(now(clock).and_then(|time| put(&mut caller, at, &time.to_le_bytes())))
        },
    )?;
    linker.func_wrap(wasi, "random_get", |mut caller: Calling<'_>, at: u32, len: u32| {
        number(random(&mut caller, at, len))
    })?;
    Ok(())
}

fn number(outcome: Outcome) -> u32 {
    outcome.err().unwrap_or(Errno::Success) as u32
}

/// Takes what the guest writes: its output is the log, line by line.
fn fd_write(caller: &mut Calling<'_>, file: u32, (slices, count): (u32, u32), at: u32) -> Outcome {
    let (output, level) = match file {
        1 => (0, Level::Info),
        2 => (1, Level::Error),
        _ => return Err(Errno::BadFile),
    };
    let mut written: u32 = 0;
    for slice in 0..count {
        let entry = slices.checked_add(slice * 8).ok_or(Errno::Fault)?;
        let (start, len) = (get_u32(caller, entry)?, get_u32(caller, entry.saturating_add(4))?);
        let bytes = memory::copy(caller, start, len).map_err(|_| Errno::Fault)?;
        written = written.checked_add(len).ok_or(Errno::Fault)?;
        append(caller.data_mut(), output, level, &bytes);
    }
    put(caller, at, &written.to_le_bytes())
}

/// Logs whole lines, and keeps what is begun.
fn append(guest: &mut Guest, output: usize, level: Level, bytes: &[u8]) {
    let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        guest.outputs[output].extend_from_slice(line);
        guest.looks_back = true;
        let ended = lines.peek().is_some();
        if ended || guest.outputs[output].len() >= LINE {
            let line = std::mem::take(&mut guest.outputs[output]);
            guest.log(level, &line);
        }
    }
}

/// What an open file is: the outputs are terminals, so that libraries write line by line.
fn stat(caller: &mut Calling<'_>, file: u32, at: u32) -> Outcome {
    const TERMINAL: u8 = 2;
    const MAY_WRITE: u8 = 1 << 6;
    if !matches!(file, 1 | 2) {
        return Err(Errno::BadFile);
    }
    let mut stat = [0; 24];
    (stat[0], stat[8]) = (TERMINAL, MAY_WRITE);
    put(caller, at, &stat)
}

/// The variables as a guest sees them: `NAME=VALUE` and a NUL.
fn environment(caller: &Calling<'_>) -> Vec<Vec<u8>> {
    let all = &caller.data().plan.load.environment;
    all.iter().map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn give_environment(caller: &mut Calling<'_>, mut list: u32, mut bytes: u32) -> Outcome {
    for variable in environment(caller) {
        put(caller, list, &bytes.to_le_bytes())?;
        put(caller, bytes, &variable)?;
        list = list.saturating_add(4);
        bytes = bytes.saturating_add(variable.len() as u32);
    }
    Ok(())
}

/// Nanoseconds of a clock: 0 is the date, 1 goes on evenly; those of processes are not there.
fn now(which: u32) -> Result<u64, Errno> {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    match which {
        0 => Ok(nanoseconds(clock::date())),
        1 => {
            let now = clock::now();
            let since = now.saturating_duration_since(*BEGUN.get_or_init(|| now));
            // no guest takes 0 for a moment
            Ok(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).saturating_add(1))
        }
        _ => Err(Errno::NotSupported),
    }
}

fn random(caller: &mut Calling<'_>, at: u32, len: u32) -> Outcome {
    // the guest's memory bounds how many there can be
    let mut bytes = read(caller, at, len).map_err(|_| Errno::Fault)?.to_vec();
    getrandom::getrandom(&mut bytes).map_err(|_| Errno::Io)?;
    put(caller, at, &bytes)
}

fn pair(caller: &mut Calling<'_>, first: (u32, usize), second: (u32, usize)) -> Outcome {
    write_u32(caller, first.0, first.1 as u32).map_err(|_| Errno::Fault)?;
    write_u32(caller, second.0, second.1 as u32).map_err(|_| Errno::Fault)
}

fn get_u32(caller: &Calling<'_>, at: u32) -> Result<u32, Errno> {
    let bytes = read(caller, at, 4).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(u32::from_le_bytes).ok_or(Errno::Fault)
}

fn put(caller: &mut Calling<'_>, at: u32, bytes: &[u8]) -> Outcome {
    write(caller, at, bytes).map_err(|_| Errno::Fault)
}

#[cfg(test)]
mod tests;
