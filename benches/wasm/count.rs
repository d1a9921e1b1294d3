//! An action that counts the requests of a key, which a header names, in a stick table.

use portero_plugin::proxy_wasm::hostcalls;
use portero_plugin::proxy_wasm::types::MapType;
use portero_plugin::{portero, Action, Plugin, Sample, Table, Verdict};

portero!(|_: &[u8]| Some(Plugin::new().action(Count)));

struct Count;

impl Action for Count {
    fn run(&mut self, _rules: &str, _args: &[String]) -> Verdict {
        let key = hostcalls::get_map_value(MapType::HttpRequestHeaders, "x-key").ok().flatten().unwrap_or_default();
        match Table::named("keys").add(&Sample::Str(key.into_bytes()), "gpc0", 1) {
            Ok(_) => Verdict::Continue,
            Err(_) => Verdict::Fail,
        }
    }
}
