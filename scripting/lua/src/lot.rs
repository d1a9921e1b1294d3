//! The scripts of one configuration, and the states that they run in.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portero_api::{BadArg, Common, Here, Plugin, clock};

use crate::hooks;
use crate::scene;
use crate::settings::{Load, Settings};
use crate::state::{Registered, State};

/// The scripts of one configuration.
#[derive(Clone)]
pub struct Scripts {
    lots: Vec<Arc<Lot>>,
}

/// A file that could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which of the files.
    pub load: usize,
    /// What Lua says, with script and line, and a traceback where there is one.
    pub message: String,
}

/// A file as it was read: a thread that starts later runs what was checked.
pub(crate) struct Source {
    /// Which of the files of the configuration.
    pub(crate) load: usize,
    /// What Lua calls it.
    pub(crate) name: String,
    /// What stands in it.
    pub(crate) text: Vec<u8>,
    /// What it gets as `...`.
    pub(crate) args: Vec<String>,
}

/// The files that run in one state, or, of `lua-load-per-thread`, in one state on each thread.
pub(crate) struct Lot {
    id: u64,
    sources: Vec<Source>,
    settings: Arc<Settings>,
    common: Arc<Common>,
    per_thread: bool,
    /// The state that was made when the configuration was checked: the one of all threads, or the first thread's.
    first: Mutex<Option<Arc<State>>>,
    /// How often the state of all threads was made anew.
    renewals: AtomicU64,
}

/// A lot's place on a thread: all that is made of its scripts there shares it, and with it the state.
pub(crate) struct Seat {
    lot: Arc<Lot>,
    state: RefCell<Arc<State>>,
    /// When its state was last made anew.
    renewed: Cell<Option<Instant>>,
}

/// A state that is spoiled again so soon stays as it is: making it costs more than it is worth.
const RENEWED_AFTER: Duration = Duration::from_secs(1);

impl Scripts {
    /// Runs the files, which registers their functions. Files of `lua-load` come before those of `lua-load-per-thread`.
    ///
    /// # Errors
    ///
    /// The first file that fails.
    pub fn load(loads: &[Load], settings: &Settings, common: &Arc<Common>) -> Result<Scripts, Mistake> {
        let settings = Arc::new(settings.clone());
        let kinds = [false, true].into_iter().filter(|kind| loads.iter().any(|l| l.per_thread == *kind));
        let lots = kinds.map(|per_thread| Lot::new(loads, &settings, common, per_thread).map(Arc::new));
        Ok(Scripts { lots: lots.collect::<Result<_, _>>()? })
    }

    /// A plugin for each name that a script registered, and one for each lot with its tasks and commands.
    pub fn plugins(&self) -> Vec<Plugin> {
        self.lots.iter().flat_map(hooks::plugins).collect()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }
}

impl Lot {
    fn new(
        loads: &[Load],
        settings: &Arc<Settings>,
        common: &Arc<Common>,
        per_thread: bool,
    ) -> Result<Lot, Mistake> {
        let mine = loads.iter().enumerate().filter(|(_, load)| load.per_thread == per_thread);
        let sources = mine.map(|(index, load)| Source::read(index, load)).collect::<Result<Vec<_>, _>>()?;
        let state = State::load(&sources, settings, common, per_thread);
        let state = state.map_err(|(load, error)| Mistake { load, message: error.to_string() })?;
        Ok(Lot {
            id: state.inside.id,
            sources,
            settings: settings.clone(),
            common: common.clone(),
            per_thread,
            first: Mutex::new(Some(Arc::new(state))),
            renewals: AtomicU64::new(0),
        })
    }

    /// True when each thread has a state of its own.
    pub(crate) fn is_per_thread(&self) -> bool {
        self.per_thread
    }

