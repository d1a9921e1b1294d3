//! `--watch`, for development: the configuration is read again when one of its files, scripts or modules has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::config::checked::Checked;
use crate::daemon::Daemon;
use crate::manager;

/// How often the files are looked at.
const PACE: Duration = Duration::from_millis(500);

/// Files as they were at one time: when they changed last, and their lengths. Those that are not there are left out.
type Seen = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Looks at the files of the configuration for ever, and reloads when they are others than they were when this was called.
pub fn watch(daemon: Rc<Daemon>) -> impl Future<Output = ()> {
    let mut before = look(&daemon);
    async move {
        loop {
            tokio::time::sleep(PACE).await;
            let now = look(&daemon);
            if now != before {
                tracing::info!("files have changed: reading the configuration again");
                manager::reload(daemon.clone()).await;
                // other files may be named now; what has changed since they were looked at is taken in the next round
                before = look(&daemon);
                let there = now.into_iter().filter(|(path, _)| before.contains_key(path));
                before.extend(there.collect::<Seen>());
            }
        }
    }
}

fn look(daemon: &Daemon) -> Seen {
    let mut paths = files(&daemon.checked());
    for path in daemon.paths() {
        paths.push(path.clone());
        paths.extend(entries(path));
    }
    let seen = |path: PathBuf| {
        let meta = std::fs::metadata(&path).ok()?;
        Some((path, (meta.modified().ok()?, meta.len())))
    };
    paths.into_iter().filter_map(seen).collect()
}

/// The texts of a configuration, its modules, its scripts, and what these may require: scripts beside them and on their
/// paths.
fn files(checked: &Checked) -> Vec<PathBuf> {
    let (lua, wasm) = (&checked.global.lua, &checked.global.wasm);
    let mut paths: Vec<_> = checked.sources.names().map(PathBuf::from).collect();
    paths.extend(lua.loads.iter().map(|load| load.path.clone()));
    paths.extend(wasm.loads.iter().flat_map(|load| load.files.iter().chain([&load.path]).cloned()));
    let beside = lua.loads.iter().filter_map(|load| load.path.parent());
    let patterns = lua.settings.prepend_path.iter().filter(|(_, native)| !native);
    let required = patterns.filter_map(|(pattern, _)| Path::new(pattern.split('?').next()?).parent());
    for folder in beside.chain(required) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        paths.extend(entries(folder).filter(|path| path.extension().is_some_and(|end| end == "lua")));
    }
    paths
}

/// What stands in a folder; nothing for what is none.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}
