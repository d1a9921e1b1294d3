//! What a command is called with, and what it answers.

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{LocalFuture, ProxyState, ServerState};

use super::plugged::Plugged;
use crate::config::checked::Level;
use crate::daemon::Daemon;

/// A command as it was given.
pub(super) struct Call<'a> {
    pub(super) daemon: &'a Rc<Daemon>,
    pub(super) settings: &'a mut Settings,
    /// The words behind those that name the command.
    pub(super) args: &'a [String],
    /// The lines that followed it, for a command that takes some.
    pub(super) payload: Option<&'a str>,
}

/// What holds for a connection.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) level: Level,
    pub(super) mode: Mode,
    /// True to show the uptime in the prompt.
    pub(super) timed: bool,
    pub(super) expert: bool,
    pub(super) experimental: bool,
    /// Who commands are meant for; none on a socket that is not the master's.
    pub(super) target: Option<Target>,
}

/// How lines follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One line, then the end.
    Single,
    /// Line after line.
    Interactive,
    /// Line after line, each asked for by a prompt.
    Prompt,
}

/// Who a command on the master's socket is meant for. Both are this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Master,
    Worker,
}

/// What a command answers.
pub(super) enum Answer {
    /// A text; its last line end may be missing.
    Text(String),
    /// A text, as soon as it is there.
    Later(LocalFuture<'static, String>),
    /// A long text, piece by piece: others are served between two of them.
    Pieces(Box<dyn Iterator<Item = String>>),
    /// The same as `Later`, and nothing after it.
    Last(LocalFuture<'static, String>),
    /// Nothing: the connection ends.
    Bye,
    /// What a plugin's command says, by its place.
    Plugged(Plugged, usize),
}

impl From<String> for Answer {
    fn from(text: String) -> Answer {
        Answer::Text(text)
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Answer {
        Answer::Text(text.to_owned())
    }
}

/// What a command does. An error is a sentence that says what is wrong with the command.
pub(super) type Run = fn(&mut Call<'_>) -> Result<Answer, String>;

/// Nothing to say.
pub(super) fn done() -> Result<Answer, String> {
    Ok(Answer::Text(String::new()))
}

impl Call<'_> {
    /// A word behind the command's own, by its place.
    pub(super) fn arg(&self, place: usize) -> Option<&str> {
        self.args.get(place).map(String::as_str)
    }

    /// The server that a word names as `backend/server`.
    pub(super) fn server(&self, place: usize) -> Result<(Arc<ProxyState>, Arc<ServerState>), String> {
        let named = self.arg(place).and_then(|word| word.split_once('/'));
        let (backend, server) = named.ok_or("Require 'backend/server'.")?;
        let backend = self.backend(backend).ok_or("No such backend.")?;
        let servers = backend.servers();
        let by_id = server.strip_prefix('#').and_then(|id| id.parse::<u32>().ok());
        let found = servers.iter().find(|s| *s.name == *server || Some(s.id()) == by_id);
        let found = found.cloned().ok_or("No such server.")?;
        Ok((backend, found))
    }

    /// A backend by name, or by `#` and its number.
    pub(super) fn backend(&self, name: &str) -> Option<Arc<ProxyState>> {
        let directory = &self.daemon.shared.directory;
        let by_id = || {
            let id: u32 = name.strip_prefix('#').unwrap_or(name).parse().ok()?;
            directory.all().into_iter().find(|p| p.id() == id && p.kind.has_back())
        };
        directory.proxy(name, true).or_else(by_id)
    }

    /// All backends, or the one that a word names.
    pub(super) fn backends(&self, place: usize) -> Result<Vec<Arc<ProxyState>>, String> {
        match self.arg(place) {
            Some(name) => self.backend(name).map(|b| vec![b]).ok_or_else(|| "Can't find backend.".to_owned()),
            None => {
                let all = self.daemon.shared.directory.all();
                Ok(all.into_iter().filter(|p| p.kind.has_back()).collect())
            }
        }
    }

    /// The configuration of a server.
    pub(super) fn conf(&self, server: &ServerState) -> Option<Arc<crate::config::checked::Server>> {
        let checked = self.daemon.checked();
        let backend = checked.proxies.iter().find(|p| p.name == server.backend && p.kind.has_back())?;
        backend.servers.iter().find(|s| s.name == server.name).cloned()
    }
}
