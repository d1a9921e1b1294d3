//! What a coroutine waits for.
//!
//! A function that waits has two halves. The first, in Rust, makes a [`Wish`] and answers [`Begun::Later`]; around it stands a
//! few lines of Lua that then yield. The driver ([`crate::run`]) takes the wish, polls it, and resumes the coroutine with
//! what came of it.

use std::cell::RefCell;
use std::task::{Context, Poll};

use mlua::{IntoLuaMulti, Lua, MultiValue, Value};
use portero_api::LocalFuture;

use crate::meter;
use crate::scene::Scene;

/// Something to wait for.
pub(crate) trait Wish {
    /// What the waiting function returns, once it is there. An error is raised in the script.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        lua: &Lua,
    ) -> Poll<mlua::Result<MultiValue>>;
}

/// The first half of a function that waits.
pub(crate) enum Begun {
    /// It does not need to: these are its values.
    Now(MultiValue),
    /// A wish was made.
    Later,
}

impl IntoLuaMulti for Begun {
    fn into_lua_multi(self, _: &Lua) -> mlua::Result<MultiValue> {
        match self {
            Begun::Now(mut values) => {
                values.push_front(Value::Boolean(false));
                Ok(values)
            }
            Begun::Later => Ok(MultiValue::from_iter([Value::Boolean(true)])),
        }
    }
}

thread_local! {
    static WISH: RefCell<Option<Box<dyn Wish>>> = const { RefCell::new(None) };
}

/// Makes a wish.
///
/// # Errors
///
/// The script cannot wait here: a fetch, a converter, a balancer, or the body of the file.
pub(crate) fn make(wish: impl Wish + 'static) -> mlua::Result<Begun> {
    if !meter::may_wait() {
        return Err(mlua::Error::runtime("a script cannot wait here"));
    }
    WISH.with(|place| *place.borrow_mut() = Some(Box::new(wish)));
    Ok(Begun::Later)
}

/// Waits for a future; `then` makes Lua values of what it gives.
pub(crate) fn future<T: 'static>(
    future: LocalFuture<'static, T>,
    then: impl FnOnce(&Lua, T) -> mlua::Result<MultiValue> + 'static,
) -> mlua::Result<Begun> {
    make(Future { future, then: Some(then) })
}

/// Whether a wish was made that nobody has taken yet.
pub(crate) fn is_made() -> bool {
    WISH.with(|place| place.borrow().is_some())
}

/// Takes the wish that was made.
pub(crate) fn take() -> Option<Box<dyn Wish>> {
    WISH.with(|place| place.borrow_mut().take())
}

struct Future<T, F> {
    future: LocalFuture<'static, T>,
    then: Option<F>,
}

impl<T, F: FnOnce(&Lua, T) -> mlua::Result<MultiValue>> Wish for Future<T, F> {
    fn poll(&mut self, cx: &mut Context<'_>, _: &mut Scene<'_>, lua: &Lua) -> Poll<mlua::Result<MultiValue>> {
        let Poll::Ready(value) = self.future.as_mut().poll(cx) else { return Poll::Pending };
        let then = self.then.take().expect("a wish is not polled behind its end");
        Poll::Ready(then(lua, value))
    }
}

/// The Lua around the first half: yields while there is a wish, and raises what went wrong.
pub(crate) const WAITING: &str = r#"
local begin = ...
local yield = coroutine.yield
local function finish(ok, ...)
    if ok then return ... end
    error((...), 2)
end
local function begun(waits, ...)
    if waits then return finish(yield()) end
    return ...
end
return function(...) return begun(begin(...)) end
"#;
