//! Errors of scripts: with a traceback, and, when a budget is used up, beyond the reach of `pcall`.

use mlua::{Error, Function, Lua, Value};

use crate::api::Ending;
use crate::run;

/// Takes Lua's ways to catch an error and puts those in their place that let the end of a budget through. What is given
/// back calls its first argument with the others, and answers as `xpcall` does.
const SOURCE: &str = r#"
local is_stopped, with_traceback = ...
local pcall, xpcall, resume = pcall, xpcall, coroutine.resume
local error = error

local function checked(ok, ...)
    if not ok and is_stopped() then error((...), 0) end
    return ok, ...
end

function _G.pcall(...) return checked(pcall(...)) end
function _G.xpcall(...) return checked(xpcall(...)) end
if coroutine then
    function coroutine.resume(...) return checked(resume(...)) end
end
return function(f, ...) return xpcall(f, with_traceback, ...) end
"#;

/// Makes a state ready; gives the function that coroutines run.
pub(crate) fn install(lua: &Lua) -> mlua::Result<Function> {
    let is_stopped = lua.create_function(|_, ()| Ok(run::is_stopped()))?;
    let with_traceback = lua.create_function(with_traceback)?;
    lua.load(SOURCE).set_name("=protect").call((is_stopped, with_traceback))
}

/// The handler of errors: adds where the script was.
fn with_traceback(lua: &Lua, raised: Value) -> mlua::Result<Value> {
    let message = match &raised {
        Value::Error(error) if error.downcast_ref::<Ending>().is_some() => return Ok(raised),
        Value::Error(error) => innermost(error).to_string(),
        Value::String(text) => text.to_string_lossy(),
        _ => return Ok(raised),
    };
    lua.traceback(Some(&message), 1).map(Value::String)
}

/// The error itself, without the tracebacks that were put around it on its way.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => innermost(cause),
        error => error,
    }
}
