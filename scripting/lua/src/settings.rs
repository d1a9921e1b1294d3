//! What is loaded, and how scripts are run (HAProxy manual, section 3, "lua-load" and "tune.lua").

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A file to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The file.
    pub path: PathBuf,
    /// What the script gets as `...`.
    pub args: Vec<String>,
    /// `lua-load-per-thread`: each thread has a state of its own.
    pub per_thread: bool,
}

/// How scripts are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `lua-prepend-path`: a pattern for `package.path` (false) or `package.cpath` (true), in order.
    pub prepend_path: Vec<(String, bool)>,
    /// Instructions after which others get their turn.
    pub forced_yield: u32,
    /// The longest that an action, a fetch, a converter or a filter runs, waits not counted. None: no limit.
    pub session_timeout: Option<Duration>,
    /// The same of a task.
    pub task_timeout: Option<Duration>,
    /// The same of a service.
    pub service_timeout: Option<Duration>,
    /// The longest that the body of a file runs while it is loaded.
    pub load_timeout: Duration,
    /// The longest between two waits, whoever runs.
    pub burst_timeout: Option<Duration>,
    /// Bytes that a state may hold; 0: no limit.
    pub maxmem: usize,
    /// The standard libraries that scripts have.
    pub openlibs: Libs,
    /// What `os.getenv` sees; none: the environment of the process.
    pub environment: Option<Arc<BTreeMap<String, String>>>,
    /// Takes files, programs and the environment away from scripts, whatever `openlibs` says.
    pub sandbox: bool,
    /// How booleans come to Lua.
    pub bool_conversion: BoolConversion,
    /// Where scripts log to.
    pub log: LogTo,
    /// What a failed action means for its exchange.
    pub on_error: OnError,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            prepend_path: Vec::new(),
            forced_yield: 10_000,
            session_timeout: Some(Duration::from_secs(4)),
            task_timeout: None,
            service_timeout: Some(Duration::from_secs(4)),
            load_timeout: Duration::from_secs(10),
            burst_timeout: Some(Duration::from_secs(1)),
            maxmem: 0,
            openlibs: Libs::default(),
            environment: None,
            sandbox: false,
            bool_conversion: BoolConversion::default(),
            log: LogTo::default(),
            on_error: OnError::default(),
        }
    }
}

/// Standard libraries by name (`tune.lua.openlibs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Libs {
    pub table: bool,
    pub string: bool,
    pub math: bool,
    pub utf8: bool,
    pub coroutine: bool,
    pub package: bool,
    /// Files: `io`.
    pub io: bool,
    /// `os`, with its parts that start programs.
    pub os: bool,
    pub debug: bool,
}

impl Default for Libs {
    /// All, as HAProxy has it.
    fn default() -> Self {
        Libs {
            table: true,
            string: true,
            math: true,
            utf8: true,
            coroutine: true,
            package: true,
            io: true,
            os: true,
            debug: true,
        }
    }
}

/// How a boolean sample comes to Lua (`tune.lua.bool-sample-conversion`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BoolConversion {
    /// As a boolean.
    Normal,
    /// As an integer, 0 or 1, as all versions of HAProxy before 3.1 did.
    #[default]
    Before31,
}

/// Where log lines of scripts go (`tune.lua.log`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogTo {
    /// To the log targets of the proxy, or of the global section.
    pub loggers: bool,
    /// To stderr.
    pub stderr: Stderr,
}

impl Default for LogTo {
    fn default() -> Self {
        LogTo { loggers: true, stderr: Stderr::Auto }
    }
}

/// Whether log lines go to stderr (`tune.lua.log.stderr`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stderr {
    On,
    /// Only where there is no log target.
    #[default]
    Auto,
    Off,
}

/// What a script that fails means for the exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It ends with 500.
    Fail,
    /// It goes on with the next rule, as HAProxy has it.
    #[default]
    Skip,
}
