//! `core.event_sub` and its kin: functions that are called when something happens, and the class `EventSub`.
//!
//! A subscription is a coroutine beside the traffic which waits for the next event and calls the function: one after the
//! other, on the thread that subscribed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::SystemTime;

use mlua::{Function, IntoLuaMulti, Lua, MultiValue, Table, Value};
use portero_api::events::{ListChange, Subscription};
use portero_api::{Event, EventKind, ServerState};

use super::event_data;
use super::patref::Ref;
use crate::class::{Class, Method, Of, now, object_of, waits};
use crate::scene::Scene;
use crate::state::inside;
use crate::wish::{self, Begun, Wish};

/// What an object stands for.
type EventSub = Of<Arc<Subscribed>>;

struct Subscribed {
    events: Subscription,
    types: Vec<String>,
    about: About,
    ended: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// What a subscription is about.
enum About {
    /// Servers and the process.
    Everything,
    Server(Arc<ServerState>),
    /// A list by its name.
    List(String),
}

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "EventSub",
    summary: "a subscription to events",
    global: false,
    fields: &[],
    functions: &[&[
        now!("unsub", "(self: EventSub)", "ends it: the function is not called any more", unsub),
        waits!(
            "next",
            "(self: EventSub): string?, table?, integer?",
            "waits for the next event: its type, what is known of it, when; nothing once it has ended",
            next
        ),
    ]],
};

/// What `core` has of events.
pub(super) const CORE: &[Method] = &[now!(
    "event_sub",
    "(types: string[], func: fun(event: string, data: table, sub: EventSub, when: integer)): EventSub",
    "calls a function when something happens to servers or the process",
    core_event_sub
)];

/// What `Server` has of events.
pub(super) const SERVER: &[Method] = &[now!(
    "event_sub",
    "(self: Server, types: string[], func: fun(event: string, data: table, sub: EventSub, when: integer)): EventSub",
    "the same, for one server",
    server_event_sub
)];

/// What `Patref` has of events.
pub(super) const PATREF: &[Method] = &[now!(
    "event_sub",
    "(self: Patref, types: string[], func: fun(event: string, data: nil, sub: EventSub, when: integer)): EventSub",
    "calls a function when the list changes",
    patref_event_sub
)];

const SERVER_TYPES: &[&str] = &[
    "SERVER",
    "SERVER_ADD",
    "SERVER_DEL",
    "SERVER_UP",
    "SERVER_DOWN",
    "SERVER_STATE",
    "SERVER_ADMIN",
    "SERVER_CHECK",
];
const LIST_TYPES: &[&str] =
    &["PAT_REF", "PAT_REF_ADD", "PAT_REF_DEL", "PAT_REF_SET", "PAT_REF_COMMIT", "PAT_REF_CLEAR"];
const PROCESS_TYPES: &[&str] = &["PROCESS", "PROCESS_RELOADED", "PROCESS_STOPPING"];

/// Calls the function for each event; what it raises is logged.
const DRIVER: &str = r#"
local sub, func, log = ...
return function()
    while true do
        local event, data, when = sub:next()
        if event == nil then return end
        local ok, why = pcall(func, event, data, sub, when)
        if not ok then log(3, "Lua event " .. event .. ": " .. tostring(why)) end
    end
end
"#;

fn core_event_sub(lua: &Lua, (types, func): (Vec<String>, Function)) -> mlua::Result<Table> {
    subscribe(lua, About::Everything, types, func)
}

fn server_event_sub(
    lua: &Lua,
    (Of(server), types, func): (Of<Arc<ServerState>>, Vec<String>, Function),
) -> mlua::Result<Table> {
    subscribe(lua, About::Server(server), types, func)
}

fn patref_event_sub(
    lua: &Lua,
    (Of(list), types, func): (Of<Ref>, Vec<String>, Function),
) -> mlua::Result<Table> {
    subscribe(lua, About::List(list.name().to_owned()), types, func)
}

fn subscribe(lua: &Lua, about: About, types: Vec<String>, func: Function) -> mlua::Result<Table> {
    let known: Vec<&str> = match about {
        About::Everything => [SERVER_TYPES, PROCESS_TYPES].concat(),
        About::Server(_) => SERVER_TYPES.to_vec(),
        About::List(_) => LIST_TYPES.to_vec(),
    };
    if let Some(unknown) = types.iter().find(|name| !known.contains(&name.as_str())) {
        let known = known.join("', '");
        return Err(mlua::Error::runtime(format!(
            "event_sub: '{unknown}' is no event here; there are '{known}'"
        )));
    }
    let inside = inside(lua);
    let events = inside.common.events.subscribe();
    let (ended, waker) = (AtomicBool::new(false), Mutex::default());
    let sub = object_of(lua, "EventSub", Arc::new(Subscribed { events, types, about, ended, waker }))?;
    let log: Function = lua.globals().get::<Table>("core")?.get("log")?;
    let driver: Function = lua.load(DRIVER).set_name("=events").call((&sub, func, log))?;
    inside.begin_task(driver, MultiValue::new())?;
    Ok(sub)
}

fn unsub(_: &Lua, Of(sub): EventSub) -> mlua::Result<()> {
    sub.ended.store(true, Relaxed);
    if let Some(waker) = sub.waker.lock().unwrap_or_else(|e| e.into_inner()).take() {
        waker.wake();
    }
    Ok(())
}

fn next(_: &Lua, Of(sub): EventSub) -> mlua::Result<Begun> {
    wish::make(Next(sub))
}

struct Next(Arc<Subscribed>);

