//! Why a call did not end well.

use wasmtime::{Store, Trap};

use crate::guest::Guest;

/// Why a call did not end well: the instance is spoiled. In one word, for every call hands on that there is none.
pub(crate) type Failure = Box<Failed>;

/// What is to be said of it.
pub(crate) struct Failed {
    /// What happened, with the guest's backtrace.
    pub(crate) message: String,
    /// True when it was stopped, for its time or its memory was used up.
    pub(crate) stopped: bool,
}

/// What is to be said of a call that failed.
#[cold]
pub(super) fn failure(store: &Store<Guest>, name: &str, error: &wasmtime::Error) -> Failure {
    let guest = store.data();
    let why = match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => format!("it ran longer than {:?}", guest.plan.load.timeout),
        _ if guest.limits.refused => {
            format!("it wanted more than {} bytes of memory", guest.plan.load.max_memory)
        }
        _ => error.root_cause().to_string(),
    };
    let stopped = matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) || guest.limits.refused;
    let backtrace = error.downcast_ref::<wasmtime::WasmBacktrace>();
    let backtrace = backtrace.map(|frames| format!("\n{frames}")).unwrap_or_default();
    Failure::from(Failed { message: format!("{name}: {why}{backtrace}"), stopped })
}
