//! Errors of scripts: when a budget is used up, they are beyond the reach of `pcall`.

use mlua::Lua;

use crate::meter;

/// Takes Lua's ways to catch an error and puts those in their place that let the end of a budget through.
const SOURCE: &str = r#"
local is_stopped = ...
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
"#;

/// Makes a state ready.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let is_stopped = lua.create_function(|_, ()| Ok(meter::is_stopped()))?;
    lua.load(SOURCE).set_name("=protect").call(is_stopped)
}
