//! A plugin's place on a thread: its instance there, and what becomes of it when that is spoiled.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use portero_api::{BadArg, Here};

use crate::bell::Bell;
use crate::guest::{Ask, Guest, ROOT};
use crate::hooks;
use crate::plan::Plan;
use crate::rest::Rest;
use crate::scene::{self, Scene};
use crate::settings::OnError;
use crate::vm::{Failure, Vm};

/// A plugin's place on a thread.
pub(crate) struct Seat {
    pub(crate) plan: Arc<Plan>,
    /// The thread; none while the configuration is checked.
    pub(crate) here: Option<Here>,
    /// Wakes what the plugin does by itself.
    pub(crate) bell: Arc<Bell>,
    /// Takes the instance when the place is gone and the root context is not done.
    pub(crate) estate: Rc<Cell<Option<Vm>>>,
    vm: RefCell<Option<Vm>>,
    /// Counts the instances that were here: a stream knows by it whether its own one is gone.
    generation: Cell<u64>,
    /// When the next instance may be made.
    rest: Rest,
    /// Milliseconds between ticks; and true when that is new.
    period: Cell<(u32, bool)>,
    /// True when the root context is done with its end.
    over: Cell<bool>,
}

/// Why nothing was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The instance has failed, now or before.
    Failed,
    /// The instance is at work already: a host function led back to it.
    Busy,
}

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
                let vm = Vm::start(plan, Some(seat.bell.clone()))
                    .map_err(|failure| BadArg::new(failure.message))?;
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
            bell: Arc::default(),
            estate: Rc::default(),
            vm: RefCell::new(None),
            generation: Cell::new(1),
            rest: Rest::default(),
            period: Cell::new((0, false)),
            over: Cell::new(false),
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
        let vm = match &mut *place {
            Some(vm) => vm,
            none => none.insert(self.revive()?),
        };
        let guest = vm.guest();
        (guest.lent, guest.followed) = (context, scene.is_followed());
        let result = scene.lend(|| {
            let value = work(vm)?;
            if !vm.guest().finished.is_empty() {
                self.finish(vm)?;
            }
            Ok(value)
        });
        let guest = vm.guest();
        (guest.lent, guest.followed) = (0, false);
        match result {
            Ok(value) => {
                let asks = self.has_wishes(guest).then(|| self.take_wishes(guest));
                drop(place);
                if context == ROOT {
                    self.rest.went_well();
                }
                asks.into_iter().flatten().for_each(|ask| hooks::callout::begin(self, ask));
                Ok(value)
            }
            Err(failure) => {
                let spoiled = place.take();
                drop(place);
                self.spoil(spoiled, scene, &failure);
                Err(Broken::Failed)
            }
        }
    }

    /// An instance has failed in that scene.
    #[cold]
    fn spoil(&self, spoiled: Option<Vm>, mut scene: Scene<'_>, failure: &Failure) {
        scene.lend(|| self.bury(failure));
        // streams that waited for this instance learn of its end when they look
        if let Some(mut vm) = spoiled {
            vm.guest().streams.wake();
        }
    }

    /// Ends the contexts that the guest is done with only now.
    #[cold]
    fn finish(&self, vm: &mut Vm) -> Result<(), Failure> {
        for context in std::mem::take(&mut vm.guest().finished) {
            match context {
                ROOT => self.over.set(true),
                stream => vm.finish(stream)?,
            }
        }
        Ok(())
    }

    /// Whether there is something for [`Seat::take_wishes`].
    fn has_wishes(&self, guest: &Guest) -> bool {
        guest.tick_is_set || self.over.get() || !guest.outbox.is_empty()
    }

    /// What the guest wants beside what it was called for: its call-outs, and ticks.
    #[cold]
    fn take_wishes(&self, guest: &mut Guest) -> Vec<Ask> {
        if std::mem::take(&mut guest.tick_is_set) {
            self.period.set((guest.tick, true));
            self.bell.wake();
        }
        if self.over.get() {
            self.bell.wake();
        }
        std::mem::take(&mut guest.outbox)
    }

    /// The time between ticks in milliseconds, when it was set since the last question; 0: no more ticks.
    pub(crate) fn take_period(&self) -> Option<u32> {
        let (millis, is_new) = self.period.replace((self.period(), false));
        is_new.then_some(millis)
    }

    /// The time between ticks in milliseconds.
    pub(crate) fn period(&self) -> u32 {
        self.period.get().0
    }

    /// A queue of the plugin in which a message has come that the guest was not told of.
    pub(crate) fn take_message(&self) -> Option<u32> {
        while let Some(token) = self.bell.take() {
            if self.plan.spaces.queue(token).is_some_and(|queue| queue.take_due(token, &self.bell)) {
                return Some(token);
            }
        }
        None
    }

    /// True when the root context is done with its end.
    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// A place for an instance whose own one is gone, for what its root context has still to do.
    pub(crate) fn inherit(mut vm: Vm, here: &Here, bell: &Arc<Bell>) -> Rc<Seat> {
        let mut seat = Seat::new(vm.plan(), Some(here));
        seat.bell = bell.clone();
        seat.period.set((vm.guest().tick, true));
        // one that fails now is not made anew
        seat.rest.give_up();
        seat.vm.replace(Some(vm));
        Rc::new(seat)
    }

    /// Ends an instance whose root context is done, or has had its time.
    pub(crate) fn bequeath(&self) {
        // answers that are still to come find nobody
        self.generation.set(self.generation.get() + 1);
        if let Some(vm) = self.vm.take() {
            self.delete(vm);
        }
    }

    fn delete(&self, mut vm: Vm) {
        if let Err(failure) = vm.delete() {
            self.report(&failure, "its configuration has ended");
        }
    }

    /// A stream has ended well.
    pub(crate) fn went_well(&self) {
        self.rest.went_well();
    }

    /// What a failure means for an exchange.
    pub(crate) fn on_error(&self) -> OnError {
        self.plan.load.on_error
    }

    /// Makes the instance anew, unless it is too early for that.
    fn revive(&self) -> Result<Vm, Broken> {
        if self.here.is_none() || !self.rest.is_over() {
            return Err(Broken::Failed);
        }
        let vm = Vm::start(&self.plan, Some(self.bell.clone())).map_err(|failure| {
            self.rest.did_not_start();
            self.report(&failure, "it could not be made anew");
            Broken::Failed
        })?;
        self.plan.figure.renewed();
        Ok(vm)
    }

    /// Notes the end of an instance.
    fn bury(&self, failure: &Failure) {
        self.generation.set(self.generation.get() + 1);
        self.rest.failed();
        let what = if self.rest.is_over() {
            "the instance is made anew"
        } else {
            "it fails again and again, and rests"
        };
        self.report(failure, what);
    }

    fn report(&self, failure: &Failure, what: &str) {
        self.plan.figure.failed(failure.stopped);
        let message = &failure.message;
        scene::log(3, &format!("wasm {}: {message}\n{what}", self.plan.load.name));
    }
}

impl Drop for Seat {
    /// The last that held the place has let it go: the root context is asked to end.
    fn drop(&mut self) {
        let Some(mut vm) = self.vm.take() else { return };
        if std::thread::panicking() {
            return;
        }
        let lingers = vm.guest().lingers;
        match if lingers { Ok(true) } else { vm.end() } {
            Ok(true) => self.delete(vm),
            Ok(false) => {
                self.estate.set(Some(vm));
                self.bell.wake();
            }
            Err(failure) => self.report(&failure, "its configuration has ended"),
        }
    }
}
