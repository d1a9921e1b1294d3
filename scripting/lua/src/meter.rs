//! How long functions run: what the hook of every state looks at.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mlua::debug::Debug;
use mlua::{Lua, VmState};

use crate::state::Coroutine;
use crate::wish;

/// The budget of what runs on this thread.
#[derive(Clone, Copy)]
pub(crate) struct Meter {
    allowed: Option<Duration>,
    /// When it began: when the hook first looked, for what ends sooner needs no clock.
    began: Option<Instant>,
    /// Where the coroutine is that may be made to yield.
    coroutine: Option<usize>,
}

thread_local! {
    static METER: Cell<Meter> = const { Cell::new(Meter { allowed: None, began: None, coroutine: None }) };
    /// The function that runs was told to stop; whatever it catches, it is raised again.
    static STOPPED: Cell<bool> = const { Cell::new(false) };
}

/// What the end of a budget of time says.
pub(crate) const TOO_LONG: &str = "the script ran too long";

impl Meter {
    /// A budget.
    pub(crate) fn new(allowed: Option<Duration>) -> Meter {
        Meter { allowed, began: None, coroutine: None }
    }

    /// The same of a coroutine, which may be made to yield.
    pub(crate) fn of(self, coroutine: &Coroutine) -> Meter {
        Meter { coroutine: Some(coroutine.address), ..self }
    }

    /// Runs something within this budget; how long that took since the hook first looked.
    pub(crate) fn run<T>(self, run: impl FnOnce() -> T) -> (T, Duration) {
        let before = METER.replace(self);
        let stopped = STOPPED.replace(false);
        let done = run();
        let ran = METER.replace(before).began.map_or(Duration::ZERO, |began| began.elapsed());
        STOPPED.set(stopped);
        (done, ran)
    }

    /// Whether its time is over.
    fn is_over(&mut self) -> bool {
        let Some(allowed) = self.allowed else { return false };
        let now = Instant::now();
        now.duration_since(*self.began.get_or_insert(now)) >= allowed
    }
}

/// Whether the function that runs may wait.
pub(crate) fn may_wait() -> bool {
    METER.get().coroutine.is_some()
}

/// Whether the function that runs was told to stop.
pub(crate) fn is_stopped() -> bool {
    STOPPED.get()
}

/// The hook of every state: stops what ran too long, and lets others have their turn.
pub(crate) fn hook(lua: &Lua, at: &Debug<'_>) -> mlua::Result<VmState> {
    let mut meter = METER.get();
    let is_over = meter.is_over();
    METER.set(meter);
    if is_over {
        STOPPED.set(true);
        return Err(too_long(lua, at));
    }
    // a coroutine of the script's own must not be made to yield: its yields mean something. And between a wish and the
    // yield that waits for it there is no room for another: what comes of the wish would answer the wrong one
    let may_yield =
        !wish::is_made() && meter.coroutine.is_some_and(|at| lua.current_thread().to_pointer().addr() == at);
    Ok(if may_yield { VmState::Yield } else { VmState::Continue })
}

/// Runs the body of a file: it cannot wait, and must come to an end.
pub(crate) fn within<T>(time: Duration, run: impl FnOnce() -> T) -> T {
    Meter::new(Some(time)).run(run).0
}

fn too_long(lua: &Lua, at: &Debug<'_>) -> mlua::Error {
    let script = at.source().short_src.map(|name| name.into_owned()).unwrap_or_default();
    let line = at.current_line().unwrap_or(0);
    let message = format!("{script}:{line}: {TOO_LONG}");
    let traced = lua.traceback(Some(&message), 0).map(|text| text.to_string_lossy());
    mlua::Error::runtime(traced.unwrap_or(message))
}
