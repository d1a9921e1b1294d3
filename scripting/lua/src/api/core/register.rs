//! `core.register_*`: functions of scripts become plugins.

use mlua::{Function, Lua, MultiValue, Table};

use crate::class::{Method, now};
use crate::state::{Purpose, inside};

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!(
        "register_action",
        "(name: string, rules: string[], func: fun(txn: TXN, ...: string): integer?, nb_args?: integer)",
        "makes a function an action: `http-request lua.NAME ARG...`",
        register_action
    ),
    now!(
        "register_fetches",
        "(name: string, func: fun(txn: TXN, ...: string): any)",
        "makes a function a fetch: `lua.NAME(ARG,...)`",
        register_fetches
    ),
    now!(
        "register_converters",
        "(name: string, func: fun(value: any, ...: string): any)",
        "makes a function a converter: `,lua.NAME(ARG,...)`",
        register_converters
    ),
    now!(
        "register_service",
        "(name: string, mode: string, func: fun(applet: AppletHTTP|AppletTCP))",
        "makes a function a service: `use-service lua.NAME`; the mode is `http` or `tcp`",
        register_service
    ),
    now!(
        "register_cli",
        "(path: string[], usage: string, func: fun(applet: AppletTCP, ...: string))",
        "makes a function a verb of the runtime API; it gets the words of the line, those of the path among them",
        register_cli
    ),
    now!(
        "on_unload",
        "(func: fun())",
        "calls a function when the state ends: behind a reload, once the last request has left it",
        on_unload
    ),
    now!(
        "register_init",
        "(func: fun())",
        "calls a function when the configuration is put to use",
        register_init
    ),
    now!(
        "register_task",
        "(func: fun(...: any), ...: any)",
        "runs a function beside the traffic",
        register_task
    ),
    now!(
        "register_balancer",
        "(name: string, func: fun(txn: TXN, servers: Server[]): Server?, told?: { released?: fun(server: Server, outcome: string, status?: integer), servers_changed?: fun(servers: Server[]) })",
        "makes a function a balancer: `balance lua.NAME`",
        register_balancer
    ),
    now!(
        "register_check",
        "(name: string, func: fun(server: Server, dial: fun(): Socket?): boolean|string|table)",
        "makes a function a health check: `check lua.NAME`",
        register_check
    ),
];

fn register_action(
    lua: &Lua,
    (name, rules, function, args): (String, Vec<String>, Function, Option<usize>),
) -> mlua::Result<()> {
    const KNOWN: [&str; 5] = ["tcp-req", "tcp-res", "http-req", "http-res", "http-after-res"];
    if let Some(unknown) = rules.iter().find(|rule| !KNOWN.contains(&rule.as_str())) {
        let known = KNOWN.join("', '");
        let message = format!("register_action: '{unknown}' is no kind of rules; there are '{known}'");
        return Err(mlua::Error::runtime(message));
    }
    inside(lua).register(&name, Purpose::Action { rules, args: args.unwrap_or(0) }, function)
}

fn register_fetches(lua: &Lua, (name, function): (String, Function)) -> mlua::Result<()> {
    inside(lua).register(&name, Purpose::Fetch, function)
}

fn register_converters(lua: &Lua, (name, function): (String, Function)) -> mlua::Result<()> {
    inside(lua).register(&name, Purpose::Converter, function)
}

fn register_balancer(
    lua: &Lua,
    (name, function, told): (String, Function, Option<Table>),
) -> mlua::Result<()> {
    inside(lua).register(&name, Purpose::Balancer { told }, function)
}

fn register_check(lua: &Lua, (name, function): (String, Function)) -> mlua::Result<()> {
    inside(lua).register(&name, Purpose::Check, function)
}

fn register_service(lua: &Lua, (name, mode, function): (String, String, Function)) -> mlua::Result<()> {
    let http = match mode.as_str() {
        "http" => true,
        "tcp" => false,
        other => {
            let message = format!("register_service: '{other}' is no mode; there are 'http' and 'tcp'");
            return Err(mlua::Error::runtime(message));
        }
    };
    inside(lua).register(&name, Purpose::Service { http }, function)
}

fn register_cli(lua: &Lua, (words, usage, function): (Vec<String>, String, Function)) -> mlua::Result<()> {
    if words.is_empty() || words.iter().any(|word| word.is_empty() || word.contains(char::is_whitespace)) {
        return Err(mlua::Error::runtime("register_cli: the path is a list of words"));
    }
    inside(lua).register(&words.join(" "), Purpose::Command { words, usage }, function)
}

fn on_unload(lua: &Lua, function: Function) -> mlua::Result<()> {
    inside(lua).register("", Purpose::Unload, function)
}

fn register_init(lua: &Lua, function: Function) -> mlua::Result<()> {
    inside(lua).register("", Purpose::Init, function)
}

/// A task: begun with the configuration, or at once when that is in use already.
fn register_task(lua: &Lua, (function, args): (Function, MultiValue)) -> mlua::Result<()> {
    inside(lua).begin_task(function, args)
}
