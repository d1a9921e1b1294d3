//! A Lua state: the interpreter with all classes, and what the scripts that run in it have registered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use mlua::{Function, HookTriggers, Lua, LuaOptions, MultiValue, StdLib, Table, Thread, Value};
use portero_api::Common;

use crate::api;
use crate::class::Classes;
use crate::lot::Source;
use crate::meter;
use crate::modules;
use crate::protect;
use crate::run;
use crate::sandbox;
use crate::scene;
use crate::settings::{Libs, Settings};

/// A Lua state. The one of `lua-load` is shared by all threads: each of its operations takes mlua's lock, and a function
/// holds it until it ends or waits.
pub(crate) struct State {
    /// The interpreter.
    pub(crate) lua: Lua,
    /// How scripts are run.
    pub(crate) settings: Arc<Settings>,
    /// What the functions of the API see of their state.
    pub(crate) inside: Arc<Inside>,
    /// True once requests may come to it.
    live: AtomicBool,
    /// A function that does nothing.
    nothing: Function,
    /// Coroutines that have ended and can be used again.
    idle: Mutex<Vec<Coroutine>>,
}

/// A coroutine.
pub(crate) struct Coroutine {
    /// The coroutine.
    pub(crate) thread: Thread,
    /// Where it is: asked for once, for that takes the lock of the state.
    pub(crate) address: usize,
}

/// What the functions of the API see of the state that they are called in.
pub(crate) struct Inside {
    /// Tells one state from another: the key of what it attaches to exchanges.
    pub(crate) id: u64,
    /// How scripts are run.
    pub(crate) settings: Arc<Settings>,
    /// What all workers share.
    pub(crate) common: Arc<Common>,
    /// The thread it belongs to; 0 when all share it.
    pub(crate) per_thread: bool,
    registered: Mutex<Vec<Registered>>,
    late: Mutex<Late>,
    loading: AtomicBool,
}

/// Tasks that were registered behind loading, until the one who runs tasks takes them.
#[derive(Default)]
struct Late {
    tasks: Vec<Registered>,
    waker: Option<Waker>,
}

/// A function that a script registered.
#[derive(Clone)]
pub(crate) struct Registered {
    /// Its name; empty for what has none (init functions, tasks).
    pub(crate) name: String,
    /// What for.
    pub(crate) purpose: Purpose,
    /// The function.
    pub(crate) function: Function,
}

/// What a function was registered for.
#[derive(Clone)]
pub(crate) enum Purpose {
    /// `core.register_action`: the rules it may stand in, and how many arguments it takes.
    Action { rules: Vec<String>, args: usize },
    /// `core.register_fetches`
    Fetch,
    /// `core.register_converters`
    Converter,
    /// `core.register_service`: HTTP (true) or TCP.
    Service { http: bool },
    /// `core.register_init`
    Init,
    /// `core.register_task`, with what it is called with.
    Task(MultiValue),
    /// `core.register_cli`: the words, and the line for `help`.
    Command { words: Vec<String>, usage: String },
    /// `core.register_filter`: the class whose objects filter; the function parses the arguments.
    Filter { class: Table },
    /// `core.on_request_body`, `core.on_response_body`: by piece or whole, and the largest body that is looked at.
    Body { response: bool, whole: bool, max: Option<usize> },
    /// `core.register_balancer`, with the table of further functions.
    Balancer { told: Option<Table> },
    /// `core.register_check`
    Check,
    /// `core.on_unload`
    Unload,
}

/// What Lua had earlier, and scripts still use.
const EARLIER: &str = include_str!("earlier.lua");

/// Coroutines that are kept for the next call.
const IDLE: usize = 64;

impl State {
    /// A state in which these files have run.
    ///
    /// # Errors
    ///
    /// Which file failed, and what Lua said.
    pub(crate) fn load(
        sources: &[Source],
        settings: &Arc<Settings>,
        common: &Arc<Common>,
        per_thread: bool,
    ) -> Result<State, (usize, mlua::Error)> {
        let state = State::new(settings, common, per_thread).map_err(|e| (0, e))?;
        for source in sources {
            state.run_file(source).map_err(|e| (source.load, e))?;
        }
        state.inside.loading.store(false, Relaxed);
        Ok(state)
    }

