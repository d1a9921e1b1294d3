//! A server with its place among others: what its changes of state mean for its backend, its followers (`track`), its
//! sessions and the log.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portero_api::{Admin, CheckStatus, Common, Counter, Oper, ServerState};
use tokio::sync::Notify;

use super::backend::Backend;
use super::shutdown::{Ended, Shutdown};
use super::slowstart::Ramp;
use super::tell;
use super::vitals::{Step, Vitals};
use super::words::{Cause, Finding, full_name, subject};
use super::world::Flags;
use crate::config::checked::{OnError, Server};
use crate::log::Level;

/// A server, checked or not.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) server: Arc<ServerState>,
    pub(super) common: Arc<Common>,
    pub(super) vitals: Cell<Vitals>,
    /// False while checks are paused (`disable health`).
    pub(super) checking: Cell<bool>,
    /// Asks for a check soon.
    pub(super) hurry: Notify,
    backend: RefCell<Rc<Backend>>,
    followers: RefCell<Vec<Weak<Member>>>,
    habits: Cell<Habits>,
    /// True when what the operator says came from the server that this one tracks.
    inherited: Cell<bool>,
    ramp: RefCell<Option<Ramp>>,
}

/// What a server does at changes of its state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habits {
    pub(super) slowstart: Option<Duration>,
    pub(super) shutdown_sessions: bool,
    pub(super) shutdown_backups: bool,
}

impl From<&Server> for Habits {
    fn from(server: &Server) -> Habits {
        Habits {
            slowstart: server.slowstart,
            shutdown_sessions: server.shutdown_sessions,
            shutdown_backups: server.shutdown_backups,
        }
    }
}

impl Member {
    pub(super) fn new(
        server: Arc<ServerState>,
        backend: Rc<Backend>,
        habits: Habits,
        common: Arc<Common>,
    ) -> Member {
        Member {
            server,
            common,
            vitals: Cell::new(Vitals::new(1, 1)),
            checking: Cell::new(true),
            hurry: Notify::new(),
            backend: RefCell::new(backend),
            followers: RefCell::default(),
            habits: Cell::new(habits),
            inherited: Cell::new(false),
            ramp: RefCell::default(),
        }
    }

    /// Takes over what a new configuration says; followers are named anew after it.
    pub(super) fn reconfigure(&self, backend: Rc<Backend>, habits: Habits) {
        self.backend.replace(backend);
        self.habits.set(habits);
        self.followers.borrow_mut().clear();
    }

    /// `follower` takes its state from this server, from now on.
    pub(super) fn lead(&self, follower: &Rc<Member>) {
        self.followers.borrow_mut().push(Rc::downgrade(follower));
        follower.server.set_oper(self.server.oper());
    }

    /// Begins to count under these numbers. What is known of the server stays, but the next failure takes it down.
    pub(super) fn begin(&self, rise: u32, fall: u32) {
        let mut vitals = Vitals::new(rise, fall);
        if self.server.oper() == Oper::Down {
            vitals.kill();
        }
        self.vitals.set(vitals);
        let mut view = self.server.check.lock().unwrap_or_else(|e| e.into_inner());
        (view.rise, view.fall, view.health) = (vitals.rise(), vitals.fall(), vitals.value());
        if view.status == CheckStatus::Unknown {
            view.status = CheckStatus::Init;
        }
    }

    /// Takes the result of a check in.
    pub(super) fn conclude(&self, finding: &Finding) {
        let mut finding = finding.clone();
        // only a server that is up can pass on condition: one that is down would never be missed
        if finding.status == CheckStatus::L7OkConditionally && self.server.oper() == Oper::Down {
            finding.status = CheckStatus::L7Status;
        }
        let was = self.server.check.lock().unwrap_or_else(|e| e.into_inner()).status;
        let passed = finding.status.passed();
        let conditional = finding.status == CheckStatus::L7OkConditionally;
        let mut vitals = self.vitals.get();
        if !passed && vitals.is_up() {
            self.server.counters.inc(Counter::ChecksFailed);
        }
        let step = if passed { vitals.succeed() } else { vitals.fail() };
        self.vitals.set(vitals);
        self.show(&finding);
        tell::check(&self.common.events, &self.server, &finding, &vitals);
        let backend = self.backend();
        let logged = backend.log_checks && (step != Step::None || finding.status != was);
        if logged {
            backend.say(Level::Notice, &finding.line(&self.server, &vitals.progress()));
        }
        let cause = Cause::Check((!backend.log_checks).then(|| finding.reason()));
        match step {
            Step::Down => self.set_oper(Oper::Down, &cause),
            _ if !vitals.is_up() => {}
            _ if passed && conditional => self.set_oper(Oper::Stopping, &cause),
            _ if passed => self.set_oper(Oper::Up, &cause),
            _ => {}
        }
    }

