//! The one list of all commands, and how one is found in it.

use super::call::{Run, Settings, Target};
use super::maps::View;
use super::plugged::Plugged;
use super::{info, maps, master, process, proxies, scripts, servers, set_server, stats, tables, vars};
use crate::config::checked::Level;

/// A command.
pub(super) struct Command {
    /// The words that name it.
    pub(super) words: &'static str,
    /// What may follow them.
    pub(super) args: &'static str,
    /// What it does, in a few words.
    pub(super) help: &'static str,
    /// Who may use it.
    pub(super) needs: Needs,
    /// Where it is known.
    pub(super) at: At,
    /// True when lines may follow it (`<<`).
    pub(super) payload: bool,
    pub(super) run: Run,
}

/// What a connection must have for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Level(Level),
    /// `experimental-mode on`, and the level.
    Experimental(Level),
    /// `expert-mode on`, and the level.
    Expert(Level),
}

/// Which sockets know a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Worker,
    Master,
    Both,
}

const USER: Needs = Needs::Level(Level::User);
const OPERATOR: Needs = Needs::Level(Level::Operator);
const ADMIN: Needs = Needs::Level(Level::Admin);

/// All commands, in the order of `help`, a line each.
#[rustfmt::skip]
pub(super) const COMMANDS: &[Command] = &[
    row("add acl", "[@<ver>] <acl> <pattern>", "add an acl entry", ADMIN, maps::add_acl),
    with_payload(row("add map", "[@<ver>] <map> <key> <val>", "add a map entry (payload supported instead of key/val)", ADMIN, maps::add_map)),
    row("clear acl", "[@<ver>] <acl>", "clear the contents of this acl", ADMIN, |c| maps::clear(c, View::Acl)),
    row("clear counters", "[all|server <bk>/<srv> [force]]", "clear max statistics counters (or all, or one server's)", OPERATOR, stats::clear),
    row("clear map", "[@<ver>] <map>", "clear the contents of this map", ADMIN, |c| maps::clear(c, View::Map)),
    row("commit acl", "@<ver> <acl>", "commit the ACL at this version", ADMIN, |c| maps::commit(c, View::Acl)),
    row("commit map", "@<ver> <map>", "commit the map at this version", ADMIN, |c| maps::commit(c, View::Map)),
    row("clear table", "<table> [<filter>]*", "remove an entry from a table (filter: data/key/ptr)", OPERATOR, tables::clear),
    row("debug dev log", "<text>", "send a line to the global log targets", Needs::Expert(Level::Admin), process::log),
    row("del acl", "<acl> [<key>|#<ref>]", "delete acl entries matching <key>", ADMIN, |c| maps::del(c, View::Acl)),
    row("del map", "<map> [<key>|#<ref>]", "delete map entries matching <key>", ADMIN, |c| maps::del(c, View::Map)),
    row("disable frontend", "<frontend>", "temporarily disable specific frontend", ADMIN, proxies::disable),
    row("disable health", "<bk>/<srv>", "disable health checks", ADMIN, set_server::disable_health),
    row("disable server", "<bk>/<srv>", "disable a server for maintenance (or use 'set server')", ADMIN, set_server::disable),
    both("echo", "<text>", "print text to the output", process::echo),
    row("enable frontend", "<frontend>", "re-enable specific frontend", ADMIN, proxies::enable),
    row("enable health", "<bk>/<srv>", "enable health checks", ADMIN, set_server::enable_health),
    row("enable server", "<bk>/<srv>", "enable a disabled server (or use 'set server')", ADMIN, set_server::enable),
    both("experimental-mode", "[on|off]", "show or switch experimental mode", process::experimental),
    both("expert-mode", "[on|off]", "show or switch expert mode", process::expert),
    row("get acl", "<acl> <value>", "report the patterns matching a sample for an ACL", OPERATOR, |c| maps::get(c, View::Acl)),
    row("get map", "<map> <value>", "report the keys and values matching a sample for a map", OPERATOR, |c| maps::get(c, View::Map)),
    row("get var", "<name>", "retrieve contents of a process-wide variable", USER, vars::get),
    row("get weight", "<bk>/<srv>", "report a server's current weight", USER, servers::get_weight),
    both("operator", "", "lower the level of the current CLI session to operator", process::operator),
    row("prepare acl", "<acl>", "prepare a new version for atomic ACL replacement", ADMIN, |c| maps::prepare(c, View::Acl)),
    row("prepare map", "<map>", "prepare a new version for atomic map replacement", ADMIN, |c| maps::prepare(c, View::Map)),
    row("publish backend", "<backend>", "let rules choose a backend", OPERATOR, |c| proxies::publish(c, true)),
    of_master("reload", "", "read the configuration again and use it", OPERATOR, master::reload),
    row("set map", "<map> [<key>|#<ref>] <value>", "modify a map entry", ADMIN, maps::set),
    row("set maxconn frontend", "<frontend> <value>", "change a frontend's maxconn setting", ADMIN, proxies::frontend_maxconn),
    row("set maxconn global", "<value>", "change the per-process maxconn setting", ADMIN, proxies::global_maxconn),
    row("set maxconn server", "<bk>/<srv> <value>", "change a server's maxconn setting", ADMIN, set_server::maxconn),
    row("set server", "<bk>/<srv> [opts]", "change a server's state, health, weight or address", ADMIN, set_server::set),
    row("set table", "<table> key <k> [data.* <v>]*", "update or create a table entry's data", OPERATOR, tables::set),
    row("set var", "<name> [expr|fmt] <value>", "set a process-wide variable", Needs::Experimental(Level::Operator), vars::set),
    row("set weight", "<bk>/<srv> <weight>[%]", "change a server's weight (or use 'set server')", ADMIN, set_server::weight),
    row("show acl", "[[@<ver>] <acl>]", "report available acls or dump an acl's contents", OPERATOR, |c| maps::show(c, View::Acl)),
    row("show backend", "", "list backends in the current running config", USER, servers::backends),
    both("show cli level", "", "display the level of the current CLI session", process::level),
    both("show cli sockets", "", "dump list of cli sockets", process::sockets),
    both_for("show env", "[var]", "dump environment variables known to the process", OPERATOR, process::env),
    row("show events", "[<sink>]", "show event sink state or the last events of a sink", OPERATOR, process::events),
    row("show info", "[desc|json|typed]*", "report information about the running process", USER, info::show),
    row("show lua", "", "report calls, time, errors and memory of the functions of scripts", USER, scripts::lua),
    row("show map", "[[@<ver>] <map>]", "report available maps or dump a map's contents", OPERATOR, |c| maps::show(c, View::Map)),
    of_master("show proc", "", "show processes status", USER, master::processes),
    row("show servers conn", "[<backend>]", "dump server connections status (all or for a single backend)", USER, servers::connections),
    row("show servers state", "[<backend>]", "dump volatile server information (all or for a single backend)", USER, servers::state),
    row("show sess", "", "report the number of current sessions by proxy and server", OPERATOR, servers::sessions),
    row("show stat", "[{<iid>|<proxy>} <type> <sid>] [json|no-maint|typed|up]*", "report counters for each proxy and server", USER, stats::show),
    row("show table", "<table> [<filter>]*", "report table usage stats or dump this table's contents (filter: data/key/ptr)", USER, tables::show),
    both("show version", "", "show version of the current process", process::version),
    row("show wasm", "", "report calls, time, errors, memory and restarts of the WASM modules, and their metrics", USER, scripts::wasm),
    row("shutdown frontend", "<frontend>", "stop a specific frontend", ADMIN, proxies::shutdown),
    row("shutdown sessions server", "<bk>/<srv>", "kill sessions on a server", ADMIN, set_server::end_sessions),
    row("unpublish backend", "<backend>", "let no rule choose a backend", OPERATOR, |c| proxies::publish(c, false)),
    both("user", "", "lower the level of the current CLI session to user", process::user),
    both("help", "[<command>]", "list matching or all commands", process::help),
    both("prompt", "[n|i|p|timed]*", "toggle interactive mode with prompt", process::prompt),
    both("quit", "", "disconnect", process::quit),
];

