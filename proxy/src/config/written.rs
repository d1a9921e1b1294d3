//! The written model: what every door gives.

use portero_grammar::cfg::{Environment, Section, parse};
use portero_grammar::{Diagnostics, FileId, Sources};

use super::toml;

/// A configuration as written.
pub(super) struct Written {
    /// Its sections, over all files, in order.
    pub(super) sections: Vec<Section>,
    /// What is to be said about the text.
    pub(super) diagnostics: Diagnostics,
}

/// How a file is read into sections.
pub(super) type Door = fn(&mut Sources, &[FileId], &mut dyn Environment) -> Written;

/// The door for a file, by its name.
pub(super) fn door(path: &str) -> Door {
    match path.rsplit_once('.') {
        Some((_, "toml")) => toml::read,
        _ => haproxy,
    }
}

/// `haproxy.cfg`
fn haproxy(sources: &mut Sources, files: &[FileId], env: &mut dyn Environment) -> Written {
    let parsed = parse(sources, files, env);
    Written { sections: parsed.sections, diagnostics: parsed.diagnostics }
}
