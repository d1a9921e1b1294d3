//! `buf0`: the last lines that the converter `debug` wrote, kept in memory until somebody asks (`show events buf0`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use portero_api::Common;

/// The most bytes kept.
const ROOM: usize = 64 * 1024;

/// The last lines; older ones make room for newer.
#[derive(Debug, Default)]
pub struct Ring(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl Ring {
    /// The ring of the process.
    pub fn of(common: &Common) -> Arc<Ring> {
        common.get("rings/buf0")
    }

    /// Adds a line; one that is longer than all the room is cut.
    pub fn push(&self, line: &[u8]) {
        let line = &line[..line.len().min(ROOM)];
        let mut kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        kept.bytes += line.len();
        kept.lines.push_back(line.into());
        while kept.bytes > ROOM {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.len();
        }
    }

    /// All lines, the oldest first, each ended.
    pub fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(|e| e.into_inner());
        kept.lines.iter().map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_lines_push_old_ones_out() {
        let ring = Ring::default();
        ring.push(b"first");
        ring.push(b"second");
        assert_eq!(ring.text(), "first\nsecond\n");
        ring.push(&vec![b'x'; ROOM - 6]);
        assert!(ring.text().starts_with("second\nx"));
    }
}
