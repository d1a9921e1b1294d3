//! The other end of a probe: a connection and what came from it.

use std::io::{self, ErrorKind};

use portero_api::{CheckStatus, Dial, Target, Verdict, Wire};

/// As much of an answer is looked at (HAProxy's default `tune.bufsize`).
pub const MOST_BYTES: usize = 16384;

/// A connection, and all that came since it was last cleared.
pub struct Peer {
    wire: Box<dyn Wire>,
    /// What came.
    pub data: Vec<u8>,
    /// True when nothing more will come.
    pub ended: bool,
}

impl Peer {
    /// Connects; the verdict says why that failed.
    pub async fn connect(dial: &dyn Dial, target: &Target) -> Result<Peer, Verdict> {
        let wire = dial.connect(target).await.map_err(|error| connect_failure(&error))?;
        Ok(Peer { wire, data: Vec::new(), ended: false })
    }

    /// Sends all of this; the verdict says why that failed.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Verdict> {
        self.wire.write_all(bytes).await.map_err(|error| broken(&error))
    }

    /// Waits for more. False when there is no more to wait for: the end came, or all that is looked at is here.
    pub async fn more(&mut self) -> Result<bool, Verdict> {
        if self.ended || self.data.len() >= MOST_BYTES {
            self.ended = true;
            return Ok(false);
        }
        let have = self.data.len();
        self.data.resize((have + 4096).min(MOST_BYTES), 0);
        let read = self.wire.read(&mut self.data[have..]).await;
        self.data.truncate(have + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => self.ended = true,
            Ok(_) => return Ok(true),
            // A peer that closes with bytes of ours unread resets the connection: what it said before still counts.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && have > 0 => self.ended = true,
            Err(error) => return Err(broken(&error)),
        }
        Ok(false)
    }

    /// Waits for at least so many bytes; false when fewer will come.
    pub async fn at_least(&mut self, bytes: usize) -> Result<bool, Verdict> {
        while self.data.len() < bytes {
            if !self.more().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits for a line, or for what there is of one at the end, and takes it without its line ending.
    pub async fn line(&mut self) -> Result<String, Verdict> {
        let end = loop {
            if let Some(end) = self.data.iter().position(|&b| b == b'\n') {
                break end + 1;
            }
            if !self.more().await? {
                break self.data.len();
            }
        };
        let line: Vec<u8> = self.data.drain(..end).collect();
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// The text of the error is for the health log as it is: the dialer has put it in the proxy's words.
fn connect_failure(error: &io::Error) -> Verdict {
    match error.kind() {
        ErrorKind::TimedOut => Verdict::new(CheckStatus::L4Timeout, ""),
        _ => Verdict::new(CheckStatus::L4Connection, error.to_string()),
    }
}

fn broken(error: &io::Error) -> Verdict {
    Verdict::new(CheckStatus::SocketError, error.to_string())
}