    /// Takes in that traffic had too many errors (`on-error`).
    pub(super) fn observed(&self, finding: &Finding, on_error: OnError) {
        let mut vitals = self.vitals.get();
        match on_error {
            OnError::Fastinter => return,
            OnError::FailCheck => {}
            OnError::SuddenDeath => {
                let failures_left = vitals.value().saturating_sub(vitals.rise());
                vitals.weaken();
                self.vitals.set(vitals);
                if failures_left > 0 {
                    return self.show(finding);
                }
            }
            OnError::MarkDown => {
                vitals.weaken();
                self.vitals.set(vitals);
            }
        }
        self.conclude(finding);
    }

    /// Changes what checks say, with all that follows from it.
    pub(super) fn set_oper(&self, oper: Oper, cause: &Cause) {
        let was = self.server.oper();
        if self.server.set_oper(oper) {
            self.oper_changed(was, oper, cause);
        }
    }

    /// All that follows from a change of what checks say.
    pub(super) fn oper_changed(&self, was: Oper, oper: Oper, cause: &Cause) {
        let (backend, subject) = (self.backend(), subject(&self.server));
        let (tally, reason) = (backend.tally(), cause.after_state());
        match oper {
            Oper::Up => {
                backend.say(Level::Notice, &format!("{subject} is UP{reason}. {}", tally.online()));
                self.came_back(was);
            }
            Oper::Stopping => {
                backend.say(Level::Notice, &format!("{subject} is stopping{reason}. {}", tally.online()));
            }
            Oper::Down => {
                // it had been taken out of rotation before: nothing is lost any more
                let level = if was == Oper::Stopping { Level::Notice } else { Level::Alert };
                let left = tally.left(self.server.sessions.now());
                backend.say(level, &format!("{subject} is DOWN{reason}. {left}"));
                self.went_away();
            }
        }
        let admin = self.server.admin();
        let warming = self.is_warming();
        let states = (tell::state(was, admin, warming), tell::state(oper, admin, warming));
        tell::change(&self.common.events, &self.server, states, cause, false);
        let via = Cause::Tracked(full_name(&self.server));
        self.for_followers(|f| f.set_oper(oper, &via));
        backend.look_around();
    }

    /// Sets the health by hand: checks go on from there (`set server ... health`).
    pub(super) fn force_oper(&self, oper: Oper) {
        let was = self.server.oper();
        let changed = self.server.set_oper(oper);
        self.oper_forced(oper, changed.then_some(was));
    }

    /// All that follows from a health that was set by hand; `was`: what it was, where it was not the same.
    pub(super) fn oper_forced(&self, oper: Oper, was: Option<Oper>) {
        let mut vitals = self.vitals.get();
        match oper {
            Oper::Down => vitals.kill(),
            _ => vitals.restart(),
        }
        self.vitals.set(vitals);
        if let Some(was) = was {
            self.oper_changed(was, oper, &Cause::Operator);
        }
    }

    /// Changes what the operator says, with all that follows from it.
    pub(super) fn set_admin(&self, admin: Admin, cause: &Cause) {
        let was = self.server.admin();
        let inherits = matches!(cause, Cause::Tracked(_));
        // what was said of this very server outlives what the one that it tracks inherits to it
        if inherits && was != Admin::Ready && !self.inherited.get() {
            return;
        }
        if self.server.set_admin(admin) {
            self.admin_changed(was, admin, cause);
        }
    }

