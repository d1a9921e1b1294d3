//! `-v` and `-vv`, in the form that tools around HAProxy look for.

use std::process::ExitCode;

/// The HAProxy whose configuration is understood.
pub const HAPROXY: &str = "3.5-dev5";

/// Prints the version.
pub fn print(full: bool) -> ExitCode {
    println!("HAProxy version {HAPROXY} compatible: portero {}", env!("CARGO_PKG_VERSION"));
    if full {
        println!("Build options :\n  TARGET  = linux-glibc\n  HOST    = {}", std::env::consts::ARCH);
        println!("\nFeature list : +THREAD -OPENSSL +LUA -QUIC");
        println!("\nBuilt with Lua version : {}", portero_lua::VERSION);
    }
    ExitCode::SUCCESS
}
