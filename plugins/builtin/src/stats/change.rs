//! Changes that the page asks for with a form (`stats admin`): states of servers.
//!
//! The fields are HAProxy's, for scripts send them: `b`, a backend by `#` and its number or by name; `s`, a server, as often
//! as wanted; `action`.

use std::borrow::Cow;
use std::sync::Arc;

use portero_api::{Admin, Control, Exchange, Oper, ProxyState, Request, ServerState};

/// How it went, as the page that follows is told (`;st=DONE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Not with all servers.
    Partly,
    Nothing,
    /// The form cannot be understood.
    Unreadable,
    /// It is longer than what is held of a request.
    TooLong,
    Denied,
    UnknownAction,
}

use Outcome::{Denied, Done, Nothing, Partly, TooLong, UnknownAction, Unreadable};

const WORDS: &[(Outcome, &str, &str)] = &[
    (Done, "DONE", "The servers were changed."),
    (Partly, "PART", "Only some of the servers were changed."),
    (Nothing, "NONE", "Nothing was changed."),
    (Unreadable, "ERRP", "The form could not be read."),
    (TooLong, "EXCD", "The form is too long: choose fewer servers at a time."),
    (Denied, "DENY", "You may not change that."),
    (UnknownAction, "UNKN", "There is no such action."),
];

impl Outcome {
    /// Its word in a URI.
    pub(super) fn word(self) -> &'static str {
        WORDS.iter().find(|(outcome, ..)| *outcome == self).map_or("", |(_, word, _)| word)
    }

    /// What a word of a URI means, as a sentence.
    pub(super) fn sentence(word: &str) -> Option<&'static str> {
        WORDS.iter().find(|(_, known, _)| *known == word).map(|(.., sentence)| *sentence)
    }
}

/// What can be done to a server: the value of the field, its name on the page, the deed.
type Deed = fn(&dyn Control, &Arc<ServerState>) -> Result<(), String>;

pub(super) const ACTIONS: &[(&str, &str, Deed)] = &[
    ("ready", "Set state to READY", |c, s| c.set_state(s, Admin::Ready)),
    ("drain", "Set state to DRAIN", |c, s| c.set_state(s, Admin::Drain)),
    ("maint", "Set state to MAINT", |c, s| c.set_state(s, Admin::Maint)),
    ("dhlth", "Health: disable checks", |c, s| c.disable_health(s)),
    ("ehlth", "Health: enable checks", |c, s| c.enable_health(s)),
    ("hrunn", "Health: force UP", |c, s| c.set_health(s, Oper::Up)),
    ("hnolb", "Health: force NOLB", |c, s| c.set_health(s, Oper::Stopping)),
    ("hdown", "Health: force DOWN", |c, s| c.set_health(s, Oper::Down)),
    ("shutdown", "Kill sessions", |c, s| {
        c.shutdown_sessions(s);
        Ok(())
    }),
];

/// Does what the form in the body of the request says, to servers of these proxies.
pub(super) fn apply(exchange: &Exchange, proxies: &[Arc<ProxyState>], control: &dyn Control) -> Outcome {
    let allowed = exchange.tuning.as_ref().is_some_and(|tuning| tuning.admin);
    if !allowed || !comes_from_here(&exchange.request) {
        return Denied;
    }
    if !exchange.payload.complete {
        return TooLong;
    }
    let (mut backend, mut action, mut names) = (None, None, Vec::new());
    for field in exchange.payload.data.split(|&b| b == b'&').filter(|field| !field.is_empty()) {
        let Some((name, value)) = pair(field) else { return Unreadable };
        match &*name {
            "b" => backend = Some(value),
            "action" => action = Some(value),
            "s" => names.push(value),
            _ => return Unreadable,
        }
    }
    let (Some(backend), Some(action)) = (backend, action) else { return Nothing };
    let Some((.., deed)) = ACTIONS.iter().find(|(name, ..)| *name == action) else { return UnknownAction };
    let id = backend.strip_prefix('#').and_then(|id| id.parse().ok());
    let is_meant = |p: &&Arc<ProxyState>| p.kind.has_back() && (*p.name == *backend || Some(p.id()) == id);
    let Some(proxy) = proxies.iter().find(is_meant) else { return Denied };
    let servers = proxy.servers();
    let done = |name: &&String| {
        let server = servers.iter().find(|server| *server.name == ***name);
        server.is_some_and(|server| deed(control, server).is_ok())
    };
    match names.iter().filter(done).count() {
        0 => Nothing,
        n if n == names.len() => Done,
        _ => Partly,
    }
}