    fn new(settings: &Arc<Settings>, common: &Arc<Common>, per_thread: bool) -> mlua::Result<State> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let lua = Lua::new_with(libs(settings.openlibs), LuaOptions::new())?;
        let inside = Arc::new(Inside {
            id: NEXT.fetch_add(1, Relaxed),
            settings: settings.clone(),
            common: common.clone(),
            per_thread,
            registered: Mutex::default(),
            late: Mutex::default(),
            loading: AtomicBool::new(true),
        });
        lua.set_app_data(inside.clone());
        let classes = Classes::install(&lua, api::CLASSES)?;
        api::finish(&lua, &classes)?;
        lua.set_app_data(classes);
        if let Some(environment) = &settings.environment {
            sandbox::set_environment(&lua, environment)?;
        }
        sandbox::close(&lua, settings.sandbox)?;
        prepend(&lua, settings)?;
        modules::install(&lua)?;
        if settings.maxmem > 0 {
            lua.set_memory_limit(settings.maxmem)?;
        }
        lua.set_global_hook(
            HookTriggers::new().every_nth_instruction(settings.forced_yield.max(1)),
            meter::hook,
        )?;
        protect::install(&lua)?;
        lua.load(EARLIER).set_name("=earlier").exec()?;
        let nothing = lua.load("").into_function()?;
        Ok(State {
            lua,
            settings: settings.clone(),
            inside,
            live: AtomicBool::new(false),
            nothing,
            idle: Mutex::default(),
        })
    }

    fn run_file(&self, source: &Source) -> mlua::Result<()> {
        let string = |arg: &String| self.lua.create_string(arg).map(Value::String);
        let args = source.args.iter().map(string).collect::<Result<MultiValue, _>>()?;
        let body = self.lua.load(without_shebang(&source.text)).set_name(&source.name);
        meter::within(self.settings.load_timeout, || body.call(args))
    }

    /// Notes that requests may come.
    pub(crate) fn go_live(&self) {
        self.live.store(true, Relaxed);
    }

    /// A coroutine that runs a function.
    pub(crate) fn coroutine(&self, function: &Function) -> mlua::Result<Coroutine> {
        let idle = self.idle.lock().unwrap_or_else(|e| e.into_inner()).pop();
        if let Some(coroutine) = idle {
            coroutine.thread.reset(function.clone())?;
            return Ok(coroutine);
        }
        let thread = self.lua.create_thread(function.clone())?;
        Ok(Coroutine { address: thread.to_pointer().addr(), thread })
    }

    /// Ends what is left of a coroutine that failed. The error of its end counts, not one of this.
    pub(crate) fn clear(&self, thread: &Thread) {
        let _ = thread.reset(self.nothing.clone());
    }

    /// Takes back a coroutine whose function has returned.
    pub(crate) fn give_back(&self, coroutine: Coroutine) {
        let mut idle = self.idle.lock().unwrap_or_else(|e| e.into_inner());
        if idle.len() < IDLE {
            idle.push(coroutine);
        }
    }

    /// What was registered, in order.
    pub(crate) fn registered(&self) -> Vec<Registered> {
        self.inside.registered.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The function registered under a name for a purpose.
    pub(crate) fn find(&self, name: &str, wanted: impl Fn(&Purpose) -> bool) -> Option<Registered> {
        self.registered().into_iter().rev().find(|one| one.name == name && wanted(&one.purpose))
    }
}

impl Drop for State {
    /// The last one has left: `core.on_unload`.
    fn drop(&mut self) {
        if !*self.live.get_mut() {
            return;
        }
        for one in self.registered().iter().filter(|one| matches!(one.purpose, Purpose::Unload)) {
            let figure = self.inside.common.figures.of("lua on_unload");
            if let Err(error) = run::call::<()>(self, &one.function, (), &figure) {
                scene::log(3, &format!("Lua on_unload: {error}"));
            }
        }
    }
}

impl Inside {
    /// Notes a function.
    ///
    /// # Errors
    ///
    /// Files are not being loaded any more.
    pub(crate) fn register(&self, name: &str, purpose: Purpose, function: Function) -> mlua::Result<()> {
        if !self.loading.load(Relaxed) {
            return Err(mlua::Error::runtime("functions are registered while the file is loaded, not later"));
        }
        let registered = Registered { name: name.to_owned(), purpose, function };
        self.registered.lock().unwrap_or_else(|e| e.into_inner()).push(registered);
        Ok(())
    }

    /// Notes a task: it is begun with the others, or soon where those run already.
    pub(crate) fn begin_task(&self, function: Function, args: MultiValue) -> mlua::Result<()> {
        if self.is_loading() {
            return self.register("", Purpose::Task(args), function);
        }
        let task = Registered { name: String::new(), purpose: Purpose::Task(args), function };
        let mut late = self.late.lock().unwrap_or_else(|e| e.into_inner());
        late.tasks.push(task);
        if let Some(waker) = late.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    /// The tasks that were registered behind loading; who asks is woken by further ones.
    pub(crate) fn take_late(&self, cx: &Context<'_>) -> Vec<Registered> {
        let mut late = self.late.lock().unwrap_or_else(|e| e.into_inner());
        late.waker = Some(cx.waker().clone());
        std::mem::take(&mut late.tasks)
    }

    /// True while files are loaded.
    pub(crate) fn is_loading(&self) -> bool {
        self.loading.load(Relaxed)
    }
}

/// What the functions of the API see of the state that calls them.
pub(crate) fn inside(lua: &Lua) -> Arc<Inside> {
    lua.app_data_ref::<Arc<Inside>>().expect("every state of ours has it").clone()
}

fn libs(wanted: Libs) -> StdLib {
    let pairs = [
        (wanted.table, StdLib::TABLE),
        (wanted.string, StdLib::STRING),
        (wanted.math, StdLib::MATH),
        (wanted.utf8, StdLib::UTF8),
        (wanted.package, StdLib::PACKAGE),
        (wanted.io, StdLib::IO),
        (wanted.os, StdLib::OS),
    ];
    // what waits needs coroutines, whether scripts may use them or not
    pairs.into_iter().filter(|(on, _)| *on).fold(StdLib::COROUTINE, |all, (_, lib)| all | lib)
}

/// Puts the paths of `lua-prepend-path` before those that Lua has; the last one is searched first.
fn prepend(lua: &Lua, settings: &Settings) -> mlua::Result<()> {
    let Ok(package) = lua.globals().get::<Table>("package") else { return Ok(()) };
    for (pattern, native) in &settings.prepend_path {
        let key = if *native { "cpath" } else { "path" };
        let before: String = package.get(key)?;
        package.set(key, format!("{pattern};{before}"))?;
    }
    Ok(())
}

/// A script may begin with a line for the shell, as Lua's own loader has it.
fn without_shebang(source: &[u8]) -> &[u8] {
    match source.first() {
        Some(b'#') => &source[source.iter().position(|&b| b == b'\n').unwrap_or(source.len())..],
        _ => source,
    }
}
