//! A coroutine at work: resumed until it ends, waits for a wish, or has used up its budget.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use mlua::debug::Debug;
use mlua::{Function, Lua, MultiValue, Thread, Value, VmState};

use crate::api::Ending;
use crate::scene::Scene;
use crate::state::State;
use crate::wish::{self, Wish};

/// A function of a script on its way.
pub(crate) struct Run {
    state: Arc<State>,
    thread: Thread,
    /// What it was called with, until it is begun.
    args: Option<MultiValue>,
    wish: Option<Box<dyn Wish>>,
    /// Time that it has run, waits not counted.
    used: Duration,
    limit: Option<Duration>,
}

/// How a function ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It returned.
    Returned(MultiValue),
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

impl Run {
    /// A call of a function. `limit`: the longest that it may run in all.
    pub(crate) fn new(
        state: &Arc<State>,
        function: &Function,
        args: MultiValue,
        limit: Option<Duration>,
    ) -> mlua::Result<Run> {
        let thread = state.thread(function)?;
        Ok(Run { state: state.clone(), thread, args: Some(args), wish: None, used: Duration::ZERO, limit })
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
        let thread = &self.thread;
        let burst = self.state.settings.burst_timeout;
        let left = self.limit.map(|limit| limit.saturating_sub(self.used));
        let allowed = [left, burst].into_iter().flatten().min();
        let began = Instant::now();
        let meter = Meter { until: allowed.map(|time| began + time), thread: Some(thread.to_pointer()) };
        let resumed = metered(meter, || scene.lend(|| thread.resume::<MultiValue>(args)));
        self.used += began.elapsed();
        self.wish = wish::take();
        match resumed {
            Ok(_) if thread.is_resumable() => None,
            Ok(values) => {
                self.state.give_back(thread.clone());
                Some(Outcome::Returned(values))
            }
            Err(error) => Some(ended(error)),
        }
    }
}

/// Calls a function that cannot wait: it runs to its end at once.
pub(crate) fn call(
    state: &State,
    function: &Function,
    args: impl mlua::IntoLuaMulti,
) -> mlua::Result<MultiValue> {
    let limits = [state.settings.session_timeout, state.settings.burst_timeout];
    let allowed = limits.into_iter().flatten().min();
    let meter = Meter { until: allowed.map(|time| Instant::now() + time), thread: None };
    metered(meter, || function.call(args))
}

/// Whether the function that runs may wait.
pub(crate) fn may_wait() -> bool {
    METER.get().thread.is_some()
}

/// The hook of every state: stops what ran too long, and lets others have their turn.
pub(crate) fn hook(lua: &Lua, at: &Debug<'_>) -> mlua::Result<VmState> {
    let meter = METER.get();
    if meter.until.is_some_and(|until| Instant::now() >= until) {
        let script = at.source().short_src.map(|name| name.into_owned()).unwrap_or_default();
        let line = at.current_line().unwrap_or(0);
        return Err(mlua::Error::runtime(format!("{script}:{line}: the script ran too long")));
    }
    // a coroutine of the script's own must not be made to yield: its yields mean something
    let may_yield = meter.thread.is_some_and(|thread| lua.current_thread().to_pointer() == thread);
    Ok(if may_yield { VmState::Yield } else { VmState::Continue })
}

fn metered<T>(meter: Meter, run: impl FnOnce() -> T) -> T {
    let before = METER.replace(meter);
    let done = run();
    METER.set(before);
    done
}

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
