//! One connection to the runtime API.

use std::io;
use std::rc::Rc;

use super::call::{Answer, Call, Mode, Settings, Target};
use super::line::{self, Line};
use super::table::{self, Found};
use super::talk::{Operator, Talk};
use crate::config::checked::Level;
use crate::daemon::Daemon;
use crate::net::Stream;

/// Bytes of a payload at the most.
const MAX_PAYLOAD: usize = 128 * 1024;

/// Serves a connection: one line, or as many as `prompt` asks for. The client may have closed its side already.
pub(super) async fn serve(daemon: Rc<Daemon>, stream: Stream, level: Level, target: Option<Target>) {
    let mode = Mode::Single;
    let settings = Settings { level, mode, timed: false, expert: false, experimental: false, target };
    let talk = Talk::new(stream, daemon.checked().global.stats_timeout);
    let mut session = Session { daemon, talk, settings };
    // a client that is gone needs no answer
    let _ = session.run().await;
}

struct Session {
    daemon: Rc<Daemon>,
    talk: Rc<Talk>,
    settings: Settings,
}

/// What follows a line.
#[derive(PartialEq)]
enum Next {
    GoOn,
    Bye,
}

impl Session {
    async fn run(&mut self) -> io::Result<()> {
        while let Some(text) = self.talk.line().await? {
            let line = line::cut(&text);
            let payload = match &line.payload {
                Some(end) => Some(self.payload(end).await?),
                None => None,
            };
            let mut out = String::new();
            let next = self.execute(&line, payload.as_deref(), &mut out).await?;
            if next == Next::GoOn && self.settings.mode == Mode::Prompt {
                out.push_str(&self.prompt());
            }
            self.talk.write(out.as_bytes()).await?;
            if next == Next::Bye || self.settings.mode == Mode::Single {
                break;
            }
        }
        Ok(())
    }

    /// Runs the commands of a line; each answer ends with an empty line. What is long is sent at once.
    async fn execute(&mut self, line: &Line, payload: Option<&str>, out: &mut String) -> io::Result<Next> {
        if line.commands.is_empty() {
            out.push('\n');
        }
        for (place, words) in line.commands.iter().enumerate() {
            let payload = payload.filter(|_| place + 1 == line.commands.len());
            let Some(words) = self.address(words) else { continue };
            let (text, last) = match self.command(words, payload) {
                Ok(Answer::Text(text)) | Err(text) => (text, false),
                Ok(Answer::Later(text)) => (text.await, false),
                Ok(Answer::Pieces(pieces)) => (self.send_pieces(pieces, out).await?, false),
                Ok(Answer::Last(text)) => (text.await, true),
                Ok(Answer::Bye) => return Ok(Next::Bye),
                Ok(Answer::Plugged(plugged, place)) => {
                    self.talk.write(std::mem::take(out).as_bytes()).await?;
                    plugged.get(place).run(words.1, Box::new(Operator(self.talk.clone()))).await;
                    out.push('\n');
                    continue;
                }
            };
            out.push_str(&text);
            out.push_str(if text.is_empty() || text.ends_with('\n') { "\n" } else { "\n\n" });
            if last {
                return Ok(Next::Bye);
            }
        }
        Ok(Next::GoOn)
    }

    /// Sends what was said before and then piece after piece; nothing is left to be said.
    async fn send_pieces(
        &self,
        pieces: Box<dyn Iterator<Item = String>>,
        out: &mut String,
    ) -> io::Result<String> {
        self.talk.write(std::mem::take(out).as_bytes()).await?;
        for piece in pieces {
            self.talk.write(piece.as_bytes()).await?;
            tokio::task::yield_now().await;
        }
        Ok(String::new())
    }

    /// Takes `@1` and its like off a command to the master. None when that was all: then it holds from now on.
    fn address<'w>(&mut self, words: &'w [String]) -> Option<(Option<Target>, &'w [String])> {
        let now = self.settings.target;
        let target = match (now, words[0].strip_prefix('@')) {
            (None, _) | (_, None) => return Some((now, words)),
            (Some(_), Some("" | "master")) => Target::Master,
            (Some(_), Some("1")) => Target::Worker,
            (Some(_), Some(pid)) => match pid.strip_prefix('!').and_then(|p| p.parse::<u32>().ok()) {
                Some(pid) if pid == std::process::id() => Target::Worker,
                _ => return Some((now, words)),
            },
        };
        if words.len() == 1 {
            self.settings.target = Some(target);
            return None;
        }
        Some((Some(target), &words[1..]))
    }

    fn command(
        &mut self,
        (target, words): (Option<Target>, &[String]),
        payload: Option<&str>,
    ) -> Result<Answer, String> {
        let plugged = self.daemon.plugged();
        let found = table::find(words, target, &plugged);
        let (command, args) = match found {
            Ok(Found::Own(command, args)) => (command, args),
            Ok(Found::Plugged(place)) => return Ok(Answer::Plugged(plugged, place)),
            Err(why) => return Err(why.text(self.settings.level, target, &plugged)),
        };
        table::allow(command, &self.settings)?;
        if payload.is_some() && !command.payload {
            return Err(format!("'{}' takes no payload.\n", command.words));
        }
        let mut call = Call { daemon: &self.daemon, settings: &mut self.settings, args, payload };
        (command.run)(&mut call)
    }

    fn prompt(&self) -> String {
        let time = match self.settings.timed {
            true => format!("[{}]", super::process::clock(self.daemon.shared.process.uptime())),
            false => String::new(),
        };
        match self.settings.target {
            Some(Target::Master) => format!("{time}{}master> ", if time.is_empty() { "" } else { " " }),
            Some(Target::Worker) => {
                format!("{time}{}{}> ", if time.is_empty() { "" } else { " " }, std::process::id())
            }
            None => format!("{time}> "),
        }
    }

    /// The lines up to the one that ends the payload.
    async fn payload(&mut self, end: &str) -> io::Result<String> {
        let mut payload = String::new();
        if self.settings.mode == Mode::Prompt {
            self.talk.write(b"+ ").await?;
        }
        while let Some(line) = self.talk.line().await? {
            let line = line.trim_end_matches('\r');
            if line == end {
                break;
            }
            payload.extend([line, "\n"]);
            if payload.len() > MAX_PAYLOAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.settings.mode == Mode::Prompt {
                self.talk.write(b"+ ").await?;
            }
        }
        Ok(payload)
    }
}
