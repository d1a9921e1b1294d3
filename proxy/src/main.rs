//! The program `portero`.

use std::process::ExitCode;

/// Many small and short-lived pieces on every worker: the system's allocator is not made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for pages of 2 MiB, which then are memory that nobody uses: of 5,000 idle connections a quarter. A table of a million keys gets
    // two or three per cent of its time from them. A system that has no such pages says so, and nothing is lost.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    portero::cli::main(std::env::args_os().skip(1))
}
