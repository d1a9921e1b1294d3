//! Serving: from the configuration to the end of the process.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::LocalSet;

use super::args::Options;
use super::check;
use crate::config::checked::{Bind, Checked};
use crate::config::{environment, load};
use crate::daemon::{Daemon, Limits, Source};
use crate::{manager, privileges, watch};

/// Told to the process in the background that it is that: the one in front has checked everything.
const IN_BACKGROUND: &str = "PORTERO_IN_BACKGROUND";

/// Serves until a signal ends it.
pub fn run(options: Options) -> ExitCode {
    match try_run(&options) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{}", if message.starts_with("error") { message } else { format!("error: {message}") });
            ExitCode::FAILURE
        }
    }
}

fn try_run(options: &Options) -> Result<ExitCode, String> {
    check::go_to_folder(options)?;
    let source = source(options);
    let loaded = source.load();
    if !check::report(&loaded, options) {
        return Ok(ExitCode::FAILURE);
    }
    let checked = loaded.checked.ok_or("the configuration cannot be used")?;
    if (options.daemon || checked.global.daemon) && !options.foreground {
        if std::env::var_os(IN_BACKGROUND).is_none() {
            return to_background();
        }
        // without a session of its own it would end with the terminal; having one already is as good
        let _ = rustix::process::setsid();
    }
    serve(options, checked, source)
}

fn source(options: &Options) -> Source {
    let limits = Limits { connections: options.maxconn, megabytes: options.megabytes };
    Source { paths: options.files.clone(), text: None, options: check::load_options(options), limits }
}

/// Starts this program again without a terminal. Nothing is shared with it but the files it was given.
fn to_background() -> Result<ExitCode, String> {
    let program = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env(IN_BACKGROUND, "1");
    command.stdin(std::process::Stdio::null());
    command.spawn().map_err(|e| format!("cannot go to the background: {e}"))?;
    Ok(ExitCode::SUCCESS)
}

fn serve(options: &Options, checked: Checked, source: Source) -> Result<ExitCode, String> {
    privileges::raise_descriptor_limit(&checked, &source.limits)?;
    let pidfile = options.pidfile.clone().or_else(|| checked.global.pidfile.clone());
    let master_api = options.master_socket.as_deref().map(master_socket).transpose()?;
    let daemon = Daemon::open(checked, source)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| format!("cannot start: {e}"))?;
    LocalSet::new().block_on(&runtime, async {
        let signals = manager::Signals::catch();
        if let Some(path) = &pidfile {
            write_pid(path)?;
        }
        privileges::drop_rights(&daemon.checked().global)?;
        if let Some(bind) = &master_api {
            daemon.open_master_api(bind)?;
        }
        // the files as they were before anybody could be served: whatever changes from then on is seen
        let watching = options.watch.then(|| watch::watch(daemon.clone()));
        daemon.start().await?;
        if !options.quiet {
            announce(&daemon);
        }
        options.finish.iter().for_each(|&pid| signal(pid, Signal::USR1));
        options.terminate.iter().for_each(|&pid| signal(pid, Signal::TERM));
        if options.notify {
            notify_ready();
        }
        if let Some(watching) = watching {
            tokio::task::spawn_local(watching);
        }
        Ok(manager::run(daemon, options.master, signals).await)
    })
}

/// What `-S` says: an address, then options of a `stats socket` line behind commas.
fn master_socket(words: &str) -> Result<Bind, String> {
    let line = format!("global\n    stats socket {} level admin\n", words.replace(',', " "));
    let mut env = environment::process(None, false);
    let loaded = load::load_text("-S", &line, &mut env, &load::Options::default());
    let said = || loaded.diagnostics.render(&loaded.sources, false);
    let checked = loaded.checked.as_ref().ok_or_else(said)?;
    checked.global.stats_sockets.first().cloned().ok_or_else(|| format!("'-S {words}' names no socket"))
}

fn announce(daemon: &Daemon) {
    for (frontend, address) in daemon.listening() {
        // nobody reads it any more: no reason to stop serving
        let _ = writeln!(std::io::stderr(), "note: frontend '{frontend}' listens on {address}");
    }
}

fn write_pid(path: &Path) -> Result<(), String> {
    let text = format!("{}\n", std::process::id());
    std::fs::write(path, text).map_err(|e| format!("cannot write '{}': {e}", path.display()))
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::warn!(%error, pid = pid.as_raw_nonzero().get(), "cannot signal the old process");
    }
}

/// Tells the service manager that requests are served (`sd_notify`, READY=1).
fn notify_ready() {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let send = || -> std::io::Result<()> {
        let socket = std::os::unix::net::UnixDatagram::unbound()?;
        let text = path.to_string_lossy();
        match text.strip_prefix('@') {
            Some(name) => {
                use std::os::linux::net::SocketAddrExt;
                let addr = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                socket.send_to_addr(b"READY=1\n", &addr)?;
            }
            None => drop(socket.send_to(b"READY=1\n", &path)?),
        }
        Ok(())
    };
    if let Err(error) = send() {
        tracing::warn!(%error, "cannot tell the service manager that we are ready");
    }
}

/// `portero reload`: tells a running daemon to read its configuration again.
pub fn reload(target: &str) -> ExitCode {
    let number = match target.parse() {
        Ok(number) => Ok(number),
        Err(_) => std::fs::read_to_string(target)
            .map_err(|e| format!("cannot read '{target}': {e}"))
            .and_then(|t| t.trim().parse::<i32>().map_err(|_| format!("'{target}' holds no process number"))),
    };
    let told = number.and_then(|n| {
        let pid = Pid::from_raw(n).ok_or_else(|| format!("{n} is no process number"))?;
        kill_process(pid, Signal::USR2).map_err(|e| format!("cannot signal process {n}: {e}"))
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
