//! Commands of the master's socket (`-S`; management manual, section 9.4). Master and worker are one process.

use super::call::{Answer, Call};
use crate::cli::HAPROXY;

pub(super) fn processes(call: &mut Call<'_>) -> Result<Answer, String> {
    let (pid, version) = (std::process::id(), format!("{HAPROXY}-portero"));
    let reloads = call.daemon.reloads();
    let uptime = uptime(call.daemon.shared.process.uptime().as_secs());
    let line = |kind: &str, reloads: String, uptime: &str| {
        format!("{pid:<15} {kind:<15} {reloads:<15} {uptime:<15} {version:<15}\n")
    };
    let mut text = format!(
        "{:<15} {:<15} {:<15} {:<15} {:<15}\n",
        "#<PID>", "<type>", "<reloads>", "<uptime>", "<version>"
    );
    text.push_str(&line("master", format!("{} [failed: {}]", reloads.done, reloads.failed), &uptime));
    text.push_str("# workers\n");
    text.push_str(&line("worker", "0".to_owned(), &uptime));
    Ok(text.into())
}

/// `0d00h02m07s`
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}d{hours:02}h{minutes:02}m{:02}s", seconds % 60)
}

/// Answers when the new configuration is in use, or is not going to be.
pub(super) fn reload(call: &mut Call<'_>) -> Result<Answer, String> {
    let daemon = call.daemon.clone();
    Ok(Answer::Last(Box::pin(async move {
        let (success, text) = match daemon.reload().await {
            Ok(text) => (1, text),
            Err(text) => (0, text),
        };
        let text: String = text.lines().filter(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect();
        format!("Success={success}\n--\n{text}")
    })))
}
