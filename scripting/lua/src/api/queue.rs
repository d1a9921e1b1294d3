//! The class `Queue`: what coroutines hand to each other, and `core.wait`.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mlua::{Lua, MultiValue, Table, Value};
use portero_api::LocalFuture;

use crate::class::{Class, Method, Of, now, object_of, waits};
use crate::scene::{self, Scene};
use crate::wish::{self, Begun, Wish};

/// What an object stands for.
type Queue = Of<Arc<Mutex<Items>>>;

/// What is in a queue, and who waits for more.
#[derive(Default)]
struct Items {
    items: VecDeque<Value>,
    /// How many were pushed in all.
    pushed: u64,
    wakers: Vec<Waker>,
}

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Queue",
    summary: "items that one coroutine pushes and another one pops",
    global: false,
    fields: &[],
    functions: &[&[
        now!("push", "(self: Queue, item: any): boolean", "adds an item at the end", push),
        now!("pop", "(self: Queue): any", "takes the first item, if there is one", pop),
        waits!("pop_wait", "(self: Queue): any", "the same, and waits for it", pop_wait),
        now!("size", "(self: Queue): integer", "how many items are in it", size),
        now!("alarm", "(self: Queue)", "lets the next core.wait() end with the next item", alarm),
    ]],
};

/// What `core` has of it.
pub(super) const CORE: &[Method] = &[
    now!("queue", "(): Queue", "a new queue", queue),
    waits!("wait", "(milliseconds?: integer)", "waits for an alarm, at most so long", wait),
];

thread_local! {
    /// What coroutines want to be woken by, with how many items were pushed when they said so.
    static ALARMS: RefCell<HashMap<*const c_void, Vec<Alarm>>> = RefCell::default();
}

type Alarm = (Arc<Mutex<Items>>, u64);

fn lock(items: &Mutex<Items>) -> MutexGuard<'_, Items> {
    items.lock().unwrap_or_else(|e| e.into_inner())
}

fn queue(lua: &Lua, (): ()) -> mlua::Result<Table> {
    object_of(lua, "Queue", Arc::<Mutex<Items>>::default())
}

fn push(_: &Lua, (Of(queue), item): (Queue, Value)) -> mlua::Result<bool> {
    if item.is_nil() {
        return Err(mlua::Error::runtime("nil cannot be pushed to a queue"));
    }
    let wakers = {
        let mut queue = lock(&queue);
        queue.items.push_back(item);
        queue.pushed += 1;
        std::mem::take(&mut queue.wakers)
    };
    wakers.into_iter().for_each(Waker::wake);
    Ok(true)
}

fn pop(_: &Lua, Of(queue): Queue) -> mlua::Result<Value> {
    Ok(lock(&queue).items.pop_front().unwrap_or(Value::Nil))
}

fn size(_: &Lua, Of(queue): Queue) -> mlua::Result<usize> {
    Ok(lock(&queue).items.len())
}

fn pop_wait(_: &Lua, Of(queue): Queue) -> mlua::Result<Begun> {
    let first = lock(&queue).items.pop_front();
    match first {
        Some(item) => Ok(Begun::Now(MultiValue::from_iter([item]))),
        None => wish::make(Pop(queue)),
    }
}

struct Pop(Arc<Mutex<Items>>);

impl Wish for Pop {
    fn poll(&mut self, cx: &mut Context<'_>, _: &mut Scene<'_>, _: &Lua) -> Poll<mlua::Result<MultiValue>> {
        let mut queue = lock(&self.0);
        match queue.items.pop_front() {
            Some(item) => Poll::Ready(Ok(MultiValue::from_iter([item]))),
            None => {
                queue.wakers.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn alarm(lua: &Lua, Of(queue): Queue) -> mlua::Result<()> {
    let pushed = lock(&queue).pushed;
    let coroutine = lua.current_thread().to_pointer();
    ALARMS.with(|alarms| alarms.borrow_mut().entry(coroutine).or_default().push((queue, pushed)));
    Ok(())
}

fn wait(lua: &Lua, milliseconds: Option<f64>) -> mlua::Result<Begun> {
    let coroutine = lua.current_thread().to_pointer();
    let alarms = ALARMS.with(|alarms| alarms.borrow_mut().remove(&coroutine)).unwrap_or_default();
    let sleep = |ms: f64| {
        let time = Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default();
        Ok::<_, mlua::Error>(scene::host()?.sleep(time))
    };
    wish::make(Wait { alarms, sleep: milliseconds.map(sleep).transpose()? })
}

struct Wait {
    alarms: Vec<Alarm>,
    sleep: Option<LocalFuture<'static, ()>>,
}

impl Wish for Wait {
    fn poll(&mut self, cx: &mut Context<'_>, _: &mut Scene<'_>, _: &Lua) -> Poll<mlua::Result<MultiValue>> {
        let rings = |(queue, before): &Alarm| {
            let mut queue = lock(queue);
            queue.wakers.push(cx.waker().clone());
            queue.pushed != *before
        };
        let rung = self.alarms.iter().filter(|alarm| rings(alarm)).count() > 0;
        let over = self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
        if rung || over { Poll::Ready(Ok(MultiValue::new())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use crate::testing::script;

    #[test]
    fn one_coroutine_waits_for_what_another_pushes() {
        let stage = script(
            r#"local queue = core.queue()
            core.register_task(function()
                for _ = 1, 2 do core.Info("popped " .. tostring(queue:pop_wait())) end
                assert(queue:pop() == nil and queue:size() == 0)
                queue:alarm()
                core.wait()
                core.Info("rung " .. queue:size())
                core.wait(50)
                core.Info("over")
            end)
            core.register_task(function()
                assert(queue:push("one") and not pcall(queue.push, queue, nil))
                core.msleep(10)
                queue:push(2)
                core.msleep(10)
                queue:push(3)
                core.register_task(function(word) core.Info("late " .. word) end, "task")
            end)"#,
        );
        let make = stage.plugins.iter().find_map(|plugin| plugin.task.as_ref()).expect("tasks");
        let task = make(&stage.bench("").setup()).unwrap_or_else(|bad| panic!("{}", bad.message));
        let mut running = task.run();
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..12 {
            assert!(running.as_mut().poll(&mut cx).is_pending());
            stage.desk.pass(Duration::from_millis(10));
        }
        let lines: Vec<String> = stage.desk.lines().into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["popped one", "popped 2", "rung 1", "late task", "over"]);
    }
}
