//! `portero wasm inspect`: what a WASM file is, as text or JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use portero_wasm::{Inspection, Standing};
use serde_json::{Value, json};

/// What is inspected, and how it is told.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    file: PathBuf,
    json: bool,
}

/// The exit code when there is nothing to inspect; that of a file that cannot be loaded is 1.
const NO_FILE: u8 = 2;

/// `inspect [--json] FILE`
pub fn parse(args: &[String]) -> Result<Options, String> {
    let Some(("inspect", rest)) = args.split_first().map(|(verb, rest)| (verb.as_str(), rest)) else {
        return Err("'wasm' can do one thing: 'wasm inspect FILE'".into());
    };
    let (options, files): (Vec<_>, Vec<_>) = rest.iter().partition(|arg| arg.starts_with("--"));
    match (options.iter().find(|option| **option != "--json"), &files[..]) {
        (Some(other), _) => Err(format!("unknown option '{other}' of 'wasm inspect'")),
        (None, [file]) => Ok(Options { file: file.into(), json: !options.is_empty() }),
        (None, _) => Err("'wasm inspect' takes one file".into()),
    }
}

/// Prints what there is to be said.
pub fn main(options: &Options) -> ExitCode {
    let name = options.file.display();
    let found = match portero_wasm::inspect(&options.file) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("error: '{name}' cannot be read: {error}");
            return ExitCode::from(NO_FILE);
        }
    };
    match options.json {
        true => println!("{:#}", as_json(&found)),
        false => print!("{name}: {}", as_text(&found)),
    }
    if let Some(problem) = &found.problem {
        eprintln!("error: '{name}' cannot be loaded: {problem}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn as_json(found: &Inspection) -> Value {
    let imports = found.imports.iter().map(
        |(module, name, standing)| json!({ "module": module, "name": name, "standing": word(*standing) }),
    );
    json!({
        "abi": found.abi,
        "component": found.is_component,
        "size": found.size,
        "made_with": found.made_with,
        "hooks": found.hooks,
        "callbacks": found.callbacks,
        "unknown_callbacks": found.unknown_callbacks,
        "other_exports": found.others,
        "imports": imports.collect::<Vec<_>>(),
        "memory_pages": found.memory.map(|(first, _)| first),
        "most_memory_pages": found.memory.and_then(|(_, most)| most),
        "start": found.start,
        "problem": found.problem,
    })
}

fn as_text(found: &Inspection) -> String {
    let mut text = format!("{}, {}\n", kind(found), size(found.size as u64));
    let mut line = |what: &str, words: &[String]| {
        if !words.is_empty() {
            text.push_str(&format!("  {what:<15} {}\n", words.join(" ")));
        }
    };
    let imports = |wanted| {
        let of = found.imports.iter().filter(move |(.., standing)| *standing == wanted);
        of.map(|(module, name, _)| format!("{module}.{name}")).collect::<Vec<_>>()
    };
    line("made with", &found.made_with);
    line("hooks", &found.hooks.iter().map(|hook| (*hook).to_owned()).collect::<Vec<_>>());
    line("memory", &found.memory.map(memory).into_iter().collect::<Vec<_>>());
    line("callbacks", &found.callbacks);
    line("never called", &found.unknown_callbacks);
    line("other exports", &found.others);
    line("imports", &imports(Standing::Given));
    line("unimplemented", &imports(Standing::Unimplemented));
    line("missing", &imports(Standing::Unknown));
    line(
        "start",
        &found.start.iter().map(|said| format!("without a configuration: {said}")).collect::<Vec<_>>(),
    );
    text
}

fn kind(found: &Inspection) -> String {
    match found.abi {
        Some(abi) => format!("proxy-wasm ABI {abi}"),
        None if found.is_component => "component (experimental)".to_owned(),
        None => "no version of the proxy-wasm ABI".to_owned(),
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Given => "given",
        Standing::Unimplemented => "unimplemented",
        Standing::Unknown => "missing",
    }
}

fn memory((first, most): (u64, Option<u64>)) -> String {
    const PAGE: u64 = 64 << 10;
    match most {
        Some(most) => format!("{} to begin with, {} at most", size(first * PAGE), size(most * PAGE)),
        None => format!("{} to begin with", size(first * PAGE)),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} kB", bytes >> 10),
        _ => format!("{} MB", bytes >> 20),
    }
}
