//! A plugin's place on a thread: its instance there, and what becomes of it when that is spoiled.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portero_api::{BadArg, Here, clock};

use crate::guest::Ask;
use crate::hooks;
use crate::plan::Plan;
use crate::scene::{self, Scene};
use crate::settings::OnError;
use crate::vm::{Failure, Vm};

/// A plugin's place on a thread.
pub(crate) struct Seat {
    pub(crate) plan: Arc<Plan>,
    /// The thread; none while the configuration is checked.
    pub(crate) here: Option<Here>,
    vm: RefCell<Option<Vm>>,
    /// Counts the instances that were here: a stream knows by it whether its own one is gone.
    generation: Cell<u64>,
    /// When the next instance may be made, and how long the one after that has to wait.
    rest: Cell<(Option<Instant>, Duration)>,
}

/// Why nothing was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The instance has failed, now or before.
    Failed,
    /// The instance is at work already: a host function led back to it.
    Busy,
}

/// The first wait for a new instance behind one that failed at once, and the longest.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// An instance that has lived for so long failed of something new.
const SETTLED: Duration = Duration::from_secs(10);

impl Seat {
    /// The place of a plugin on a thread, with an instance; while the configuration is checked, one without.
    ///
    /// # Errors
    ///
    /// The module started when the configuration was checked, and does not start now.
    pub(crate) fn of(plan: &Arc<Plan>, here: Option<&Here>) -> Result<Rc<Seat>, BadArg> {
        scene::settle(here);
        match here {
            Some(here) => here.local.get(&format!("wasm/{}", plan.id), || {
                let seat = Seat::new(plan, Some(here));
                let vm = Vm::start(plan, true).map_err(|failure| BadArg::new(failure.message))?;
                seat.vm.replace(Some(vm));
                Ok(seat)
            }),
            None => Ok(Rc::new(Seat::new(plan, None))),
        }
    }

    fn new(plan: &Arc<Plan>, here: Option<&Here>) -> Seat {
        Seat {
            plan: plan.clone(),
            here: here.cloned(),
            vm: RefCell::new(None),
            generation: Cell::new(1),
            rest: Cell::new((None, REST.0)),
        }
    }

    /// Which instance is here.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// Lets the instance work, with the exchange of `scene` lent to `context`: a stream of the instance `generation`, or
    /// the root context of whichever there is (none).
    ///
    /// # Errors
    ///
    /// [`Broken`]; a failure was logged and counted.
    pub(crate) fn enter<T>(
        self: &Rc<Self>,
        generation: Option<u64>,
        context: u32,
        mut scene: Scene<'_>,
        work: impl FnOnce(&mut Vm) -> Result<T, Failure>,
    ) -> Result<T, Broken> {
        let mut place = self.vm.try_borrow_mut().map_err(|_| Broken::Busy)?;
        if generation.is_some_and(|generation| generation != self.generation.get()) {
            return Err(Broken::Failed);
        }
        if place.is_none() {
            *place = Some(self.revive()?);
        }
        let Some(vm) = place.as_mut() else { return Err(Broken::Failed) };
        vm.guest().lent = context;
        let result = scene.lend(|| work(vm));
        let guest = vm.guest();
        guest.lent = 0;
        let asks = std::mem::take(&mut guest.outbox);
        match result {
            Ok(value) => {
                drop(place);
                self.begin(asks);
                Ok(value)
            }
            Err(failure) => {
                // streams that waited for this instance learn of its end when they look
                let spoiled = place.take();
                drop(place);
                scene.lend(|| self.bury(&failure));
                for mut stream in
                    spoiled.into_iter().flat_map(|mut vm| std::mem::take(&mut vm.guest().streams))
                {
                    stream.1.wake();
                }
                Err(Broken::Failed)
            }
        }
    }

    /// What a failure means for an exchange.
    pub(crate) fn on_error(&self) -> OnError {
        self.plan.load.on_error
    }

    /// Makes the instance anew, unless it is too early for that.
    fn revive(&self) -> Result<Vm, Broken> {
        let (until, rest) = self.rest.get();
        if self.here.is_none() || until.is_some_and(|until| clock::now() < until) {
            return Err(Broken::Failed);
        }
        Vm::start(&self.plan, true).map_err(|failure| {
            self.rest.set((Some(clock::now() + rest), (rest * 2).min(REST.1)));
            self.report(&failure, "it could not be made anew");
            Broken::Failed
        })
    }

    /// Notes the end of an instance.
    fn bury(&self, failure: &Failure) {
        self.generation.set(self.generation.get() + 1);
        let now = clock::now();
        let (last, rest) = self.rest.get();
        let again = last.is_some_and(|last| now.duration_since(last) < SETTLED);
        // the first one is made anew at once, the others only after a rest
        self.rest.set(match again {
            true => (Some(now + rest), (rest * 2).min(REST.1)),
            false => (Some(now), REST.0),
        });
        self.report(failure, "the instance is made anew");
    }

    fn report(&self, failure: &Failure, what: &str) {
        self.plan.figure.failed(failure.stopped);
        let Failure { message, .. } = failure;
        scene::log(3, &format!("wasm {}: {message}\n{what}", self.plan.load.name));
    }

    /// Begins the call-outs that the guest has asked for.
    fn begin(self: &Rc<Self>, asks: Vec<Ask>) {
        for ask in asks {
            hooks::callout::begin(self, ask);
        }
    }
}
