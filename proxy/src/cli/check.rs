//! `portero check` and `-c`, `-cc`: what is wrong with a configuration.

use std::io::IsTerminal;
use std::process::ExitCode;

use portero_grammar::Severity;

use super::args::Options;
use crate::config::{environment, load};

/// Prints what there is to say about a configuration; fails when it cannot be used.
pub fn check(options: &Options) -> ExitCode {
    if let Err(message) = go_to_folder(options) {
        eprintln!("error: {message}");
        return ExitCode::FAILURE;
    }
    let loaded = load(options);
    let usable = report(&loaded, options);
    match usable {
        true if options.verbose && !options.quiet => println!("Configuration file is valid"),
        _ => {}
    }
    if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Evaluates a condition as `.if` does.
pub fn condition(text: &str) -> ExitCode {
    let env = environment::process(None, false);
    let mut sources = portero_grammar::Sources::default();
    match portero_grammar::cfg::condition(&mut sources, text, &env) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}", error.render(&sources, false));
            ExitCode::FAILURE
        }
    }
}

/// Reads the configuration that the options name.
pub fn load(options: &Options) -> load::Loaded {
    load::load(&options.files, &load_options(options))
}

/// How it is read.
pub fn load_options(options: &Options) -> load::Options {
    load::Options {
        ignore_unresolved: options.ignore_unresolved,
        local_peer: options.local_peer.clone(),
        allow: options.allow.clone(),
        deny: options.deny.clone(),
        ..load::Options::default()
    }
}

/// Prints all messages and says whether the configuration can be used.
pub fn report(loaded: &load::Loaded, options: &Options) -> bool {
    let color = std::io::stderr().is_terminal();
    let text = loaded.diagnostics.render(&loaded.sources, color);
    let failed = loaded.checked.is_none() || loaded.diagnostics.has_errors();
    if !text.is_empty() && (failed || !options.quiet) {
        eprintln!("{text}");
    }
    let warnings = loaded.diagnostics.count(Severity::Warning);
    if failed {
        let count = loaded.diagnostics.count(Severity::Error);
        eprintln!("\nerror: the configuration has {count} error{}", if count == 1 { "" } else { "s" });
    } else if options.warnings_fatal && warnings > 0 {
        eprintln!("\nerror: warnings are errors here (-dW)");
        return false;
    }
    !failed
}

/// `-C`.
pub fn go_to_folder(options: &Options) -> Result<(), String> {
    let Some(folder) = &options.folder else { return Ok(()) };
    std::env::set_current_dir(folder).map_err(|e| format!("cannot go to '{}': {e}", folder.display()))
}
