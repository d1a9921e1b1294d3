//! A line for each server: drawn again and again on a terminal, printed at each change elsewhere.

use std::io::{IsTerminal, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use portero_api::{Admin, Counter, Oper, ServerState};

use crate::daemon::Daemon;

/// How often servers are looked at.
const PACE: Duration = Duration::from_millis(500);

/// Shows all servers for ever, or until nobody can see it any more.
pub(super) async fn show(daemon: Rc<Daemon>) {
    let terminal = std::io::stdout().is_terminal();
    let mut shown = Vec::new();
    let mut tick = tokio::time::interval(PACE);
    loop {
        tick.tick().await;
        let lines = lines(&daemon, terminal);
        let text = match terminal {
            true => redraw(&lines, shown.len()),
            false => changes(&lines, &shown),
        };
        let mut out = std::io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            return;
        }
        shown = lines;
    }
}

fn lines(daemon: &Daemon, with_rate: bool) -> Vec<String> {
    let now = Instant::now();
    let all = daemon.shared.directory.all();
    let servers = all.iter().flat_map(|proxy| proxy.servers().iter().cloned().collect::<Vec<_>>());
    servers.map(|server| line(&server, with_rate.then_some(now))).collect()
}

/// `web1  UP    12 requests  3/s  127.0.0.1:4711`
fn line(server: &ServerState, now: Option<Instant>) -> String {
    let state = match (server.admin(), server.oper()) {
        (Admin::Maint, _) => "MAINT",
        (Admin::Drain, _) => "DRAIN",
        (_, Oper::Up) => "UP",
        (_, Oper::Down) => "DOWN",
        (_, Oper::Stopping) => "NOLB",
    };
    let requests = server.counters.get(Counter::Requests);
    let rate = now.map_or(String::new(), |now| format!("  {:>5}/s", server.rate.per_second(now)));
    format!("{:<6} {state:<6} {requests:>8} requests{rate}  {}", server.name, server.address())
}

/// Moves up to the first of the lines and draws all of them anew.
fn redraw(lines: &[String], drawn: usize) -> String {
    let up = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
    lines.iter().fold(up, |text, line| text + "\r\x1b[2K" + line + "\n")
}

/// The lines that are not as they were.
fn changes(lines: &[String], before: &[String]) -> String {
    let changed = lines.iter().enumerate().filter(|(i, line)| before.get(*i) != Some(*line));
    changed.map(|(_, line)| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_drawn_over_and_a_file_gets_what_changes() {
        let lines = ["a".to_owned(), "b".to_owned()];
        assert_eq!(redraw(&lines, 0), "\r\x1b[2Ka\n\r\x1b[2Kb\n");
        assert!(redraw(&lines, 2).starts_with("\x1b[2A\r"));
        assert_eq!(changes(&lines, &["a".to_owned(), "c".to_owned()]), "b\n");
    }
}
