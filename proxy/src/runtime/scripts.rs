//! `show lua`: what functions of scripts cost.

use std::fmt::Write;

use super::call::{Answer, Call};

/// A line for each function: its figures since the start of the process.
pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, String> {
    let mut text = String::from("# function calls time_us errors stopped memory\n");
    for one in call.daemon.shared.common.figures.read() {
        let (name, time) = (&one.name, one.time.as_micros());
        let line =
            writeln!(text, "{name} {} {time} {} {} {}", one.calls, one.errors, one.stopped, one.memory);
        line.map_err(|e| e.to_string())?;
    }
    Ok(text.into())
}
