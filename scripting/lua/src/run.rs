//! A coroutine at work: resumed until it ends, waits for a wish, or has used up its budget.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use mlua::debug::Debug;
use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua, MultiValue, Thread, Value, VmState};

use crate::api::Ending;
use crate::scene::Scene;
use crate::state::State;
use crate::wish::{self, Wish};
use portero_api::Figure;

/// A function of a script on its way.
pub(crate) struct Run {
    state: Arc<State>,
    /// None once it has ended.
    thread: Option<Thread>,
    /// What it was called with, until it is begun.
    args: Option<MultiValue>,
    wish: Option<Box<dyn Wish>>,
    /// Time that it has run, waits not counted.
    used: Duration,
    limit: Option<Duration>,
    figure: Arc<Figure>,
}

/// How a function ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It returned; further values are nobody's.
    Returned(Value, Value, Value),
    /// It ended everything (`core.done`, `txn:done`).
    Done(Ending),
    /// It failed, or had to be stopped.
    Failed(mlua::Error),
}

/// What the hook of a state looks at while a function runs.
#[derive(Clone, Copy)]
struct Meter {
    until: Option<Instant>,
    /// The coroutine that may be made to yield.
    thread: Option<*const c_void>,
}

thread_local! {
    static METER: Cell<Meter> = const { Cell::new(Meter { until: None, thread: None }) };
}

thread_local! {
    /// The function that runs was told to stop; whatever it catches, it is raised again.
    static STOPPED: Cell<bool> = const { Cell::new(false) };
}

impl Run {
    /// A call of a function. `limit`: the longest that it may run in all.
    pub(crate) fn new(
        state: &Arc<State>,
        function: &Function,
        args: MultiValue,
        limit: Option<Duration>,
        figure: &Arc<Figure>,
    ) -> mlua::Result<Run> {
        let thread = Some(state.thread(function)?);
        let (state, figure) = (state.clone(), figure.clone());
        Ok(Run { state, thread, args: Some(args), wish: None, used: Duration::ZERO, limit, figure })
    }

    /// Runs up to the first wait; how it ended, if it did.
    pub(crate) fn start(&mut self, scene: &mut Scene<'_>) -> Option<Outcome> {
        let args = self.args.take()?;
        self.resume(args, scene)
    }

    /// Goes on as far as it can.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, scene: &mut Scene<'_>) -> Poll<Outcome> {
        if let Some(outcome) = self.start(scene) {
            return Poll::Ready(outcome);
        }
        loop {
            let Some(wish) = &mut self.wish else {
                // it only let others have their turn: the next poll goes on
                self.args = Some(MultiValue::new());
                cx.waker().wake_by_ref();
                return Poll::Pending;
            };
            let lua = &self.state.lua;
            let Poll::Ready(came) = wish.poll(cx, scene, lua) else { return Poll::Pending };
            self.wish = None;
            if let Some(outcome) = self.resume(answer(lua, came), scene) {
                return Poll::Ready(outcome);
            }
        }
    }

    fn resume(&mut self, args: MultiValue, scene: &mut Scene<'_>) -> Option<Outcome> {
        let thread = self.thread.take()?;
        let burst = self.state.settings.burst_timeout;
        let left = self.limit.map(|limit| limit.saturating_sub(self.used));
        let allowed = [left, burst].into_iter().flatten().min();
        let began = Instant::now();
        let meter = Meter { until: allowed.map(|time| began + time), thread: Some(thread.to_pointer()) };
        let resumed = metered(meter, || scene.lend(|| resume(&self.state, &thread, args)));
        let ran = began.elapsed();
        self.used += ran;
        self.figure.worked(ran);
        self.wish = wish::take();
        let outcome = match resumed {
            Ok(_) if thread.is_resumable() => {
                self.thread = Some(thread);
                return None;
            }
            Ok((first, second, third)) => {
                self.state.give_back(thread);
                Outcome::Returned(first, second, third)
            }
            Err(error) => ended(error),
        };
        if self.figure.ended() % WEIGHED_EVERY == 1 {
            self.figure.holds(self.state.lua.used_memory());
        }
        Some(outcome)
    }
}

