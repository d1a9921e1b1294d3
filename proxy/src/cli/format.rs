//! `portero fmt`: the one layout of haproxy.cfg and of files of rules.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portero_grammar::layout;

/// What `fmt` is asked to do.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// Only say which files are laid out otherwise.
    pub check: bool,
    /// The files; `-` is the standard input, written to the standard output.
    pub files: Vec<PathBuf>,
}

/// Lays out files in place. With `--check` nothing is written, and files that would change are a failure.
pub fn main(options: &Options) -> ExitCode {
    let mut failed = false;
    for path in &options.files {
        match one(path, options.check) {
            Ok(true) if options.check => {
                println!("{}", path.display());
                failed = true;
            }
            Ok(_) => {}
            Err(why) => {
                eprintln!("error: '{}': {why}", path.display());
                failed = true;
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Lays out a file; true when that changed something, or would.
fn one(path: &Path, check: bool) -> Result<bool, String> {
    let said = |error: std::io::Error| error.to_string();
    if path.extension().is_some_and(|end| end == "toml") {
        return Err("TOML has formatters of its own (taplo, for instance)".to_owned());
    }
    let input = path == Path::new("-");
    let bytes = if input {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(said)?;
        bytes
    } else {
        std::fs::read(path).map_err(said)?
    };
    let text = String::from_utf8(bytes).map_err(|_| "it is no UTF-8, and is left alone".to_owned())?;
    let new = layout(&text);
    let changed = new != text;
    match (check, input) {
        (true, _) => {}
        (false, true) => std::io::stdout().write_all(new.as_bytes()).map_err(said)?,
        (false, false) if changed => std::fs::write(path, &new).map_err(said)?,
        (false, false) => {}
    }
    Ok(changed)
}
