//! Paths to a checked configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portero_api::{Common, Plugin};
use portero_grammar::cfg::{Environment, add_bytes, order_folder};
use portero_grammar::{Diagnostic, Diagnostics, FileId, Severity, Sources};
use portero_policies::maps;

use super::checked::Checked;
use super::environment;
use super::files::DefaultPath;
use super::reading::{Reading, UnixSockets};
use super::resolve::{Resolve, System};
use super::sections::Drafts;
use super::tables::TableDraft;
use super::written::{Door, door};
use super::{build, compile, lint, places, policy, scripts};
use crate::{registry, shared};

/// How to load.
#[derive(Clone)]
pub struct Options {
    /// `-dr`: a name that cannot be resolved is no error.
    pub ignore_unresolved: bool,
    /// `-dW`: warnings are errors.
    pub warnings_fatal: bool,
    /// `-dD`: `.diag` messages are wanted.
    pub diagnostic_mode: bool,
    /// `-L`: the name of this process among its peers.
    pub local_peer: Option<String>,
    /// Lints that are not wanted, by name.
    pub allow: Vec<String>,
    /// Lints that are errors, by name.
    pub deny: Vec<String>,
    /// Names to addresses.
    pub resolver: Arc<dyn Resolve>,
    /// The plugins that ship; those of scripts come with the configuration.
    pub plugins: Vec<Plugin>,
    /// What plugins share in the process that will use the configuration.
    pub common: Arc<Common>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ignore_unresolved: false,
            warnings_fatal: false,
            diagnostic_mode: false,
            local_peer: None,
            allow: Vec::new(),
            deny: Vec::new(),
            resolver: Arc::new(System::default()),
            plugins: registry::plugins(),
            common: shared::common(),
        }
    }
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, unless it has errors.
    pub checked: Option<Checked>,
    /// The texts it was read from; the diagnostics point into them.
    pub sources: Sources,
    /// All that is to be said about it.
    pub diagnostics: Diagnostics,
}

/// Loads files and folders in order, as `-f` names them. Everything wrong with them is found at once.
pub fn load(paths: &[PathBuf], options: &Options) -> Loaded {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let files = open(paths, &mut sources, &mut diagnostics);
    let mut env = environment::process(options.local_peer.as_deref(), options.diagnostic_mode);
    read(sources, &files, diagnostics, &mut env, options)
}

/// Adds the texts of files and folders to the sources, in order.
pub(crate) fn open(paths: &[PathBuf], sources: &mut Sources, out: &mut Diagnostics) -> Vec<FileId> {
    let mut files = Vec::new();
    for path in paths {
        match names(path) {
            Ok(names) => files.extend(names.iter().filter_map(|p| add(p, sources, out))),
            Err(error) => out.push(error),
        }
    }
    if paths.is_empty() {
        out.push(Diagnostic::error(None, "no configuration file is given").help("name one with '-f FILE'"));
    }
    files
}

/// Loads one text, under a name whose end says what it is.
pub fn load_text(name: &str, text: &str, env: &mut dyn Environment, options: &Options) -> Loaded {
    load_texts(&[(name, text)], env, options)
}

/// Loads texts that are one configuration together, each with its name.
pub fn load_texts(texts: &[(&str, &str)], env: &mut dyn Environment, options: &Options) -> Loaded {
    let mut sources = Sources::default();
    let files: Vec<FileId> = texts.iter().map(|(name, text)| sources.add(*name, *text)).collect();
    read(sources, &files, Diagnostics::default(), env, options)
}

/// Loads files in order, and one text behind them.
pub fn load_beside(
    paths: &[PathBuf],
    name: &str,
    text: &str,
    env: &mut dyn Environment,
    options: &Options,
) -> Loaded {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let mut files = if paths.is_empty() { Vec::new() } else { open(paths, &mut sources, &mut diagnostics) };
    files.push(sources.add(name, text));
    read(sources, &files, diagnostics, env, options)
}

