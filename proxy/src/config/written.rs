//! The written model: what every door gives.

use portero_grammar::cfg::{Environment, Section, parse};
use portero_grammar::{Diagnostics, FileId, Sources};

/// A configuration as written.
pub(super) struct Written {
    /// Its sections, over all files, in order.
    pub(super) sections: Vec<Section>,
    /// What is to be said about the text.
    pub(super) diagnostics: Diagnostics,
}

/// How a file is read into sections.
pub(super) type Door = fn(&Sources, &[FileId], &mut dyn Environment) -> Written;

/// The door for a file, by its name.
pub(super) fn door(path: &str) -> Option<Door> {
    let extension = path.rsplit_once('.').map_or("", |(_, e)| e);
    match extension {
        // TOML has its door in `config::toml`, once that is there: it lowers to the same lines.
        "toml" => None,
        _ => Some(haproxy),
    }
}

/// `haproxy.cfg`
fn haproxy(sources: &Sources, files: &[FileId], env: &mut dyn Environment) -> Written {
    let parsed = parse(sources, files, env);
    Written { sections: parsed.sections, diagnostics: parsed.diagnostics }
}
