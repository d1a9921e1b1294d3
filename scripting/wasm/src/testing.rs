//! What unit tests of modules stand on: a module as text, loaded as a configuration would load it.

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::time::Duration;

use portero_api::{Balance, Common, Exchange, Filter, Filtering, LocalFuture, Make, Plugin, Setup};
use portero_conformance::rig::{Bench, Desk};

use crate::module::Compiled;
use crate::plan::Plan;
use crate::{Load, Mistake, Modules, Settings, engine};

/// What every module of the tests begins with: the ABI's marker, a memory of 16 pages, an allocator that never frees.
pub(crate) const PRELUDE: &str = r#"
  (func (export "proxy_abi_version_0_2_1"))
  (memory (export "memory") 16)
  (global $heap (mut i32) (i32.const 65536))
  (func $allocate (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (local.get $at))
"#;

/// A module of imports and what stands behind the prelude.
pub(crate) fn module(imports: &str, body: &str) -> String {
    format!("(module\n{imports}\n{PRELUDE}\n{body}\n)")
}

/// Loads a module from text.
pub(crate) fn load(text: &str, change: impl FnOnce(&mut Load)) -> Result<Vec<Plugin>, Mistake> {
    load_with(text, &Arc::default(), change)
}

/// The same, sharing what others share.
pub(crate) fn load_with(
    text: &str,
    common: &Arc<Common>,
    change: impl FnOnce(&mut Load),
) -> Result<Vec<Plugin>, Mistake> {
    load_all(text, common, change).map(|modules| modules.plugins())
}

/// The same with all that is known of it.
pub(crate) fn load_all(
    text: &str,
    common: &Arc<Common>,
    change: impl FnOnce(&mut Load),
) -> Result<Modules, Mistake> {
    let path = file(text);
    let mut load = Load::new("x", &path);
    change(&mut load);
    let modules = Modules::load(&[load], &settings(), common);
    std::fs::remove_file(&path).expect("it is still there");
    modules
}

/// A plugin that is linked, and not started.
pub(crate) fn plan(text: &str, change: impl FnOnce(&mut Load)) -> Arc<Plan> {
    let engine = engine::engine(settings().cache.as_deref()).expect("it runs here");
    let mut load = Load::new("x", "x.wat");
    change(&mut load);
    let compiled = Compiled::new(engine, text.as_bytes()).expect("it can be compiled");
    Arc::new(Plan::new(engine, &load, compiled, &Arc::default()).expect("it can be linked"))
}

/// Bytes as a module's text has them in its data.
pub(crate) fn data(at: usize, bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{text}\")")
}

/// What is compiled is kept: the compiler is not optimized here, and modules of the examples are not small.
fn settings() -> Settings {
    Settings { cache: Some(std::env::temp_dir().join("portero-wasm-tests")) }
}

/// A module of the examples.
pub(crate) fn example(file: &str, change: impl FnOnce(&mut Load)) -> Running {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/04-wasm");
    let mut load = Load::new("x", std::path::Path::new(folder).join(file));
    change(&mut load);
    let common = Arc::default();
    let modules = Modules::load(&[load], &settings(), &common);
    Running::of(&Rc::default(), &common, modules.map(|modules| modules.plugins()))
}

/// A file of its own with this text.
pub(crate) fn file(text: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("portero-wasm-{}-{}.wat", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).expect("it can be written");
    path
}

/// The same plugin for suites that make instances without a thread.
pub(crate) fn on_a_thread(mut plugin: Plugin) -> Plugin {
    thread_local!(static DESK: Rc<Desk> = Rc::default());
    plugin.balance = plugin.balance.map(|make| {
        let make: Make<dyn Balance> = Arc::new(move |setup: &Setup<'_>| {
            let here = DESK.with(Desk::here);
            make(&Setup { here: Some(&here), ..*setup })
        });
        make
    });
    plugin
}

/// A plugin, and the thread that it runs on.
pub(crate) struct Running {
    pub(crate) plugin: Plugin,
    pub(crate) desk: Rc<Desk>,
    pub(crate) bench: Bench,
    /// Holds the instance of the thread.
    filter: Option<Box<dyn Filter>>,
    /// The same, once the configuration is used.
    task: Option<LocalFuture<'static, ()>>,
    /// Lines of the log that the test has seen.
    heard: Cell<usize>,
}

impl Running {
    /// Loads a module and gives it a thread.
    pub(crate) fn new(text: &str, change: impl FnOnce(&mut Load)) -> Running {
        Running::among(&Arc::default(), text, change)
    }

    /// The same, sharing what others share.
    pub(crate) fn among(common: &Arc<Common>, text: &str, change: impl FnOnce(&mut Load)) -> Running {
        Running::beside(&Rc::default(), common, text, change)
    }

    /// The same, on a thread of this host.
    pub(crate) fn beside(
        desk: &Rc<Desk>,
        common: &Arc<Common>,
        text: &str,
        change: impl FnOnce(&mut Load),
    ) -> Running {
        Running::of(desk, common, load_with(text, common, change))
    }

    fn of(desk: &Rc<Desk>, common: &Arc<Common>, plugins: Result<Vec<Plugin>, Mistake>) -> Running {
        let mut plugins = plugins.unwrap_or_else(|mistake| panic!("{}", mistake.message));
        let (desk, plugin) = (desk.clone(), plugins.remove(0));
        let mut bench = Bench::default();
        (bench.common, bench.here) = (common.clone(), Some(desk.here()));
        let filter = plugin.filter.as_ref().map(|make| make(&bench.setup()).expect("the setup is good"));
        Running { plugin, desk, bench, filter, task: None, heard: Cell::default() }
    }

    /// The same, and its configuration is used.
    pub(crate) fn begun(text: &str, change: impl FnOnce(&mut Load)) -> Running {
        let mut running = Running::new(text, change);
        running.begin();
        running
    }

    /// The configuration is used from now on.
    pub(crate) fn begin(&mut self) {
        let make = self.plugin.task.as_ref().expect("each module has a task");
        let mut task = make(&self.bench.setup()).expect("the setup is good").run();
        let begun = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(begun.is_pending());
        self.task = Some(task);
        self.desk.pass(Duration::ZERO);
    }

    /// The configuration is no longer used.
    pub(crate) fn end(&mut self) {
        (self.task, self.filter) = (None, None);
    }

    /// What was logged since the last question.
    pub(crate) fn said(&self) -> Vec<String> {
        let lines = self.desk.lines();
        let new = lines.iter().skip(self.heard.replace(lines.len()));
        new.map(|(_, line)| line.trim_start_matches("wasm x: ").to_owned()).collect()
    }

    /// The filter looks at an exchange.
    pub(crate) fn attach(&self, exchange: &mut Exchange) -> Option<Box<dyn Filtering>> {
        self.filter.as_ref().expect("the module is a filter").attach(exchange)
    }
}
