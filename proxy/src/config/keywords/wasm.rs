//! `wasm-load`: the WASM modules that a configuration loads.

use std::collections::BTreeSet;
use std::time::Duration;

use portero_grammar::{Diagnostic, Word};
use portero_wasm::{Level, Load, OnError};

use super::global::GlobalDraft;
use super::parameters::{Parameters, parameters};
use super::{Call, MANY, Place, Row, row};

const ANY: Place = Place::ANY;

#[rustfmt::skip]
pub(in crate::config) const ROWS: &[Row<GlobalDraft>] = &[
    row("wasm-cache", ANY, (1, 1), |c| {
        let word = c.word(0)?.clone();
        let folder = (word.text != "off").then(|| c.reading.default_path.locate(&word.text, &c.reading.sources, word.span));
        c.target.global.wasm.settings.cache = folder; Ok(())
    }),
    row("wasm-load", ANY, (2, MANY), load),
];

const PARAMETERS: Parameters<Load> = Parameters { what: "wasm-load", rows: LOAD, tls: &[] };

/// What may stand behind the file; Envoy's fields have the same names with underscores.
#[rustfmt::skip]
const LOAD: &[Row<Load>] = &[
    row("allow-on-headers-stop-iteration", ANY, (0, 0), |c| { c.target.allow_on_headers_stop_iteration = true; Ok(()) }),
    row("allowed-capabilities", ANY, (1, 1), |c| {
        let names = c.text(0)?.split(',').map(str::to_owned);
        c.target.allowed_capabilities = Some(names.collect::<BTreeSet<_>>()); Ok(())
    }),
    row("cluster", ANY, (2, 2), |c| { c.target.clusters.insert(c.text(0)?.to_owned(), c.text(1)?.to_owned()); Ok(()) }),
    row("config", ANY, (1, 1), |c| { c.target.configuration = text_or_file(c)?; Ok(()) }),
    row("config-file", ANY, (1, 1), |c| { c.target.configuration = file(c)?; Ok(()) }),
    row("env", ANY, (2, 2), |c| { c.target.environment.push((c.text(0)?.to_owned(), c.text(1)?.to_owned())); Ok(()) }),
    row("log-level", ANY, (1, 1), |c| { c.target.log_level = c.choice(0, LEVELS)?; Ok(()) }),
    row("max-body", ANY, (1, 1), |c| { c.target.max_body = usize::try_from(c.size(0)?).unwrap_or(usize::MAX); Ok(()) }),
    row("max-memory", ANY, (1, 1), |c| { c.target.max_memory = usize::try_from(c.size(0)?).unwrap_or(usize::MAX); Ok(()) }),
    row("on-error", ANY, (1, 1), |c| {
        c.target.on_error = c.choice(0, &[("fail", OnError::Fail), ("skip", OnError::Skip)])?; Ok(())
    }),
    row("root-id", ANY, (1, 1), |c| { c.target.root_id = c.text(0)?.to_owned(); Ok(()) }),
    row("timeout", ANY, (1, 1), timeout),
    row("vm-config", ANY, (1, 1), |c| { c.target.vm_configuration = text_or_file(c)?; Ok(()) }),
    row("vm-id", ANY, (1, 1), |c| { c.target.vm_id = c.text(0)?.to_owned(); Ok(()) }),
];

const LEVELS: &[(&str, Level)] = &[
    ("trace", Level::Trace),
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warn", Level::Warn),
    ("error", Level::Error),
    ("critical", Level::Critical),
];

/// `wasm-load NAME FILE [parameters]`: the module is started once the whole configuration was read.
fn load(c: &mut Call<'_, GlobalDraft>) -> Result<(), Diagnostic> {
    let (name, file) = (c.word(0)?, c.word(1)?);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if name.text.is_empty() || !name.text.bytes().all(plain) {
        return Err(
            c.about(name, format!("'{}' cannot name a module: letters, digits, '_' and '-' can", name.text))
        );
    }
    let wasm = &c.target.global.wasm;
    if wasm.loads.iter().any(|load| load.name == name.text) {
        return Err(c.about(name, format!("there are two modules of the name '{}'", name.text)));
    }
    let path = c.reading.default_path.locate(&file.text, &c.reading.sources, file.span);
    let mut load = Load::new(&*name.text, path);
    parameters(&PARAMETERS, &c.args[2..], &mut load, c.reading);
    c.target.global.wasm.loads.push(load);
    c.target.global.wasm.places.push(file.span);
    Ok(())
}

/// The longest that one call runs.
fn timeout(c: &mut Call<'_, Load>) -> Result<(), Diagnostic> {
    let time = c.time(0)?;
    if time < Duration::from_millis(1) {
        return Err(c.about(c.word(0)?, "a call needs some time: at least 1ms"));
    }
    c.target.timeout = time;
    Ok(())
}

/// What stands in the file of that name where there is one, else the word itself.
fn text_or_file(c: &mut Call<'_, Load>) -> Result<Vec<u8>, Diagnostic> {
    let word = c.word(0)?.clone();
    let path = c.reading.default_path.locate(&word.text, &c.reading.sources, word.span);
    match std::fs::read(&path) {
        Ok(bytes) => {
            c.target.files.push(path);
            Ok(bytes)
        }
        Err(_) => {
            if looks_like_a_path(&word) {
                let message =
                    format!("there is no file '{}': the module gets these words themselves", word.text);
                c.reading.out.push(Diagnostic::warning(word.span, message));
            }
            Ok(word.text.into_bytes())
        }
    }
}

fn looks_like_a_path(word: &Word) -> bool {
    word.text.starts_with(['/', '.']) && !word.text.contains(char::is_whitespace)
}

fn file(c: &mut Call<'_, Load>) -> Result<Vec<u8>, Diagnostic> {
    let word = c.word(0)?.clone();
    let path = c.reading.default_path.locate(&word.text, &c.reading.sources, word.span);
    let bytes = std::fs::read(&path)
        .map_err(|e| c.about(&word, format!("'{}' cannot be read: {e}", path.display())))?;
    c.target.files.push(path);
    Ok(bytes)
}
