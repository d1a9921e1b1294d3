//! `redirect`, as a statement and as an action (HAProxy manual, section 4.2, "redirect").

use portero_api::{Action, Answer, Exchange, Message, Reply, Request};
use portero_grammar::rules::Family;

use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::Reported;
use crate::format::Escape;

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "redirect",
    families: families::HTTP_BOTH,
    syntax: "location <fmt> | prefix <fmt> | scheme <fmt> [code 301|302|303|307|308] [drop-query] [append-slash] \
             [keep-query] [ignore-empty] [set-cookie <name>[=<value>]] [set-cookie-fmt <fmt>] [clear-cookie <name>[=]]",
    summary: "answer with a redirection",
    ends: true,
    make,
}];

const KEYWORDS: [&str; 11] = [
    "location",
    "prefix",
    "scheme",
    "code",
    "drop-query",
    "keep-query",
    "append-slash",
    "ignore-empty",
    "set-cookie",
    "set-cookie-fmt",
    "clear-cookie",
];

/// The attributes of a cookie that is set.
const COOKIE: &str = "; path=/;";

/// The attributes of one that is taken away.
const NO_COOKIE: &str = "; path=/; Max-Age=0;";

struct Redirect {
    to: To,
    code: u16,
    drop_query: bool,
    keep_query: bool,
    append_slash: bool,
    ignore_empty: bool,
    /// The cookie and its attributes.
    cookie: Option<(Text, &'static str)>,
}

enum To {
    Location(Text),
    Prefix(Text),
    Scheme(Text),
}

impl Action for Redirect {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut location = Vec::new();
        match &self.to {
            To::Location(text) => {
                text.write(exchange, &mut location);
                if self.keep_query {
                    keep_query(&exchange.request, &mut location);
                }
            }
            To::Prefix(text) => {
                text.write(exchange, &mut location);
                // The prefix "/" only normalizes the URI: nothing is put in front.
                if location == b"/" {
                    location.clear();
                }
                self.path(&exchange.request, &mut location);
            }
            To::Scheme(text) => {
                text.write(exchange, &mut location);
                location.extend_from_slice(b"://");
                location.extend_from_slice(exchange.request.headers.get(b"host").unwrap_or_default());
                self.path(&exchange.request, &mut location);
            }
        }
        if self.ignore_empty && location.is_empty() {
            return Answer::Continue;
        }
        Answer::Reply(Reply::Message(Box::new(self.message(exchange, location))))
    }
}

impl Redirect {
    fn message(&self, exchange: &Exchange, location: Vec<u8>) -> Message {
        let mut message = Message::new(self.code).header("location", location);
        if matches!(self.code, 302 | 303 | 307) {
            message = message.header("cache-control", "no-cache");
        }
        if let Some((cookie, attributes)) = &self.cookie {
            let mut value = Vec::new();
            cookie.write(exchange, &mut value);
            value.extend_from_slice(attributes.as_bytes());
            message = message.header("set-cookie", value);
        }
        message
    }

    /// Appends the path of the request, and its query unless it is dropped.
    fn path(&self, request: &Request, location: &mut Vec<u8>) {
        if !self.drop_query {
            return location.extend_from_slice(request.path_and_query());
        }
        let path = request.path();
        location.extend_from_slice(path);
        if self.append_slash && !path.ends_with(b"/") {
            location.push(b'/');
        }
    }
}

/// Appends the query of the request, behind that of the location when it has one.
fn keep_query(request: &Request, location: &mut Vec<u8>) {
    let query = request.query();
    if !query.is_empty() {
        location.push(if location.contains(&b'?') { b'&' } else { b'?' });
        location.extend_from_slice(query);
    }
}

/// Reads the words of a redirection.
pub(super) fn make(words: &mut Words<'_, '_>) -> Made {
    let mut to: Option<(To, &str)> = None;
    let mut cookie = None;
    let mut code = 302;
    let (mut drop_query, mut keep_query, mut append_slash, mut ignore_empty) = (false, false, false, false);
    while let Some(word) = words.next() {
        match word.text.as_str() {
            kind @ ("location" | "prefix" | "scheme") => {
                if kind != "location" && words.family == Family::HttpResponse {
                    let message =
                        format!("'{kind}' cannot be used in 'http-response' rules, only 'location' can");
                    return Err(words.compiler.error(word.span, message));
                }
                if let Some((_, before)) = to {
                    let message = format!("'{kind}' cannot stand beside '{before}'");
                    return Err(words.compiler.error(word.span, message));
                }
                to = Some((destination(words, kind)?, kind));
            }
            "code" => code = redirect_code(words)?,
            "drop-query" => drop_query = true,
            "keep-query" => keep_query = true,
            "append-slash" => append_slash = true,
            "ignore-empty" => ignore_empty = true,
            "set-cookie" => cookie = Some((literal(words)?, COOKIE)),
            "clear-cookie" => cookie = Some((literal(words)?, NO_COOKIE)),
            "set-cookie-fmt" => cookie = Some((words.text("a cookie", Escape::Header)?, COOKIE)),
            _ => return Err(words.unexpected(word, KEYWORDS)),
        }
    }
    let Some((to, _)) = to else {
        return Err(words.fail("'location', 'prefix' or 'scheme' is missing"));
    };
    Ok(Box::new(Redirect { to, code, drop_query, keep_query, append_slash, ignore_empty, cookie }))
}

fn destination(words: &mut Words<'_, '_>, kind: &str) -> Result<To, Reported> {
    // Only the action takes a log format: in the statement a percent sign is a percent sign (manual, "redirect").
    let text = match words.family {
        Family::Redirect => Text::Fixed(words.need("a target")?.bytes().into()),
        _ => words.text("a target", Escape::Header)?,
    };
    Ok(match kind {
        "location" => To::Location(text),
        "prefix" => To::Prefix(text),
        _ => To::Scheme(text),
    })
}

fn redirect_code(words: &mut Words<'_, '_>) -> Result<u16, Reported> {
    let word = words.need("a status code")?;
    match word.text.as_str() {
        "301" => Ok(301),
        "302" => Ok(302),
        "303" => Ok(303),
        "307" => Ok(307),
        "308" => Ok(308),
        other => {
            let message = format!("'{other}' is no code of a redirection: 301, 302, 303, 307 and 308 are");
            Err(words.compiler.error(word.span, message))
        }
    }
}

/// A cookie as written.
fn literal(words: &mut Words<'_, '_>) -> Result<Text, Reported> {
    Ok(Text::Fixed(words.need("a cookie")?.bytes().into()))
}
