//! wasmtime as we use it: one engine for the process, and a clock that stops calls.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often the clock of the engine ticks: the precision of budgets.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Instances that can be there at once, old and new ones of all threads together.
const INSTANCES: u32 = 1_000;

/// The largest memory that a plugin may be given.
pub(crate) const LARGEST_MEMORY: usize = 1 << 30;

/// Where the engine of the process keeps compiled code.
static CACHE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The engine of the process. What the first caller says of the cache holds.
///
/// # Errors
///
/// A sentence: the machine, or the folder of the cache, is not as wasmtime needs it.
pub(crate) fn engine(cache: Option<&Path>) -> Result<&'static Engine, String> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let mut kept = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let engine = make(cache)?;
    tick(engine.clone()).map_err(|e| format!("no thread for the clock of WASM calls: {e}"))?;
    *kept = cache.map(Path::to_owned);
    Ok(ENGINE.get_or_init(|| engine))
}

/// Whether the engine keeps compiled code in that folder.
pub(crate) fn keeps_in(cache: Option<&Path>) -> bool {
    CACHE.lock().unwrap_or_else(|e| e.into_inner()).as_deref() == cache
}

/// Ticks within which a call must end.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2) + 1
}

fn make(cache: Option<&Path>) -> Result<Engine, String> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    if let Some(folder) = cache {
        let mut settings = CacheConfig::new();
        settings.with_directory(folder);
        let cache = Cache::new(settings);
        config.cache(Some(
            cache.map_err(|e| format!("compiled code cannot be kept in '{}': {e:#}", folder.display()))?,
        ));
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    let pooled = Engine::new(&config);
    pooled.or_else(|_| plain(&mut config)).map_err(|e| format!("wasmtime cannot run here: {e:#}"))
}

/// Without the pool, which wants more addresses than there are under `ulimit -v` or a debugger: instances take longer to make.
fn plain(config: &mut Config) -> wasmtime::Result<Engine> {
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(config)
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(INSTANCES * 40).total_memories(INSTANCES).total_tables(INSTANCES * 4);
    // a component is made of modules: one of Python has 38
    pool.total_component_instances(INSTANCES).max_core_instances_per_component(100);
    pool.max_memories_per_component(4).max_tables_per_component(20);
    pool.max_memory_size(LARGEST_MEMORY).table_elements(100_000).max_core_instance_size(4 << 20);
    pool
}

/// Lets the engine's clock tick as long as the process lives.
fn tick(engine: Engine) -> std::io::Result<()> {
    let clock = std::thread::Builder::new().name("wasm-clock".to_owned());
    clock.spawn(move || {
        // nobody ever unparks this thread: each turn takes a tick, or a little less
        loop {
            std::thread::park_timeout(TICK);
            engine.increment_epoch();
        }
    })?;
    Ok(())
}
