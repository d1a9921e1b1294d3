//! The hook `Task`: work of a plugin that belongs to no exchange.

use crate::LocalFuture;

/// Runs beside the traffic, from the moment its configuration is used until the next one takes its place.
pub trait Task {
    /// The work. It is dropped with the configuration; a task that ends is not begun again.
    fn run(&self) -> LocalFuture<'static, ()>;

    /// True when one thread is to run it, false when each has its own.
    fn is_single(&self) -> bool;
}
