//! Envoy's foreign functions (`source/extensions/common/wasm/ext` of its sources has their messages).

use super::Row;

/// Its functions.
pub(super) const ROWS: &[Row] = &[
    // the route follows from rules, which are asked once: there is nothing to forget
    Row { name: "clear_route_cache", call: |_, _| Ok(Vec::new()) },
];