/// Commands of HAProxy's that are not there, by the words they begin with.
#[rustfmt::skip]
const NOT_THERE: &[&str] = &[
    "abort ssl", "acme", "add backend", "add server", "add ssl", 
    "commit ssl", "debug", "del backend", "del server",
    "del ssl", "disable agent", "disable dynamic-cookie", "dump", "enable agent", "enable dynamic-cookie", 
    "hard-reload", "new ssl", "set anon",
    "set dynamic-cookie-key", "set profiling", "set rate-limit", "set severity-output", "set ssl", "set timeout",
    "show activity", "show anon", "show cache", "show default-server", "show defaults", "show dev", "show errors",
    "show fd", "show libs", "show peers", "show pools", "show profiling", "show quic",
    "show resolvers", "show schema", "show ssl", "show startup-logs", "show tasks", "show threads",
    "show tls-keys", "show trace", "shutdown session", "trace", "update ssl", "wait",
];

const fn row(words: &'static str, args: &'static str, help: &'static str, needs: Needs, run: Run) -> Command {
    Command { words, args, help, needs, at: At::Worker, payload: false, run }
}

const fn with_payload(command: Command) -> Command {
    Command { payload: true, ..command }
}

const fn of_master(
    words: &'static str,
    args: &'static str,
    help: &'static str,
    needs: Needs,
    run: Run,
) -> Command {
    Command { words, args, help, needs, at: At::Master, payload: false, run }
}