/// Goes on with a coroutine.
fn resume(state: &State, thread: &Thread, args: MultiValue) -> mlua::Result<(Value, Value, Value)> {
    let resumed = if args.is_empty() { thread.resume(()) } else { thread.resume(args) };
    if resumed.is_err() {
        // its variables that are to be closed are closed here, within its budget
        state.clear(thread);
    }
    resumed
}

/// Calls a function that cannot wait: it runs to its end at once.
pub(crate) fn call<T: FromLuaMulti>(
    state: &State,
    function: &Function,
    args: impl IntoLuaMulti,
    figure: &Figure,
) -> mlua::Result<T> {
    let limits = [state.settings.session_timeout, state.settings.burst_timeout];
    let allowed = limits.into_iter().flatten().min();
    let began = Instant::now();
    let meter = Meter { until: allowed.map(|time| began + time), thread: None };
    let called = metered(meter, || function.call(args));
    figure.worked(began.elapsed());
    figure.ended();
    called
}

/// Whether the function that runs may wait.
pub(crate) fn may_wait() -> bool {
    METER.get().thread.is_some()
}

/// The hook of every state: stops what ran too long, and lets others have their turn.
pub(crate) fn hook(lua: &Lua, at: &Debug<'_>) -> mlua::Result<VmState> {
    let meter = METER.get();
    if meter.until.is_some_and(|until| Instant::now() >= until) {
        STOPPED.set(true);
        let script = at.source().short_src.map(|name| name.into_owned()).unwrap_or_default();
        let line = at.current_line().unwrap_or(0);
        let message = format!("{script}:{line}: {TOO_LONG}");
        let traced = lua.traceback(Some(&message), 0).map(|text| text.to_string_lossy());
        return Err(mlua::Error::runtime(traced.unwrap_or(message)));
    }
    // a coroutine of the script's own must not be made to yield: its yields mean something. And between a wish and the
    // yield that waits for it there is no room for another: what comes of the wish would answer the wrong one
    let may_yield =
        !wish::is_made() && meter.thread.is_some_and(|thread| lua.current_thread().to_pointer() == thread);
    Ok(if may_yield { VmState::Yield } else { VmState::Continue })
}

/// Runs the body of a file: it cannot wait, and must come to an end.
pub(crate) fn within<T>(time: Duration, run: impl FnOnce() -> T) -> T {
    metered(Meter { until: Some(Instant::now() + time), thread: None }, run)
}

fn metered<T>(meter: Meter, run: impl FnOnce() -> T) -> T {
    let before = METER.replace(meter);
    let stopped = STOPPED.replace(false);
    let done = run();
    METER.set(before);
    STOPPED.set(stopped);
    done
}

/// Whether an error is the end of a budget: of time or of memory.
pub(crate) fn is_exhausted(error: &mlua::Error) -> bool {
    error.to_string().contains(TOO_LONG) || is_memory(error)
}

/// Whether the memory of the state is used up.
pub(crate) fn is_memory(error: &mlua::Error) -> bool {
    matches!(error, mlua::Error::MemoryError(_)) || error.to_string().contains("not enough memory")
}

/// Whether the function that runs was told to stop.
pub(crate) fn is_stopped() -> bool {
    STOPPED.get()
}

/// Calls after which a state is asked for its memory again.
const WEIGHED_EVERY: u64 = 64;

const TOO_LONG: &str = "the script ran too long";

/// What the waiting function is resumed with: true and its values, or false and the message.
fn answer(lua: &Lua, came: mlua::Result<MultiValue>) -> MultiValue {
    match came {
        Ok(mut values) => {
            values.push_front(Value::Boolean(true));
            values
        }
        Err(error) => {
            let message = lua.create_string(error.to_string()).map_or(Value::Nil, Value::String);
            MultiValue::from_iter([Value::Boolean(false), message])
        }
    }
}

/// An error as the end of a run: it may be one that `done` raised.
pub(crate) fn ended(error: mlua::Error) -> Outcome {
    match error.downcast_ref::<Ending>() {
        Some(ending) => Outcome::Done(ending.clone()),
        None => Outcome::Failed(error),
    }
}
