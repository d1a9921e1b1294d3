//! The command line: HAProxy's options, so that the binary can stand in its place, and subcommands of our own.

mod args;
mod check;
mod explain;
mod format;
mod run;
mod version;
mod wasm;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Command;

pub use version::HAPROXY;

/// Runs the program with these arguments (without its name).
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).collect();
    let command = args::parse(&args);
    // the demo has the terminal to itself
    let level = if command == Ok(Command::Demo) { tracing::Level::ERROR } else { tracing::Level::INFO };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env().add_directive(level.into()))
        .with_writer(std::io::stderr)
        .init();
    match command {
        Ok(Command::Run(options)) => run::run(*options),
        Ok(Command::Check(options)) => check::check(&options),
        Ok(Command::Condition(text)) => check::condition(&text),
        Ok(Command::Convert(paths)) => crate::convert::main(&paths),
        Ok(Command::Language) => crate::lsp::main(),
        Ok(Command::Format(options)) => format::main(&options),
        Ok(Command::Reload(target)) => run::reload(&target),
        Ok(Command::Version(full)) => version::print(full),
        Ok(Command::Help) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Command::Explain(options)) => crate::explain::main(&options),
        Ok(Command::Test(options)) => crate::policy_test::main(&options),
        Ok(Command::Inspect(options)) => wasm::main(&options),
        Ok(Command::Lua(options)) => crate::lua_shell::main(&options),
        Ok(Command::Demo) => crate::demo::main(),
        Err(message) => {
            eprintln!("error: {message}\n\n{}", args::USAGE);
            ExitCode::FAILURE
        }
    }
}
