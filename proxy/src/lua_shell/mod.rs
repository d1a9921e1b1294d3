//! `portero lua`: a script on its own. Its tests are run, then lines are read and run, all against a made-up transaction
//! that walks the road offline ([`crate::offline`]).

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use portero_api::Method;

use crate::config::{environment, load};
use crate::offline::{Ask, Stage, reply};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The script.
    pub file: PathBuf,
    /// What it gets as `...`.
    pub args: Vec<String>,
    /// `--test`: its tests alone.
    pub tests_alone: bool,
    /// `--request`: the request line of the transaction.
    pub request: Option<String>,
    /// `--header`
    pub headers: Vec<(String, String)>,
}

/// What runs beside the script.
const SHELL: &str = include_str!("shell.lua");

/// A script may run as long as whoever writes it looks on; `forced-yield` is the most there is.
const CONFIG: &str = r#"
global
    tune.lua.bool-sample-conversion normal
    tune.lua.session-timeout 0
    tune.lua.burst-timeout 0
    tune.lua.forced-yield 2147483647
    lua-on-error fail
    lua-load "${PORTERO_LUA_SCRIPT}"ARGUMENTS
    lua-load "${PORTERO_LUA_SHELL}" "${PORTERO_LUA_MODE}"
frontend made-up
    mode http
    bind 127.0.0.1:80
    http-request lua.portero-shell
    http-request return status 500 if { var(txn.failed) -m bool }
    http-request return status 204
"#;

/// The answer when all tests passed.
const PASSED: u16 = 204;

/// Runs tests, and lines until the end of the standard input. Fails when the script does not load or a test fails.
pub fn main(options: &Options) -> ExitCode {
    match run(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, String> {
    let shell = std::env::temp_dir().join(format!("portero-shell-{}.lua", std::process::id()));
    std::fs::write(&shell, SHELL).map_err(|e| format!("error: cannot write '{}': {e}", shell.display()))?;
    let passed = converse(options, &shell);
    // a file that stays in the folder for such files does no harm
    let _ = std::fs::remove_file(&shell);
    passed
}

fn converse(options: &Options, shell: &Path) -> Result<bool, String> {
    let mode = match (options.tests_alone, std::io::stdin().is_terminal()) {
        (true, _) => "tests",
        (false, true) => "prompt",
        (false, false) => "lines",
    };
    // the script sees the environment that it was started in; these say to the configuration what it cannot quote
    let mut env = environment::process(None, false);
    let named = [("SCRIPT", path(&options.file)), ("SHELL", path(shell)), ("MODE", mode.to_owned())];
    env.vars.extend(named.map(|(name, value)| (format!("PORTERO_LUA_{name}"), value)));
    let mut words = String::new();
    for (number, arg) in options.args.iter().enumerate() {
        words += &format!(" \"${{PORTERO_LUA_ARG{number}}}\"");
        env.vars.insert(format!("PORTERO_LUA_ARG{number}"), arg.clone());
    }
    let text = CONFIG.replace("ARGUMENTS", &words);
    let loaded = load::load_text("portero lua", &text, &mut env, &load::Options::default());
    let said = || loaded.diagnostics.render(&loaded.sources, std::io::stderr().is_terminal());
    let checked = loaded.checked.map(Arc::new).ok_or_else(said)?;
    let stage = Stage::open(checked)?;
    let line = options.request.as_deref().unwrap_or("GET /");
    let line = if line.contains(" HTTP/") { line.to_owned() } else { format!("{line} HTTP/1.1") };
    let ask = Ask::http(&line, &options.headers, b"");
    let outcome = stage.ask(&stage.enter(None, None)?, &ask, Vec::new(), None);
    let heard = reply(&outcome.reply, &Method::Get).map(|heard| heard.head.status);
    Ok(heard == Some(PASSED))
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
