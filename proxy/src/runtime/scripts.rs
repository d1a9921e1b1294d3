//! `show lua`, `show wasm`: what functions of scripts and modules cost.

use std::fmt::Write;

use super::call::{Answer, Call};

/// A line for each function of a script: its figures since the start of the process.
pub(super) fn lua(call: &mut Call<'_>) -> Result<Answer, String> {
    show(call, "function", "lua.")
}

/// A line for each module.
pub(super) fn wasm(call: &mut Call<'_>) -> Result<Answer, String> {
    show(call, "module", "wasm.")
}

fn show(call: &mut Call<'_>, what: &str, prefix: &str) -> Result<Answer, String> {
    let mut text = format!("# {what} calls time_us errors stopped memory restarts\n");
    let all = call.daemon.shared.common.figures.read();
    for one in all.iter().filter(|one| one.name.starts_with(prefix)) {
        let time = one.time.as_micros();
        let line = writeln!(
            text,
            "{} {} {time} {} {} {} {}",
            one.name, one.calls, one.errors, one.stopped, one.memory, one.restarts
        );
        line.map_err(|e| e.to_string())?;
    }
    Ok(text.into())
}