/// A browser says where a form comes from: one of another site is not done (HAProxy manual, "stats admin").
fn comes_from_here(request: &Request) -> bool {
    let headers = &request.headers;
    let origin = headers.all(b"origin").last().or_else(|| headers.all(b"referer").last());
    let Some(origin) = origin else { return true };
    let origin = String::from_utf8_lossy(origin);
    let authority = origin.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
    headers.all(b"host").last().is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()))
}

/// `name=value` of a form; none when it is not that, or no text.
fn pair(field: &[u8]) -> Option<(Cow<'_, str>, String)> {
    let equals = field.iter().position(|&b| b == b'=')?;
    let name = String::from_utf8_lossy(&field[..equals]);
    Some((name, decoded(&field[equals + 1..])?))
}

/// `+` is a blank, `%23` a byte (WHATWG URL, application/x-www-form-urlencoded).
fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use portero_api::{Address, Kind, NoControl};
    use portero_conformance::rig::exchange;

    use super::*;

    /// What becomes of a form; nothing can be changed here.
    fn outcome(form: &str, change: impl Fn(&mut Exchange)) -> Outcome {
        let back = ProxyState::new("app", 3, Kind::Backend, true);
        let server = ServerState::new(&back, "s1", 1, Address::Unresolved("x".into()));
        back.set_servers(vec![Arc::new(server)]);
        let mut exchange = exchange("/stats");
        exchange.tune().admin = true;
        exchange.payload.data = form.into();
        exchange.payload.complete = true;
        change(&mut exchange);
        apply(&exchange, &[Arc::new(back)], &NoControl)
    }

    #[test]
    fn forms_that_cannot_be_followed_change_nothing_and_it_is_said_why() {
        for (form, expected) in [
            ("b=%233&action=maint&s=s1", Nothing),
            ("b=app&action=shutdown&s=s1", Done),
            ("b=app&action=shutdown&s=s1&s=s9", Partly),
            ("b=%233&action=maint", Nothing),
            ("action=maint&s=s1", Nothing),
            ("b=%239&action=maint&s=s1", Denied),
            ("b=other&action=maint&s=s1", Denied),
            ("b=app&action=explode&s=s1", UnknownAction),
            ("b=app&what=1", Unreadable),
            ("b=%2", Unreadable),
        ] {
            assert_eq!(outcome(form, |_| {}), expected, "{form}");
        }
        assert_eq!(outcome("b=app", |x| x.payload.complete = false), TooLong);
    }

    #[test]
    fn strangers_and_pages_of_other_sites_change_nothing() {
        let form = "b=app&action=shutdown&s=s1";
        assert_eq!(outcome(form, |x| x.tuning = None), Denied);
        for (name, value, expected) in [
            ("origin", "http://example.com", Done),
            ("origin", "https://evil.example", Denied),
            ("origin", "null", Denied),
            ("referer", "http://example.com/stats;up", Done),
            ("referer", "http://evil.example/example.com", Denied),
        ] {
            let with = |x: &mut Exchange| x.request.headers.add(name.as_bytes(), value.as_bytes());
            assert_eq!(outcome(form, with), expected, "{name}: {value}");
        }
    }

    #[test]
    fn words_of_outcomes_lead_back_to_sentences() {
        assert!(WORDS.iter().all(|(outcome, ..)| Outcome::sentence(outcome.word()).is_some()));
        assert_eq!(Outcome::sentence("<b>"), None);
    }
}
