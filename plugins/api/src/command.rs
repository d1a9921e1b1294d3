//! The hook `Command`: a verb of the runtime API.

use crate::{LocalFuture, Wire};

/// Answers a verb of the runtime API.
pub trait Command {
    /// The words that call it: `show`, `tokens`. What the operator writes behind them are arguments.
    fn words(&self) -> &[String];

    /// One line for `help`.
    fn usage(&self) -> &str;

    /// Runs it with these arguments, the words that call it included. What it writes goes to the operator; what it reads
    /// is what the operator sends behind the line.
    fn run(&self, line: &[String], operator: Box<dyn Wire>) -> LocalFuture<'static, ()>;
}
