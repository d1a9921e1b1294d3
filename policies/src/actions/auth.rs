//! `auth`: asks for a user and a password (HAProxy manual, section 4.4; RFC 7617).

use portero_api::tables::Event;
use portero_api::{Action, Answer, Exchange, Reply};

use super::words::Words;
use super::{ActionKind, Made, families};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "auth",
    families: families::HTTP_REQUEST,
    syntax: "[realm <realm>]",
    summary: "answer 401 and ask for a user and a password",
    ends: true,
    make,
}];

struct Auth {
    challenge: Box<[u8]>,
}

impl Action for Auth {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        exchange.count(Event::Error, 1);
        let field = (b"www-authenticate"[..].into(), self.challenge.clone());
        Answer::Reply(Reply::StatusWith(401, Box::new(field)))
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let realm = match words.take("realm") {
        true => &words.need("a realm")?.text,
        false => words.compiler.context.proxy,
    };
    if let Some(bad) = realm.chars().find(|c| c.is_control()) {
        return Err(words.fail(format!("{bad:?} cannot stand in a realm")));
    }
    let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(Box::new(Auth { challenge: format!("Basic realm=\"{quoted}\"").into_bytes().into() }))
}
