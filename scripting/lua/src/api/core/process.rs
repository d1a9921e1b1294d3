//! What `core` has of the process: the number of the thread, and what is not there yet.

use mlua::Lua;

use crate::class::{Method, now};
use crate::scene;
use crate::state::inside;

/// The rows.
pub(crate) const CORE: &[Method] = &[now!(
    "set_nice",
    "(nice: integer)",
    "nothing: tasks and sessions have no priorities here, as with the rule `set-nice`",
    set_nice
)];

/// A number for a scheduler that Portero does not have.
fn set_nice(_: &Lua, _: i64) -> mlua::Result<()> {
    Ok(())
}

/// `core.thread`: 0 in the state that all threads share, else the number of the thread. The state that is made while the
/// configuration is checked is the first one's.
pub(crate) fn thread(lua: &Lua) -> usize {
    match inside(lua).per_thread {
        true => scene::hosted().map_or(1, |host| host.thread()),
        false => 0,
    }
}