fn read(
    sources: Sources,
    files: &[FileId],
    out: Diagnostics,
    env: &mut dyn Environment,
    options: &Options,
) -> Loaded {
    let mut reading = Reading {
        out,
        sources,
        resolver: options.resolver.clone(),
        ignore_unresolved: options.ignore_unresolved,
        local_peer: options.local_peer.clone().unwrap_or_else(environment::host_name),
        default_path: DefaultPath::default(),
        unix: UnixSockets::default(),
    };
    let mut sections = Vec::new();
    for (door, files) in by_door(files, &reading) {
        let written = door(&mut reading.sources, &files, env);
        reading.out.extend(written.diagnostics.iter().cloned());
        sections.extend(written.sections);
    }
    places::fill(&mut sections, env);
    policy::library::complete(&mut sections, &mut reading, env);
    let mut drafts = Drafts::default();
    let expanded = policy::expand(sections, &mut reading);
    expanded.sections.iter().for_each(|section| drafts.read(section, &mut reading));
    for (name, line) in expanded.tables {
        drafts.tables.push(TableDraft::read(name, &line, &mut reading));
    }
    let fatal = options.warnings_fatal || drafts.global.zero_warning;
    let mut checked = build::build(drafts, &mut reading);
    checked.environment = Arc::new(env.vars());
    rehearse(&mut checked, options, &mut reading.out);
    if !reading.out.has_errors() {
        lint::whole(&checked, &mut reading.out);
    }
    lint::silence(&mut reading.out, &reading.sources, &options.allow, &options.deny);
    if fatal {
        count_warnings(&mut reading.out);
    }
    let Reading { out: diagnostics, sources, .. } = reading;
    Loaded { checked: (!diagnostics.has_errors()).then_some(checked), sources, diagnostics }
}

/// Runs the scripts and compiles everything once. Maps and lists that either opens are those of the configuration.
fn rehearse(checked: &mut Checked, options: &Options, out: &mut Diagnostics) {
    let store = maps::store(&options.common);
    store.stage(checked.lists.clone());
    scripts::note_booleans(&checked.global.lua, out);
    match scripts::load((&checked.global, &checked.environment), &options.plugins, &options.common, out) {
        Ok(plugins) => {
            checked.plugins = plugins;
            compile::rehearse(checked, out);
        }
        Err(mistake) => {
            out.push(*mistake);
            checked.plugins = options.plugins.as_slice().into();
            let mut found = Diagnostics::default();
            compile::rehearse(checked, &mut found);
            scripts::silence(&mut found);
            out.extend(found.iter().cloned());
        }
    }
    if out.has_errors() {
        store.abort();
    }
}

/// `-dW` and `zero-warning`: warnings are errors.
fn count_warnings(out: &mut Diagnostics) {
    let warnings = out.count(Severity::Warning);
    if warnings > 0 {
        let message = format!("warnings are fatal here ('-dW' or 'zero-warning'), and there are {warnings}");
        out.push(Diagnostic::error(None, message));
    }
}

/// Files in order, neighbours with one door together.
fn by_door(files: &[FileId], reading: &Reading) -> Vec<(Door, Vec<FileId>)> {
    let mut groups: Vec<(Door, Vec<FileId>)> = Vec::new();
    for &file in files {
        let door = door(reading.sources.name(file));
        match groups.last_mut() {
            Some((last, group)) if std::ptr::fn_addr_eq(*last, door) => group.push(file),
            _ => groups.push((door, vec![file])),
        }
    }
    groups
}

/// The files of a path: itself, or the `.cfg` files of a folder.
fn names(path: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let error = |e| Diagnostic::error(None, format!("'{}' cannot be read: {e}", path.display()));
    if !fs::metadata(path).map_err(error)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(error)?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(order_folder(names).into_iter().map(|name| path.join(name)).collect())
}

fn add(path: &Path, sources: &mut Sources, out: &mut Diagnostics) -> Option<FileId> {
    match fs::read(path) {
        Ok(bytes) => {
            let (file, diagnostic) = add_bytes(sources, path.to_string_lossy(), bytes);
            out.extend(diagnostic);
            Some(file)
        }
        Err(e) => {
            out.push(Diagnostic::error(None, format!("'{}' cannot be read: {e}", path.display())));
            None
        }
    }
}

#[cfg(test)]
mod tests;
