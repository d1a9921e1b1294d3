//! What host functions know of the instance that calls them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Headers, HttpAsk, Metric, Running};
use wasmtime::{Memory, ResourceLimiter, TypedFunc};

use crate::abi::{Declarations, Expressions, Programs, Status};
use crate::bell::Bell;
use crate::context::Stream;
use crate::plan::Plan;
use crate::scene;
use crate::settings::Level;
use crate::streams::Streams;
use crate::turns::Turns;

/// The context that stands for the plugin; streams have the numbers behind it.
pub(crate) const ROOT: u32 = 1;

/// The data of a store: what belongs to one instance.
pub(crate) struct Guest {
    pub(crate) plan: Arc<Plan>,
    /// Wakes the work of its place; none while the configuration is checked: nothing that it wants reaches anybody then.
    pub(crate) bell: Option<Arc<Bell>>,
    /// Its memory, and what allocates in it; none before it is instantiated, or where it exports none.
    pub(crate) memory: Option<Memory>,
    pub(crate) allocate: Option<Rc<TypedFunc<u32, u32>>>,
    /// What it may have of memory.
    pub(crate) limits: Limits,
    /// What went wrong when it was to allocate: it is spoiled, whatever the call that led there answers.
    pub(crate) trapped: Option<wasmtime::Error>,
    /// The call that runs, where its time is measured.
    pub(crate) running: Option<Running>,
    /// True when there is something to be looked at behind that call: its time, a trap, lines of outputs.
    pub(crate) looks_back: bool,
    /// The context whose callback runs.
    pub(crate) current: u32,
    /// The one that host functions mean instead (`proxy_set_effective_context`); 0: the same.
    pub(crate) effective: u32,
    /// The context that the exchange is lent to: a stream, [`ROOT`] for a hook that has no stream, 0 for nobody.
    pub(crate) lent: u32,
    /// True while somebody follows that exchange, and wants to be told who was there.
    pub(crate) followed: bool,
    /// The streams by number.
    pub(crate) streams: Streams,
    next: u32,
    /// The answer of a call-out, while its callback runs.
    pub(crate) told: Told,
    /// What a foreign function is called with (`CALL_DATA`).
    pub(crate) call_data: Vec<u8>,
    /// What it answered.
    pub(crate) answer: Option<Vec<u8>>,
    /// Call-outs that the guest has asked for, until the seat begins them.
    pub(crate) outbox: Vec<Ask>,
    next_call: u32,
    /// Call-outs that are not answered yet.
    pub(crate) calls: usize,
    /// Whose turn it is to answer them.
    pub(crate) turns: Turns,
    /// How the last call-out went (`proxy_get_status`), while its callback runs.
    pub(crate) status: (u32, &'static str),
    /// Contexts that the guest is done with only now (`proxy_done`).
    pub(crate) finished: Vec<u32>,
    /// The metrics that it has defined, by their numbers less one.
    pub(crate) metrics: Vec<Arc<Metric>>,
    /// True until it is ready to be called.
    pub(crate) starting: bool,
    /// Hooks that it has offered while it was started (`portero.offer`).
    pub(crate) offers: Vec<String>,
    /// Milliseconds between ticks of the root context; 0 for none.
    pub(crate) tick: u32,
    /// The sample expressions that it has asked for.
    pub(crate) expressions: Expressions,
    /// What it has said of properties (`declare_property`).
    pub(crate) declared: Declarations,
    /// The CEL expressions that it has made (`expr_create`).
    pub(crate) programs: Programs,
    /// The begun lines of its outputs (stdout and stderr of WASI).
    pub(crate) outputs: [Vec<u8>; 2],
    /// True when that was said anew: the time begins from then.
    pub(crate) tick_is_set: bool,
    /// True when the root context was asked to end, and is not done yet.
    pub(crate) lingers: bool,
}

/// An answer as the guest sees it: the maps and the body of a call-out.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) headers: Headers,
    pub(crate) trailers: Headers,
    pub(crate) body: Vec<u8>,
}

/// A call-out that the guest has asked for.
pub(crate) struct Ask {
    /// By which the guest knows it.
    pub(crate) token: u32,
    /// The context whose exchange is lent when the answer is shown.
    pub(crate) context: u32,
    /// What is asked; none: there is no server to ask, which the guest learns as it learns of other failures.
    pub(crate) request: Option<HttpAsk>,
    /// The longest that the answer takes.
    pub(crate) timeout: Duration,
}

/// What an instance may have of memory.
pub(crate) struct Limits {
    most: usize,
    /// Bytes that it has.
    pub(crate) held: usize,
    /// True when the call that runs has asked for more than there is.
    pub(crate) refused: bool,
}

/// Elements of a table, at most.
const TABLE: usize = 100_000;

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = self.held - current.min(self.held) + desired <= self.most;
        match fits {
            true => self.held = self.held - current.min(self.held) + desired,
            false => self.refused = true,
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE)
    }
}

impl Guest {
    pub(crate) fn new(plan: &Arc<Plan>, bell: Option<Arc<Bell>>) -> Guest {
        Guest {
            plan: plan.clone(),
            bell,
            memory: None,
            allocate: None,
            limits: Limits { most: plan.load.max_memory, held: 0, refused: false },
            trapped: None,
            running: None,
            looks_back: false,
            current: ROOT,
            effective: 0,
            lent: 0,
            followed: false,
            streams: Streams::default(),
            next: ROOT,
            told: Told::default(),
            call_data: Vec::new(),
            answer: None,
            outbox: Vec::new(),
            next_call: 0,
            calls: 0,
            turns: Turns::default(),
            status: (0, ""),
            finished: Vec::new(),
            metrics: Vec::new(),
            starting: true,
            offers: Vec::new(),
            tick: 0,
            expressions: Expressions::default(),
            declared: Declarations::default(),
            programs: Programs::default(),
            outputs: Default::default(),
            tick_is_set: false,
            lingers: false,
        }
    }

    /// The context that host functions mean.
    pub(crate) fn context(&self) -> u32 {
        match self.effective {
            0 => self.current,
            other => other,
        }
    }

    /// The stream that host functions mean.
    ///
    /// # Errors
    ///
    /// It is the root context, or a stream that is over.
    pub(crate) fn stream(&mut self) -> Result<&mut Stream, Status> {
        let context = self.context();
        self.streams.get_mut(context).ok_or(Status::BadArgument)
    }

    /// True when the exchange of the moment is that of the context that host functions mean.
    pub(crate) fn is_lent(&self) -> bool {
        self.lent != 0 && self.lent == self.context()
    }

    /// Opens a stream, and says its number.
    pub(crate) fn open(&mut self) -> u32 {
        loop {
            self.next = self.next.checked_add(1).unwrap_or(ROOT + 1);
            if self.streams.open(self.next) {
                return self.next;
            }
        }
    }

    /// Writes a line of the guest's, when its level is logged.
    pub(crate) fn log(&self, level: Level, text: &[u8]) {
        let load = &self.plan.load;
        if level >= load.log_level {
            let text = String::from_utf8_lossy(text);
            scene::log(level.syslog(), &format!("wasm {}: {}", load.name, text.trim_end()));
        }
    }

    /// The token of a new call-out.
    pub(crate) fn new_token(&mut self) -> u32 {
        self.next_call = self.next_call.wrapping_add(1).max(1);
        self.next_call
    }
}