impl Wish for Next {
    fn poll(&mut self, cx: &mut Context<'_>, _: &mut Scene<'_>, lua: &Lua) -> Poll<mlua::Result<MultiValue>> {
        *self.0.waker.lock().unwrap_or_else(|e| e.into_inner()) = Some(cx.waker().clone());
        loop {
            if self.0.ended.load(Relaxed) {
                return Poll::Ready(Ok(MultiValue::new()));
            }
            let event = ready!(self.0.events.poll_next(cx));
            if self.0.wants(&event.kind) {
                return Poll::Ready(told(lua, &event));
            }
        }
    }
}

impl Subscribed {
    fn wants(&self, kind: &EventKind) -> bool {
        let about = match (&self.about, kind) {
            (About::Everything, kind) => !matches!(kind, EventKind::List(..)),
            (About::Server(server), kind) => event_data::server(kind).is_some_and(|s| Arc::ptr_eq(s, server)),
            (About::List(name), EventKind::List(changed, _)) => **changed == **name,
            (About::List(_), _) => false,
        };
        let name = name(kind);
        about && self.types.iter().any(|wanted| name == wanted || name.starts_with(&format!("{wanted}_")))
    }
}

/// Type, data and time for the script.
fn told(lua: &Lua, event: &Event) -> mlua::Result<MultiValue> {
    let when = event.date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let data = event_data::table(lua, &event.kind)?.map_or(Value::Nil, Value::Table);
    (name(&event.kind), data, when).into_lua_multi(lua)
}

/// HAProxy's name of an event, and ours for those that it does not have.
fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ServerAdded(_) => "SERVER_ADD",
        EventKind::ServerDeleted(_) => "SERVER_DEL",
        EventKind::ServerUp(_) => "SERVER_UP",
        EventKind::ServerDown(_) => "SERVER_DOWN",
        EventKind::ServerState(..) => "SERVER_STATE",
        EventKind::ServerAdmin(..) => "SERVER_ADMIN",
        EventKind::ServerCheck(..) => "SERVER_CHECK",
        EventKind::List(_, ListChange::Added) => "PAT_REF_ADD",
        EventKind::List(_, ListChange::Deleted) => "PAT_REF_DEL",
        EventKind::List(_, ListChange::Set) => "PAT_REF_SET",
        EventKind::List(_, ListChange::Committed) => "PAT_REF_COMMIT",
        EventKind::List(_, ListChange::Cleared) => "PAT_REF_CLEAR",
        EventKind::Reloaded => "PROCESS_RELOADED",
        EventKind::Stopping => "PROCESS_STOPPING",
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use portero_api::events::{AdminChange, ListChange, StateChange};
    use portero_api::{Common, EventKind};
    use portero_conformance::rig::{Farm, Net};

    use crate::Settings;
    use crate::testing::load_in;

    #[test]
    fn functions_are_called_for_the_events_that_they_want_in_order() {
        let (common, farm) = (Common::default(), Farm::new(&[1, 1]));
        common.directory.insert(farm.backend.clone());
        let source = r#"
        core.event_sub({ "SERVER_STATE", "SERVER_ADMIN" }, function(event, data, sub, when)
            assert(data.proxy_name == "web" and data.proxy_uuid == 2 and when > 0)
            if event == "SERVER_ADMIN" then
                core.Info(data.name .. " admin " .. table.concat(data.admin.new_admin, "+"))
                sub:unsub()
                return
            end
            local state = data.state
            core.Info(data.reference:get_name() .. " " .. state.old_state .. "-" .. state.new_state .. " " .. state.cause)
        end)
        core.register_init(function()
            core.backends.web.servers.s2:event_sub({ "SERVER" }, function(event) core.Info("s2 " .. event) end)
        end)
        core.event_sub({ "PROCESS" }, function(event) error("oh no") end)
        assert(not pcall(core.event_sub, { "PAT_REF" }, print))"#;
        let stage = load_in(source, &Settings::default(), Net::default(), common.into());
        let stage = stage.unwrap_or_else(|mistake| panic!("{}", mistake.message));
        let make = stage.plugins.iter().find_map(|plugin| plugin.task.as_ref()).expect("tasks");
        let task = make(&stage.bench("").setup()).unwrap_or_else(|bad| panic!("{}", bad.message));
        let mut running = task.run();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(running.as_mut().poll(&mut cx).is_pending());
        let [s1, s2] = [0, 1].map(|place: usize| farm.servers[place].clone());
        let change = |cause: &str| StateChange {
            before: "RUNNING",
            after: "STOPPED",
            cause: cause.to_owned(),
            requeued: 0,
            by_check: false,
            by_admin: false,
        };
        let events = &stage.common.events;
        events.publish(EventKind::ServerDown(s1.clone()));
        events.publish(EventKind::ServerState(s1.clone(), change("by hand")));
        events.publish(EventKind::ServerUp(s2.clone()));
        events.publish(EventKind::List("a.map".into(), ListChange::Added));
        events.publish(EventKind::ServerAdmin(
            s1.clone(),
            AdminChange { before: 0, after: 1, cause: String::new(), requeued: 0 },
        ));
        events.publish(EventKind::ServerState(s1, change("nobody hears it")));
        events.publish(EventKind::Reloaded);
        for _ in 0..3 {
            assert!(running.as_mut().poll(&mut cx).is_pending());
            stage.desk.pass(Duration::ZERO);
        }
        let mut lines: Vec<String> = stage.desk.lines().into_iter().map(|(_, line)| line).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("Lua event PROCESS_RELOADED") && line.contains("oh no"))
        );
        lines.retain(|line| !line.contains("oh no"));
        lines.sort();
        assert_eq!(lines, ["s1 RUNNING-STOPPED by hand", "s1 admin MAINT+FMAINT", "s2 SERVER_UP"]);
    }
}
