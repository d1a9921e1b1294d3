//! The program `portero`.

use std::process::ExitCode;

/// Many small and short-lived pieces on every worker: the system's allocator is not made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portero::cli::main(std::env::args_os().skip(1))
}
