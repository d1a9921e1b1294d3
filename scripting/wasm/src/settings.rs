//! What is loaded, and how it is run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// A module to load. What Envoy has too goes by Envoy's name (`envoy.extensions.wasm.v3.PluginConfig`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// What the configuration calls it: `wasm.NAME`.
    pub name: String,
    /// The file: `.wasm`, or `.wat` as text.
    pub path: PathBuf,
    /// The bytes that `proxy_on_configure` gets.
    pub configuration: Vec<u8>,
    /// The bytes that `proxy_on_vm_start` gets.
    pub vm_configuration: Vec<u8>,
    /// Modules with one `vm_id` share data and queues.
    pub vm_id: String,
    /// Which of the module's root contexts this is.
    pub root_id: String,
    /// What `Pause` means behind a head: true, that the body is shown all the same; false, that everything waits.
    pub allow_on_headers_stop_iteration: bool,
    /// What a failure means for the exchange (`fail_open`).
    pub on_error: OnError,
    /// The host functions and callbacks that there are for it; none: all.
    pub allowed_capabilities: Option<BTreeSet<String>>,
    /// What the guest sees as its environment.
    pub environment: Vec<(String, String)>,
    /// Envoy's names of clusters, where they are not the names of backends.
    pub clusters: BTreeMap<String, String>,
    /// The least level that is logged.
    pub log_level: Level,
    /// The longest that one call runs.
    pub timeout: Duration,
    /// Bytes of memory that an instance may have.
    pub max_memory: usize,
    /// Bytes of a body that the module may hold up.
    pub max_body: usize,
    /// The files that all this was read from, beside the module: who watches the module watches them.
    pub files: Vec<PathBuf>,
}

impl Load {
    /// A module with the usual settings.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Load {
        Load {
            name: name.into(),
            path: path.into(),
            configuration: Vec::new(),
            vm_configuration: Vec::new(),
            vm_id: String::new(),
            root_id: String::new(),
            allow_on_headers_stop_iteration: false,
            on_error: OnError::default(),
            allowed_capabilities: None,
            environment: Vec::new(),
            clusters: BTreeMap::new(),
            log_level: Level::default(),
            timeout: Duration::from_millis(500),
            max_memory: 64 << 20,
            max_body: 1 << 20,
            files: Vec::new(),
        }
    }

    /// Whether a host function or a callback is there for the module.
    pub(crate) fn allows(&self, capability: &str) -> bool {
        self.allowed_capabilities.as_ref().is_none_or(|allowed| allowed.contains(capability))
    }
}

/// What holds for all modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where compiled code is kept between runs; none: nowhere.
    pub cache: Option<PathBuf>,
}

/// What a module that fails means for the exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It ends with 500 (Envoy's FAIL_CLOSED).
    #[default]
    Fail,
    /// It goes on as if the module were not there (FAIL_OPEN).
    Skip,
}

/// Log levels of the ABI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    Critical,
}

impl Level {
    /// The level that the ABI means by a number.
    pub(crate) fn from_number(number: i32) -> Option<Level> {
        use Level::{Critical, Debug, Error, Info, Trace, Warn};
        [Trace, Debug, Info, Warn, Error, Critical].into_iter().find(|level| *level as i32 == number)
    }

    /// The same as syslog counts (RFC 5424, 6.2.1).
    pub(crate) fn syslog(self) -> u8 {
        match self {
            Level::Trace | Level::Debug => 7,
            Level::Info => 6,
            Level::Warn => 4,
            Level::Error => 3,
            Level::Critical => 2,
        }
    }
}