const fn both(words: &'static str, args: &'static str, help: &'static str, run: Run) -> Command {
    both_for(words, args, help, USER, run)
}

const fn both_for(
    words: &'static str,
    args: &'static str,
    help: &'static str,
    needs: Needs,
    run: Run,
) -> Command {
    Command { words, args, help, needs, at: At::Both, payload: false, run }
}

/// Why there is no such command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotFound {
    /// HAProxy has it, and we do not.
    NotThere(&'static str),
    /// Nobody has it: its words.
    Unknown(Vec<String>),
}

impl NotFound {
    /// The answer, with what may have been meant.
    pub(super) fn text(&self, level: Level, target: Option<Target>, plugged: &Plugged) -> String {
        match self {
            NotFound::NotThere(words) => format!("'{words}' is not supported by this version of Portero.\n"),
            NotFound::Unknown(words) => {
                let begins = |depth: usize| {
                    let prefix = words[..depth.min(words.len())].join(" ");
                    list(level, target, &prefix, plugged)
                };
                let near = [2, 1].map(begins).into_iter().find(|list| !list.is_empty());
                let first = &words[0];
                match near {
                    Some(near) => format!(
                        "Unknown command: '{first}', but maybe one of the following ones is a better match:\n{near}"
                    ),
                    None => format!(
                        "Unknown command: '{first}'. Please enter one of the following commands only:\n{}",
                        list(level, target, "", plugged)
                    ),
                }
            }
        }
    }
}

/// What words name.
pub(super) enum Found<'w> {
    /// A command of the list, and what follows its name.
    Own(&'static Command, &'w [String]),
    /// A plugin's, by its place.
    Plugged(usize),
}

/// The command that words name. Where several fit the one with the most words is meant; a plugin takes no command's place.
pub(super) fn find<'w>(
    words: &'w [String],
    target: Option<Target>,
    plugged: &Plugged,
) -> Result<Found<'w>, NotFound> {
    let fitting = |command: &&Command| known(command, target) && begins_with(words, command.words);
    let own =
        COMMANDS.iter().filter(fitting).map(|c| (c, c.words.split(' ').count())).max_by_key(|(_, n)| *n);
    let plugged = plugged.find(words).filter(|_| target != Some(Target::Master));
    match (own, plugged) {
        (own, Some((place, length))) if own.is_none_or(|(_, n)| n < length) => Ok(Found::Plugged(place)),
        (Some((command, length)), _) => Ok(Found::Own(command, &words[length..])),
        (None, _) => Err(match NOT_THERE.iter().find(|missing| begins_with(words, missing)) {
            Some(missing) => NotFound::NotThere(missing),
            None => NotFound::Unknown(words.to_vec()),
        }),
    }
}

/// Whether a connection may use a command; the error is the answer.
pub(super) fn allow(command: &Command, settings: &Settings) -> Result<(), String> {
    let level = match command.needs {
        Needs::Level(level) => level,
        Needs::Experimental(_) if !settings.experimental => {
            return Err("This command is restricted to experimental mode only.\n".to_owned());
        }
        Needs::Expert(_) if !settings.expert => {
            return Err("This command is restricted to expert mode only.\n".to_owned());
        }
        Needs::Experimental(level) | Needs::Expert(level) => level,
    };
    if settings.level < level { Err("Permission denied\n".to_owned()) } else { Ok(()) }
}

/// The lines of `help` for the commands that a connection may use, as far as they begin so.
pub(super) fn list(level: Level, target: Option<Target>, prefix: &str, plugged: &Plugged) -> String {
    let may = |command: &&Command| match command.needs {
        Needs::Level(needed) => level >= needed,
        Needs::Experimental(_) | Needs::Expert(_) => false,
    };
    let rows =
        COMMANDS.iter().filter(|c| known(c, target)).filter(may).filter(|c| c.words.starts_with(prefix));
    let line = |c: &Command| {
        let usage = format!("{} {}", c.words, c.args);
        format!("  {:<40}: {}\n", usage.trim_end(), c.help)
    };
    let own: String = rows.map(line).collect();
    if target == Some(Target::Master) { own } else { own + &plugged.list(prefix) }
}

fn known(command: &Command, target: Option<Target>) -> bool {
    match command.at {
        At::Both => true,
        At::Worker => target != Some(Target::Master),
        At::Master => target == Some(Target::Master),
    }
}

fn begins_with(words: &[String], name: &str) -> bool {
    let mut words = words.iter();
    name.split(' ').all(|part| words.next().is_some_and(|word| word == part))
}
