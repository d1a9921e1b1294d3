//! `core.register_init` and `core.register_task`: what runs beside the traffic.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use mlua::MultiValue;
use portero_api::{BadArg, LocalFuture, Plugin, Setup, Task};

use crate::lot::{Lot, Seat};
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::state::{Purpose, Registered, State};

/// The plugin of a lot that carries what has no name.
pub(crate) fn plugin(lot: &Arc<Lot>) -> Plugin {
    let name = format!("lua/{}", lot.id());
    let lot = lot.clone();
    Plugin::new(name, "init functions and tasks of Lua scripts").task(move |setup| LuaTask::new(&lot, setup))
}

/// The init functions of a state, one after the other, and then its tasks, all at once.
struct LuaTask {
    seat: Rc<Seat>,
    single: bool,
}

impl LuaTask {
    fn new(lot: &Arc<Lot>, setup: &Setup<'_>) -> Result<LuaTask, BadArg> {
        Ok(LuaTask { seat: lot.seat(setup.here)?, single: !lot.is_per_thread() })
    }
}

impl Task for LuaTask {
    fn run(&self) -> LocalFuture<'static, ()> {
        let seat = self.seat.clone();
        Box::pin(async move {
            let state = seat.state();
            for one in state.registered() {
                if matches!(one.purpose, Purpose::Init) {
                    run_alone(&state, &one, MultiValue::new()).await;
                }
            }
            all(seat).await;
        })
    }

    fn is_single(&self) -> bool {
        self.single
    }
}

/// Runs the tasks that were registered, and those that come later. They are part of this one, so that they are dropped
/// with it.
async fn all(seat: Rc<Seat>) {
    let mut running: Vec<LocalFuture<'_, ()>> = Vec::new();
    let mut coming = seat.state().registered();
    poll_fn(|cx| {
        coming.extend(seat.state().inside.take_late(cx));
        for one in coming.drain(..) {
            if let Purpose::Task(args) = one.purpose.clone() {
                let seat = &seat;
                running.push(Box::pin(async move { run_alone(&seat.state(), &one, args).await }));
            }
        }
        running.retain_mut(|task| task.as_mut().poll(cx).is_pending());
        Poll::Pending
    })
    .await
}

/// Runs a function that belongs to no exchange; a failure ends in the log.
pub(crate) async fn run_alone(state: &Arc<State>, one: &Registered, args: MultiValue) {
    let limit = state.settings.task_timeout;
    let outcome =
        match Run::new(state, &one.function, args, limit, &state.inside.common.figures.of("lua tasks")) {
            Ok(mut run) => poll_fn(|cx| run.poll(cx, &mut Scene::Alone)).await,
            Err(error) => Outcome::Failed(error),
        };
    if let Outcome::Failed(error) = outcome {
        scene::log(3, &format!("Lua task: {error}"));
    }
}
