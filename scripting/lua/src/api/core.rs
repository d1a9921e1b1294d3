//! The class `core`: registers functions, logs, and waits.

use std::time::Duration;

use mlua::{Function, Lua, MultiValue, Table, Value};

use crate::api::Ending;
use crate::class::{Class, field, now, waits};
use crate::scene;
use crate::state::{Purpose, inside};
use crate::wish::{self, Begun, Wish};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "core",
    summary: "registers functions, logs, waits, and knows the proxies",
    global: true,
    fields: &[
        field!("silent", "integer", "log level -1: no line"),
        field!("emerg", "integer", "log level 0"),
        field!("alert", "integer", "log level 1"),
        field!("crit", "integer", "log level 2"),
        field!("err", "integer", "log level 3"),
        field!("warning", "integer", "log level 4"),
        field!("notice", "integer", "log level 5"),
        field!("info", "integer", "log level 6"),
        field!("debug", "integer", "log level 7"),
    ],
    functions: &[
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
        now!("log", "(level: integer, message: string)", "writes a log line", log),
        now!("Debug", "(message: string)", "writes a log line of level debug", debug),
        now!("Info", "(message: string)", "writes a log line of level info", info),
        now!("Warning", "(message: string)", "writes a log line of level warning", warning),
        now!("Alert", "(message: string)", "writes a log line of level alert", alert),
        now!("done", "()", "ends the script here", done),
        waits!("sleep", "(seconds: integer)", "waits for seconds", sleep),
        waits!("msleep", "(milliseconds: integer)", "waits for milliseconds", msleep),
        waits!("yield", "()", "lets others have their turn", yield_now),
    ],
};

const LEVELS: [&str; 9] = ["silent", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Sets the log levels.
pub(crate) fn finish(core: &Table) -> mlua::Result<()> {
    LEVELS.iter().zip(-1i64..).try_for_each(|(name, value)| core.raw_set(*name, value))
}

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

fn register_init(lua: &Lua, function: Function) -> mlua::Result<()> {
    inside(lua).register("", Purpose::Init, function)
}

/// A task: begun with the configuration, or at once when that is in use already.
fn register_task(lua: &Lua, (function, args): (Function, MultiValue)) -> mlua::Result<()> {
    let inside = inside(lua);
    if inside.is_loading() {
        return inside.register("", Purpose::Task(args), function);
    }
    Err(mlua::Error::runtime("core.register_task() is not supported yet behind the loading of the file"))
}

fn log(_: &Lua, (level, text): (i64, mlua::LuaString)) -> mlua::Result<()> {
    write(level, &text)
}

fn debug(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(7, &text)
}

fn info(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(6, &text)
}

fn warning(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(4, &text)
}

fn alert(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(1, &text)
}

/// Writes a line; level -1 is silence.
pub(crate) fn write(level: i64, text: &mlua::LuaString) -> mlua::Result<()> {
    match u8::try_from(level) {
        Ok(level @ 0..=7) => scene::log(level, &text.to_string_lossy()),
        _ if level == -1 => {}
        _ => return Err(mlua::Error::runtime(format!("log levels are 0 to 7, not {level}"))),
    }
    Ok(())
}

fn done(_: &Lua, _: Value) -> mlua::Result<()> {
    Err(mlua::Error::external(Ending::Quiet))
}

fn sleep(lua: &Lua, seconds: f64) -> mlua::Result<Begun> {
    msleep(lua, seconds * 1000.0)
}

fn msleep(_: &Lua, milliseconds: f64) -> mlua::Result<Begun> {
    let time = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
    wish::future(scene::host()?.sleep(time), |_, ()| Ok(MultiValue::new()))
}

fn yield_now(_: &Lua, (): ()) -> mlua::Result<Begun> {
    wish::make(Turn(false))
}

/// One turn of the others.
struct Turn(bool);

impl Wish for Turn {
    fn poll(
        &mut self,
        cx: &mut std::task::Context<'_>,
        _: &mut scene::Scene<'_>,
        _: &Lua,
    ) -> std::task::Poll<mlua::Result<MultiValue>> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(Ok(MultiValue::new()));
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}
