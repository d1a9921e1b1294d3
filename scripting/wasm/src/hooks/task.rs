//! The hook `Task`: what a plugin does by itself on each worker, between `proxy_on_configure` and the end of its
//! configuration. Ticks of its root context, messages in its queues, and its end.
//!
//! It goes on while streams of a configuration that was replaced are still there, for they may wait for a tick; when the last
//! of them has ended, the root context hears of its end (`proxy_on_done`, `proxy_on_delete`).

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use portero_api::{BadArg, Here, LocalFuture, Setup, Task};

use crate::bell::Bell;
use crate::guest::ROOT;
use crate::scene::Scene;
use crate::seat::Seat;
use crate::vm::{Failure, Vm};

/// The task of a module.
pub(crate) struct WasmTask {
    seat: Rc<Seat>,
}

/// The longest that a root context may take which is not done when it is asked to end.
const GRACE: Duration = Duration::from_secs(10);

/// So many beats one behind the other, and it is the turn of others.
const TURN: u32 = 16;

impl WasmTask {
    pub(crate) fn new(seat: Rc<Seat>, _: &Setup<'_>) -> Result<WasmTask, BadArg> {
        Ok(WasmTask { seat })
    }
}

impl Task for WasmTask {
    fn run(&self) -> LocalFuture<'static, ()> {
        let seat = self.seat.clone();
        Box::pin(async move {
            if let Some(here) = seat.here.clone() {
                let (weak, bell, estate) = (Rc::downgrade(&seat), seat.bell.clone(), seat.estate.clone());
                here.host.clone().spawn(Box::pin(live(weak, bell, estate, here)));
            }
            // the place is held as long as the configuration is used, whether a proxy names the plugin or not
            let _held = seat;
            pending().await
        })
    }

    fn is_single(&self) -> bool {
        false
    }
}

/// Lives as long as a place does, and then as long as its root context is not done.
async fn live(seat: Weak<Seat>, bell: Arc<Bell>, estate: Rc<Cell<Option<Vm>>>, here: Here) {
    if let Some(seat) = seat.upgrade() {
        // what it has asked for while it was configured begins now
        enter(&seat, |_| Ok(()));
    }
    beats(seat, &bell, &here).await;
    if let Some(vm) = estate.take() {
        let heir = Seat::inherit(vm, &here, &bell);
        let mut over = here.host.sleep(GRACE);
        let mut beats = std::pin::pin!(beats(Rc::downgrade(&heir), &bell, &here));
        poll_fn(|cx| match beats.as_mut().poll(cx) {
            Poll::Pending => over.as_mut().poll(cx),
            ready => ready,
        })
        .await;
        heir.bequeath();
    }
}

/// What a place is to do next.
enum Beat {
    Tick,
    Queue(u32),
}

/// Ticks and messages, until the place is gone or its root context is done.
async fn beats(seat: Weak<Seat>, bell: &Bell, here: &Here) {
    let mut alarm = None;
    let mut turn = 0;
    while let Some((seat, beat)) = poll_fn(|cx| next(cx, &seat, bell, here, &mut alarm)).await {
        match beat {
            Beat::Tick => enter(&seat, tick),
            Beat::Queue(queue) => enter(&seat, |vm| tell(vm, queue)),
        }
        drop(seat);
        turn = (turn + 1) % TURN;
        if turn == 0 {
            give_way().await;
        }
    }
}

fn next(
    cx: &mut Context<'_>,
    seat: &Weak<Seat>,
    bell: &Bell,
    here: &Here,
    alarm: &mut Option<Pin<Box<dyn Future<Output = ()>>>>,
) -> Poll<Option<(Rc<Seat>, Beat)>> {
    bell.wait(cx.waker());
    let Some(seat) = seat.upgrade().filter(|seat| !seat.is_over()) else { return Poll::Ready(None) };
    let set = |millis: u32| (millis > 0).then(|| here.host.sleep(Duration::from_millis(millis.into())));
    if let Some(millis) = seat.take_period() {
        *alarm = set(millis);
    }
    if let Some(queue) = seat.take_message() {
        return Poll::Ready(Some((seat, Beat::Queue(queue))));
    }
    match alarm.as_mut().map(|alarm| alarm.as_mut().poll(cx)) {
        Some(Poll::Ready(())) => {
            *alarm = set(seat.period());
            Poll::Ready(Some((seat, Beat::Tick)))
        }
        _ => Poll::Pending,
    }
}

fn enter(seat: &Rc<Seat>, work: impl FnOnce(&mut Vm) -> Result<(), Failure>) {
    // a failure was logged and counted; the next beat finds the instance made anew
    let _ = seat.enter(None, 0, Scene::Alone, work);
}

fn tick(vm: &mut Vm) -> Result<(), Failure> {
    // an instance that was made anew just now may want none
    let function = vm.calls.tick.clone().filter(|_| vm.guest().tick > 0);
    vm.call("proxy_on_tick", ROOT, function.as_ref(), ROOT).map(drop)
}

fn tell(vm: &mut Vm, queue: u32) -> Result<(), Failure> {
    let function = vm.calls.queue_ready.clone();
    vm.call("proxy_on_queue_ready", ROOT, function.as_ref(), (ROOT, queue)).map(drop)
}

/// Lets others have their turn.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| match std::mem::replace(&mut given, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}
