//! All proxies by name.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use super::ProxyState;

/// All proxies by name: what expressions such as `nbsrv(web)` and the statistics look into.
#[derive(Debug, Default)]
pub struct Directory {
    proxies: RwLock<BTreeMap<Arc<str>, Arc<ProxyState>>>,
}

impl Directory {
    /// The proxy of that name. A frontend and a backend may share a name: `back` says which is meant.
    pub fn proxy(&self, name: &str, back: bool) -> Option<Arc<ProxyState>> {
        self.proxies.read().unwrap_or_else(|e| e.into_inner()).get(&*key(name, back)).cloned()
    }

    /// All proxies, each once, in the order of their numbers.
    pub fn all(&self) -> Vec<Arc<ProxyState>> {
        let mut all: Vec<_> =
            self.proxies.read().unwrap_or_else(|e| e.into_inner()).values().cloned().collect();
        all.sort_by_key(|p| p.id());
        all.dedup_by_key(|p| p.id());
        all
    }

    /// Adds a proxy under its name, or takes the place of the one that had it.
    pub fn insert(&self, proxy: Arc<ProxyState>) {
        let mut proxies = self.proxies.write().unwrap_or_else(|e| e.into_inner());
        for back in [false, true] {
            if if back { proxy.kind.has_back() } else { proxy.kind.has_front() } {
                proxies.insert(key(&proxy.name, back).into(), proxy.clone());
            }
        }
    }

    /// Keeps the proxies for which the question is answered with true.
    pub fn retain(&self, keep: impl Fn(&ProxyState) -> bool) {
        self.proxies.write().unwrap_or_else(|e| e.into_inner()).retain(|_, p| keep(p));
    }
}

fn key(name: &str, back: bool) -> String {
    format!("{}{name}", if back { "b:" } else { "f:" })
}
