//! Runs the scripts and modules of a configuration, which says what they add to the language.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use portero_api::{Common, Plugin};
use portero_grammar::{Diagnostic, Diagnostics, Span};
use portero_lua::{Scripts, Settings};
use portero_wasm::Modules;

use super::checked::{Checked, Global, Lua, Wasm};
use crate::registry;

/// The plugins that ship, those of the scripts and those of the modules, which see `common` from then on. Warnings go
/// to `out`.
pub(super) fn load(
    (global, environment): (&Global, &Arc<BTreeMap<String, String>>),
    shipped: &[Plugin],
    common: &Arc<Common>,
    out: &mut Diagnostics,
) -> Result<Arc<[Plugin]>, Box<Diagnostic>> {
    let (lua, wasm) = (lua(&global.lua, environment, common)?, wasm(&global.wasm, common, out)?);
    Ok(shipped.iter().cloned().chain(lua).chain(wasm).collect())
}

fn lua(
    lua: &Lua,
    environment: &Arc<BTreeMap<String, String>>,
    common: &Arc<Common>,
) -> Result<Vec<Plugin>, Box<Diagnostic>> {
    if lua.loads.is_empty() {
        return Ok(Vec::new());
    }
    let settings = Settings { environment: Some(environment.clone()), ..lua.settings.clone() };
    let scripts = Scripts::load(&lua.loads, &settings, common).map_err(|mistake| {
        let path = lua.loads.get(mistake.load).map(|load| &*load.path);
        refused(path, lua.places.get(mistake.load), &mistake.message)
    })?;
    Ok(scripts.plugins())
}

fn wasm(wasm: &Wasm, common: &Arc<Common>, out: &mut Diagnostics) -> Result<Vec<Plugin>, Box<Diagnostic>> {
    if wasm.loads.is_empty() {
        return Ok(Vec::new());
    }
    let path = |load: usize| wasm.loads.get(load).map(|load| &*load.path);
    let modules = Modules::load(&wasm.loads, &wasm.settings, common)
        .map_err(|mistake| refused(path(mistake.load), wasm.places.get(mistake.load), &mistake.message))?;
    if modules.is_cached_elsewhere() {
        let message =
            "'wasm-cache' has changed: that counts when the program is started again, not for a reload";
        out.push(Diagnostic::warning(None, message));
    }
    for warning in modules.warnings() {
        let message =
            format!("'{}': {}", path(warning.load).unwrap_or(Path::new("")).display(), warning.message);
        out.push(Diagnostic::warning(wasm.places.get(warning.load).copied(), message));
    }
    Ok(modules.plugins())
}

/// A file that cannot be loaded.
fn refused(path: Option<&Path>, place: Option<&Span>, why: &str) -> Box<Diagnostic> {
    let file = path.unwrap_or(Path::new("")).display();
    let message = format!("'{file}' cannot be loaded: {}", why.trim_end());
    Box::new(Diagnostic::error(place.copied(), message))
}

/// The same configuration with scripts of its own, which know nothing of what those of the other did.
///
/// # Errors
///
/// A script that ran before does not run now: what is to be said about it.
pub fn anew(checked: &Arc<Checked>, common: &Arc<Common>) -> Result<Arc<Checked>, String> {
    if !checked.has_scripts() {
        return Ok(checked.clone());
    }
    // what is warned of was said when the configuration was checked
    let plugins = load(
        (&checked.global, &checked.environment),
        &registry::plugins(),
        common,
        &mut Diagnostics::default(),
    );
    let plugins = plugins.map_err(|mistake| mistake.render(&checked.sources, false))?;
    Ok(Arc::new(Checked { plugins, ..Checked::clone(checked) }))
}

/// Leaves out what follows from scripts or modules that did not load: that their words are unknown.
pub(super) fn silence(out: &mut Diagnostics) {
    out.retain(|found| !UNKNOWN.iter().any(|words| found.message.contains(words)));
}

/// How messages quote the words of scripts.
const UNKNOWN: [&str; 2] = ["'lua.", "'wasm."];

/// A warning that HAProxy has as well: what a script sees of booleans is not what they are.
pub(super) fn note_booleans(lua: &Lua, out: &mut Diagnostics) {
    if let (Some(&first), false) = (lua.places.first(), lua.bool_conversion_is_said) {
        let message = "scripts get the booleans of fetches and converters as integers, for HAProxy before 3.1 gave them so";
        let help = "say which it shall be: 'tune.lua.bool-sample-conversion normal' or '... pre-3.1-bug'";
        out.push(Diagnostic::warning(first, message).help(help));
    }
}
