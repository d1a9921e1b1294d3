//! What scripts may reach of the machine (`tune.lua.openlibs`, `lua-sandbox`).

use std::collections::BTreeMap;
use std::sync::Arc;

use mlua::{Lua, Table, Value};

/// Functions of `os` that reach files, programs or the environment.
const OS: [&str; 7] = ["execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname"];

/// Takes away what no script may have, and with `all` whatever reaches files, programs and the environment.
pub(crate) fn close(lua: &Lua, all: bool) -> mlua::Result<()> {
    let globals = lua.globals();
    let os: Option<Table> = globals.get("os")?;
    if let Some(os) = &os {
        // a script must not end the process that serves everybody
        os.raw_set("exit", refused(lua, "os.exit")?)?;
    }
    if !all {
        return Ok(());
    }
    if let Some(os) = &os {
        OS.iter().try_for_each(|name| os.raw_set(*name, refused(lua, &format!("os.{name}"))?))?;
    }
    for name in ["dofile", "loadfile"] {
        globals.raw_set(name, refused(lua, name)?)?;
    }
    globals.raw_set("io", Value::Nil)
}

/// Lets `os.getenv` see the environment as the configuration left it.
pub(crate) fn set_environment(lua: &Lua, environment: &Arc<BTreeMap<String, String>>) -> mlua::Result<()> {
    let Some(os) = lua.globals().get::<Option<Table>>("os")? else { return Ok(()) };
    let environment = environment.clone();
    os.raw_set("getenv", lua.create_function(move |_, name: String| Ok(environment.get(&name).cloned()))?)
}

/// A function that says that it is not there.
fn refused(lua: &Lua, name: &str) -> mlua::Result<mlua::Function> {
    let message = format!("{name} is not for scripts here");
    lua.create_function(move |_, _: mlua::MultiValue| Err::<(), _>(mlua::Error::runtime(&message)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::Settings;
    use crate::testing::load;

    fn fails(source: &str, sandbox: bool) -> Option<String> {
        load(source, &Settings { sandbox, ..Settings::default() }).err().map(|mistake| mistake.message)
    }

    #[test]
    fn no_script_ends_the_process() {
        let message = fails("os.exit(3)", false).expect("it is refused");
        assert!(message.contains("os.exit is not for scripts here"), "{message}");
    }

    #[test]
    fn a_sandbox_has_no_files_and_no_programs() {
        for source in [
            "io.open('/etc/passwd')",
            "os.execute('true')",
            "os.remove('/tmp/nothing')",
            "os.getenv('HOME')",
            "dofile('/tmp/nothing.lua')",
            "loadfile('/tmp/nothing.lua')",
        ] {
            assert!(fails(source, true).is_some(), "{source}");
        }
        assert_eq!(fails("assert(io.open('/dev/null')) assert(os.getenv('PATH')) os.time()", false), None);
        assert_eq!(fails("os.time() os.clock() os.date() string.rep('x', 3)", true), None);
    }

    #[test]
    fn a_file_whose_body_never_ends_is_a_mistake() {
        let settings = Settings { load_timeout: Duration::from_millis(30), ..Settings::default() };
        let message = load("while true do end", &settings).err().expect("it is stopped").message;
        assert!(message.contains("ran too long"), "{message}");
    }
}
