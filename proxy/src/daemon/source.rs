//! Where the configuration comes from, for the start and for reloads.

use std::path::PathBuf;

use crate::config::load::{self, Loaded};

/// Files, how they are read, and what the command line says in their place.
#[derive(Clone, Default)]
pub struct Source {
    /// Files and folders, as `-f` named them.
    pub paths: Vec<PathBuf>,
    /// A text in the place of files: the demo's.
    pub text: Option<String>,
    /// How they are read.
    pub options: load::Options,
    /// Limits of the command line.
    pub limits: Limits,
}

/// Limits that the command line sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `-n`: client connections at the most, whatever the configuration says.
    pub connections: Option<u32>,
    /// `-m`: megabytes of memory that client connections may need where the configuration sets no limit to them.
    pub megabytes: Option<u32>,
}

impl Source {
    /// Reads the configuration.
    pub fn load(&self) -> Loaded {
        let mut loaded = match &self.text {
            None => load::load(&self.paths, &self.options),
            Some(text) => {
                let mut env = crate::config::environment::process(None, false);
                load::load_text("built-in.cfg", text, &mut env, &self.options)
            }
        };
        if let (Some(checked), Some(max)) = (&mut loaded.checked, self.limits.connections) {
            checked.global.maxconn = max;
        }
        loaded
    }
}