    /// All that follows from a change of what the operator says.
    pub(super) fn admin_changed(&self, was: Admin, admin: Admin, cause: &Cause) {
        let oper = self.server.oper();
        let before = (tell::state(oper, was, self.is_warming()), tell::admin_bits(was, self.inherited.get()));
        self.inherited.set(matches!(cause, Cause::Tracked(_)) && admin != Admin::Ready);
        if was == Admin::Maint {
            self.wake_up();
        }
        let backend = self.backend();
        let (level, line) = self.admin_line(was, admin, cause);
        backend.say(level, &line);
        if admin == Admin::Maint {
            self.went_away();
        }
        let after = tell::state(self.server.oper(), admin, self.is_warming());
        let bits = tell::admin_bits(admin, self.inherited.get());
        tell::admin(&self.common.events, &self.server, (before.1, bits), cause);
        tell::change(&self.common.events, &self.server, (before.0, after), cause, true);
        let via = Cause::Tracked(full_name(&self.server));
        self.for_followers(|f| f.set_admin(admin, &via));
        backend.look_around();
    }

    fn admin_line(&self, was: Admin, admin: Admin, cause: &Cause) -> (Level, String) {
        let (tally, subject) = (self.backend().tally(), subject(&self.server));
        let (via, forced) = (cause.via(), cause.forced());
        let state = if self.server.oper() == Oper::Down { "DOWN" } else { "UP" };
        match (was, admin) {
            (_, Admin::Maint) => {
                let left = tally.left(self.server.sessions.now());
                (Level::Alert, format!("{subject} is going DOWN for maintenance{via}. {left}"))
            }
            (Admin::Maint, Admin::Drain) => {
                (Level::Notice, format!("{subject} is {state}/DRAIN (leaving {forced}maintenance)."))
            }
            (Admin::Maint, _) => {
                (Level::Notice, format!("{subject} is {state}/READY (leaving {forced}maintenance)."))
            }
            (_, Admin::Drain) => {
                (Level::Notice, format!("{subject} enters drain state{via}. {}", tally.online()))
            }
            (_, Admin::Ready) => {
                (Level::Notice, format!("{subject} is {state} (leaving {forced}drain){via}."))
            }
        }
    }

    /// Shows the finding in statistics.
    fn show(&self, finding: &Finding) {
        let vitals = self.vitals.get();
        let mut view = self.server.check.lock().unwrap_or_else(|e| e.into_inner());
        view.status = finding.status;
        view.code = finding.code;
        view.millis = finding.millis.unwrap_or(view.millis);
        view.reason.clone_from(&finding.info);
        view.ended = Some(Instant::now());
        view.running = false;
        (view.rise, view.fall, view.health) = (vitals.rise(), vitals.fall(), vitals.value());
        view.streak = match vitals.is_up() {
            true => vitals.rise() + vitals.fall() - 1 - vitals.value(),
            false => vitals.value(),
        };
    }

    /// After maintenance the server is thought to be up, as at the start.
    fn wake_up(&self) {
        let mut vitals = self.vitals.get();
        vitals.restart();
        self.vitals.set(vitals);
        self.server.set_oper(Oper::Up);
        self.came_back(Oper::Down);
    }

    fn came_back(&self, was: Oper) {
        let habits = self.habits.get();
        if was == Oper::Down
            && let Some(over) = habits.slowstart
        {
            // the old ramp ends first, and gives the full weight back
            self.ramp.take();
            self.ramp.replace(Some(Ramp::start(self.server.clone(), over)));
        }
        if habits.shutdown_backups && !self.server.is_backup() {
            let servers = self.backend().state.servers();
            servers
                .iter()
                .filter(|s| s.is_backup())
                .for_each(|s| Shutdown::of(s, &self.common).end_sessions(Ended::Unneeded));
        }
    }

    fn went_away(&self) {
        self.ramp.take();
        if self.server.admin() != Admin::Maint {
            self.server.counters.inc(Counter::WentDown);
        }
        if self.habits.get().shutdown_sessions {
            Shutdown::of(&self.server, &self.common).end_sessions(Ended::Down);
        }
    }

    /// True while its weight comes back little by little.
    fn is_warming(&self) -> bool {
        self.ramp.borrow().as_ref().is_some_and(Ramp::is_climbing)
    }

    pub(super) fn flags(&self) -> Flags {
        Flags { checking: self.checking.get(), inherited: self.inherited.get() }
    }

    fn backend(&self) -> Rc<Backend> {
        self.backend.borrow().clone()
    }

    fn for_followers(&self, act: impl Fn(&Member)) {
        let followers: Vec<_> = self.followers.borrow().iter().filter_map(Weak::upgrade).collect();
        followers.iter().for_each(|f| act(f));
    }
}