    /// Tells this lot from others.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The seat on a thread; while a configuration is checked, one in the state that was made for that.
    ///
    /// # Errors
    ///
    /// A file that ran when the configuration was checked does not run now.
    pub(crate) fn seat(self: &Arc<Lot>, here: Option<&Here>) -> Result<Rc<Seat>, BadArg> {
        scene::settle(here);
        let make = || {
            let state = self.state(here.is_some())?;
            if here.is_some() {
                state.go_live();
            }
            Ok(Seat { lot: self.clone(), state: RefCell::new(state), renewed: Cell::new(None) })
        };
        match here {
            Some(here) => here.local.get(&format!("lua/{}", self.id), make),
            None => make().map(Rc::new),
        }
    }

    /// The state that all threads share, where they do.
    fn shared(&self) -> Option<Arc<State>> {
        if self.per_thread {
            return None;
        }
        self.first.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// A state in the place of a spoiled one.
    fn renew(&self, spoiled: &Arc<State>) -> mlua::Result<Arc<State>> {
        let mut first = self.first.lock().unwrap_or_else(|e| e.into_inner());
        // another thread may have been quicker
        if let Some(shared) = first.as_ref().filter(|state| !self.per_thread && !Arc::ptr_eq(state, spoiled))
        {
            return Ok(shared.clone());
        }
        let state = State::load(&self.sources, &self.settings, &self.common, self.per_thread);
        let state = Arc::new(state.map_err(|(_, error)| error)?);
        if !self.per_thread {
            *first = Some(state.clone());
            self.renewals.fetch_add(1, Relaxed);
        }
        Ok(state)
    }

    fn state(&self, live: bool) -> Result<Arc<State>, BadArg> {
        let mut first = self.first.lock().unwrap_or_else(|e| e.into_inner());
        match live && self.per_thread {
            true => match first.take() {
                Some(state) => Ok(state),
                None => State::load(&self.sources, &self.settings, &self.common, true)
                    .map(Arc::new)
                    .map_err(|(_, error)| BadArg::new(error.to_string())),
            },
            false => first.clone().ok_or_else(|| BadArg::new("the scripts run on their threads already")),
        }
    }

    /// What the files registered, in order.
    pub(crate) fn registered(&self) -> Vec<Registered> {
        let first = self.first.lock().unwrap_or_else(|e| e.into_inner());
        first.as_ref().map(|state| state.registered()).unwrap_or_default()
    }
}

impl Source {
    fn read(load: usize, file: &Load) -> Result<Source, Mistake> {
        let text = std::fs::read(&file.path).map_err(|e| {
            let message = format!("cannot read '{}': {e}", file.path.display());
            Mistake { load, message }
        })?;
        Ok(Source { load, name: format!("@{}", file.path.display()), text, args: file.args.clone() })
    }
}

impl Seat {
    /// Whether a state is the one of the moment.
    pub(crate) fn has(&self, state: &Arc<State>) -> bool {
        if self.lot.renewals.load(Relaxed) > 0 {
            return Arc::ptr_eq(&self.state(), state);
        }
        Arc::ptr_eq(&self.state.borrow(), state)
    }

    /// The state.
    pub(crate) fn state(&self) -> Arc<State> {
        if self.lot.renewals.load(Relaxed) > 0
            && let Some(shared) = self.lot.shared()
        {
            self.state.replace(shared);
        }
        self.state.borrow().clone()
    }

    /// Makes the state anew, for it is spoiled. What runs in the old one ends there.
    pub(crate) fn renew(&self) {
        let now = clock::now();
        if self.renewed.get().is_some_and(|last| now.duration_since(last) < RENEWED_AFTER) {
            return;
        }
        self.renewed.set(Some(now));
        let spoiled = self.state.borrow().clone();
        match self.lot.renew(&spoiled) {
            Ok(state) => {
                state.go_live();
                drop(self.state.replace(state));
            }
            Err(error) => scene::log(3, &format!("Lua state: could not be made anew: {error}")),
        }
    }
}

impl std::fmt::Debug for Scripts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scripts({} states)", self.lots.len())
    }
}
