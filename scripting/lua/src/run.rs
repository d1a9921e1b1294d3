//! A coroutine at work: resumed until it ends, waits for a wish, or has used up its budget.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua, MultiValue, Thread, Value};

use crate::api::Ending;
use crate::meter::{Meter, TOO_LONG};
use crate::scene::Scene;
use crate::settings::Settings;
use crate::state::{Coroutine, State};
use crate::wish::{self, Wish};
use portero_api::Figure;

/// A function of a script on its way.
pub(crate) struct Run {
    state: Arc<State>,
    /// None once it has ended.
    coroutine: Option<Coroutine>,
    /// What it was called with, until it is begun.
    args: Option<MultiValue>,
    wish: Option<Box<dyn Wish>>,
    waited: bool,
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

impl Run {
    /// A call of a function. `limit`: the longest that it may run in all.
    pub(crate) fn new(
        state: &Arc<State>,
        function: &Function,
        args: MultiValue,
        limit: Option<Duration>,
        figure: &Arc<Figure>,
    ) -> mlua::Result<Run> {
        let coroutine = Some(state.coroutine(function)?);
        let (state, figure) = (state.clone(), figure.clone());
        let (args, used) = (Some(args), Duration::ZERO);
        Ok(Run { state, coroutine, args, wish: None, waited: false, used, limit, figure })
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
        let coroutine = self.coroutine.take()?;
        let burst = self.state.settings.burst_timeout;
        let left = self.limit.map(|limit| limit.saturating_sub(self.used));
        // what ends without a wait needs no look at the clock, but for the figures
        let running = self.figure.begin(self.waited);
        let meter = Meter::new(smaller(left, burst)).of(&coroutine);
        let (resumed, seen) = meter.run(|| scene.lend(|| resume(&self.state, &coroutine.thread, args)));
        self.used += self.figure.ran(&running).unwrap_or(seen);
        self.wish = wish::take();
        let outcome = match resumed {
            Ok(_) if coroutine.thread.is_resumable() => {
                self.coroutine = Some(coroutine);
                self.waited = true;
                return None;
            }
            Ok((first, second, third)) => {
                self.state.give_back(coroutine);
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
    let Settings { session_timeout, burst_timeout, .. } = &*state.settings;
    let running = figure.call(false);
    let (called, _) = Meter::new(smaller(*session_timeout, *burst_timeout)).run(|| function.call(args));
    if let Some(running) = running {
        figure.ran(&running);
    }
    called
}

/// The smaller one of two limits.
fn smaller(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.zip(other).map_or(one.or(other), |(one, other)| Some(one.min(other)))
}

/// Whether an error is the end of a budget: of time or of memory.
pub(crate) fn is_exhausted(error: &mlua::Error) -> bool {
    error.to_string().contains(TOO_LONG) || is_memory(error)
}

/// Whether the memory of the state is used up.
pub(crate) fn is_memory(error: &mlua::Error) -> bool {
    matches!(error, mlua::Error::MemoryError(_)) || error.to_string().contains("not enough memory")
}

/// Calls after which a state is asked for its memory again.
const WEIGHED_EVERY: u64 = 64;

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
