//! `core.sleep` and its kin, and `core.done`: a script waits, or ends.

use std::task::{Context, Poll};
use std::time::Duration;

use mlua::{Lua, MultiValue, Value};

use crate::api::Ending;
use crate::class::{Method, now, waits};
use crate::scene::{self, Scene};
use crate::wish::{self, Begun, Wish};

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!("done", "()", "ends the script here", done),
    waits!("sleep", "(seconds: integer)", "waits for seconds", sleep),
    waits!("msleep", "(milliseconds: integer)", "waits for milliseconds", msleep),
    waits!("yield", "()", "lets others have their turn", yield_now),
];

fn done(_: &Lua, _: Value) -> mlua::Result<()> {
    Err(mlua::Error::external(Ending::Quiet))
}

fn sleep(lua: &Lua, seconds: f64) -> mlua::Result<Begun> {
    msleep(lua, seconds * 1000.0)
}

fn msleep(_: &Lua, milliseconds: f64) -> mlua::Result<Begun> {
    let time = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
    wish::future(scene::host()?.sleep(time), |_, ()| Ok(MultiValue::new()))
}

fn yield_now(_: &Lua, (): ()) -> mlua::Result<Begun> {
    wish::make(Turn(false))
}

/// One turn of the others.
struct Turn(bool);

impl Wish for Turn {
    fn poll(&mut self, cx: &mut Context<'_>, _: &mut Scene<'_>, _: &Lua) -> Poll<mlua::Result<MultiValue>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Ok(MultiValue::new()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
