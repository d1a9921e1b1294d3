//! `portero lsp`: the language server, for every editor that speaks the protocol (docs/editors.md).
//!
//! `server` alone knows the protocol. It keeps the open texts ([`document`]) and asks the others: `check` for what is
//! wrong, `complete` for what may stand at a place, `hover` for what a word means, `names` for where it is declared. These
//! are functions of a text that cannot fail, whatever is in it: they look into [`page`], which is the text as words, and
//! `cursor`, which tells what kind of word a place wants. Words and their meaning come from the tables of the language.

mod actions;
mod check;
mod complete;
mod cursor;
mod document;
mod hover;
mod names;
mod outline;
mod page;
mod server;
mod words;

use std::process::ExitCode;

use lsp_server::Connection;

#[cfg(test)]
mod tests;

/// Serves one editor on the standard input and output, until it leaves.
pub fn main() -> ExitCode {
    let (connection, threads) = Connection::stdio();
    let served = server::serve(&connection);
    drop(connection);
    match served.and_then(|()| threads.join().map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
