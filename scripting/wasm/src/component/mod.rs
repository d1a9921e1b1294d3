//! Components: plugins in any language with a toolchain for them. What they import and export is in `scripting/wit/portero.wit`.
//!
//! | file | |
//! |---|---|
//! | `link` | what a component imports, linked; traps for what nobody knows |
//! | `host` | the imported functions |
//! | `sample` | samples, both ways |
//! | `exports` | what an instance exports, and how it begins |

mod exports;
mod host;
mod link;
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use self::exports::{Exports, NAMES, begin};
pub(crate) use self::link::{imports, linker};
pub(crate) use self::sample::{given, taken};
pub(crate) use self::wit::portero::plugin::{exchange, plugin, tables, types};

use crate::settings::Load;

/// The interfaces as the WIT file has them.
mod wit {
    #![allow(missing_docs, unreachable_pub, reason = "they are described in the WIT file")]
    wasmtime::component::bindgen!({
        path: "../wit/portero.wit",
        world: "imports",
        additional_derives: [PartialEq],
    });
}

/// A parameter of the ABI that is set and that a component has no use for.
pub(crate) fn idle_parameter(load: &Load) -> Option<&'static str> {
    let usual = Load::new("", "");
    let set = [
        ("root-id", load.root_id != usual.root_id),
        ("vm-id", load.vm_id != usual.vm_id),
        ("vm-config", load.vm_configuration != usual.vm_configuration),
        ("env", load.environment != usual.environment),
        ("cluster", load.clusters != usual.clusters),
        ("max-body", load.max_body != usual.max_body),
        ("allow-on-headers-stop-iteration", load.allow_on_headers_stop_iteration),
    ];
    set.into_iter().find_map(|(name, is_set)| is_set.then_some(name))
}

/// What a component begins with: the magic number, and the number of its format in the place of that of modules.
pub(crate) const BEGIN: &[u8; 8] = b"\0asm\x0d\0\x01\0";

/// Whether a file is meant to be a component: in the binary format, or as text.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    let comment = |line: &&[u8]| line.starts_with(b";;") || line.is_empty();
    let text = || bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !comment(line));
    bytes.starts_with(BEGIN) || text().is_some_and(|line| line.starts_with(b"(component"))
}
