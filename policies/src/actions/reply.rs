//! Actions that answer themselves: return, deny, tarpit.

use std::time::Duration;

use bytes::Bytes;
use portero_api::{Action, Answer, Exchange, Message, Reply, Wait};
use portero_grammar::rules::Family;
use portero_grammar::{Diagnostic, Span, Word};

use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::format::Escape;
use crate::page::Page;
use crate::{Reported, errorfile};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "return",
        families: families::HTTP_BOTH,
        syntax: "[status <code>] [content-type <type>] [<content>] [hdr <name> <fmt>]*",
        summary: "answer with a response made here",
        ends: true,
        make: |words| make(words, Kind::Return),
    },
    ActionKind {
        name: "deny",
        families: families::HTTP_BOTH,
        syntax: "[status|deny_status <code>] [content-type <type>] [<content>] [hdr <name> <fmt>]*",
        summary: "refuse: 403 for a request, 502 for a response, or what the words say",
        ends: true,
        make: |words| make(words, Kind::Deny),
    },
    ActionKind {
        name: "tarpit",
        families: families::HTTP_REQUEST,
        syntax: "[status|deny_status <code>] [content-type <type>] [<content>] [hdr <name> <fmt>]*",
        summary: "refuse, but only after 'timeout tarpit': 500, or what the words say",
        ends: true,
        make: |words| make(words, Kind::Tarpit),
    },
];

/// The statuses that a proxy has error pages for.
const PAGES: [u16; 21] =
    [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504];

const KEYWORDS: [&str; 11] = [
    "status",
    "deny_status",
    "content-type",
    "default-errorfiles",
    "errorfile",
    "errorfiles",
    "file",
    "lf-file",
    "string",
    "lf-string",
    "hdr",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Return,
    Deny,
    Tarpit,
}

struct Answering {
    kind: Kind,
    source: Source,
}

/// How the reply is made.
enum Source {
    /// The proxy's page for a status.
    Page(u16),
    /// Always the same.
    Fixed(Message),
    /// Made for each exchange.
    Made(Page),
}

impl Action for Answering {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let reply = self.source.reply(exchange);
        match self.kind {
            Kind::Return => Answer::Reply(reply),
            Kind::Deny => Answer::Deny(reply),
            // The time belongs to the proxy: zero stands for its `timeout tarpit`.
            Kind::Tarpit => Answer::Wait(Wait::Tarpit(Duration::ZERO, reply)),
        }
    }
}

impl Source {
    fn reply(&self, exchange: &Exchange) -> Reply {
        match self {
            Source::Page(status) => Reply::Status(*status),
            Source::Fixed(message) => Reply::Message(Box::new(message.clone())),
            Source::Made(page) => Reply::Message(Box::new(page.message(exchange))),
        }
    }
}

/// What the words say, before it is known whether they fit together.
#[derive(Default)]
struct Draft<'w> {
    status: Option<(u16, Span)>,
    content_type: Option<&'w Word>,
    /// The content and the keyword that gave it.
    content: Option<(Content, &'w str)>,
    headers: Vec<(Box<[u8]>, Text)>,
}

enum Content {
    /// The proxy's own page.
    Page,
    ErrorFile(Message),
    /// The name of an `http-errors` section.
    Section(String, Span),
    Raw(Bytes),
    Format(Text),
}

fn make(words: &mut Words<'_, '_>, kind: Kind) -> Made {
    let mut draft = Draft::default();
    while let Some(word) = words.next() {
        read(words, word, &mut draft)?;
    }
    let default = match (kind, words.family) {
        (Kind::Return, _) => 200,
        (Kind::Deny, Family::HttpResponse) => 502,
        (Kind::Deny, _) => 403,
        (Kind::Tarpit, _) => 500,
    };
    // `deny` and `deny status 429` alone show the proxy's own page.
    if kind != Kind::Return
        && draft.content.is_none()
        && draft.headers.is_empty()
        && draft.content_type.is_none()
    {
        draft.content = Some((Content::Page, "default-errorfiles"));
    }
    let source = finish(words, draft, default)?;
    Ok(Box::new(Answering { kind, source }))
}

/// Takes one part in.
fn read<'w>(words: &mut Words<'w, '_>, word: &'w Word, draft: &mut Draft<'w>) -> Result<(), Reported> {
    let keyword = word.text.as_str();
    let content = match keyword {
        "status" | "deny_status" => {
            let place = words.peek().map_or(word.span, |w| w.span);
            draft.status = Some((words.status(200, 599)?, place));
            return Ok(());
        }
        "content-type" => {
            draft.content_type = Some(words.need("a content type")?);
            return Ok(());
        }
        "hdr" => {
            let name = words.header_name();
            let value = words.text("a value", Escape::Header);
            draft.headers.push((name?, value?));
            return Ok(());
        }
        "default-errorfiles" => Content::Page,
        "errorfile" => {
            let place = words.peek().map_or(word.span, |w| w.span);
            let parsed = errorfile(&words.file()?);
            Content::ErrorFile(
                parsed.map_err(|why| words.compiler.error(place, format!("bad error file: {why}")))?,
            )
        }
        "errorfiles" => {
            let name = words.need("the name of an http-errors section")?;
            Content::Section(name.text.clone(), name.span)
        }
        "file" => Content::Raw(words.file()?.into()),
        "string" => Content::Raw(Bytes::copy_from_slice(words.need("a text")?.bytes())),
        "lf-string" => Content::Format(words.text("a text", Escape::None)?),
        "lf-file" => {
            let place = words.peek().map_or(word.span, |w| w.span);
            let text = String::from_utf8_lossy(&words.file()?).into_owned();
            let format = words.compiler.build_format(&whole_file(text, place), Escape::None)?;
            Content::Format(Text::new(format))
        }
        _ => return Err(words.unexpected(word, KEYWORDS)),
    };
    if let Some((_, before)) = draft.content {
        return Err(words.compiler.error(word.span, format!("'{keyword}' cannot stand beside '{before}'")));
    }
    draft.content = Some((content, keyword));
    Ok(())
}

/// A file as a word: every mistake in it is shown at the word that names the file.
pub fn whole_file(text: String, place: Span) -> Word {
    let map = vec![place.start; text.len()];
    Word { map: Some(map.into()), quoted: true, ..Word::plain(text, place) }
}

fn finish(words: &Words<'_, '_>, draft: Draft<'_>, default: u16) -> Result<Source, Reported> {
    let compiler = words.compiler;
    let (status, place) = draft.status.unwrap_or((default, words.span()));
    let unused = |what: &str| {
        if let Some(word) = draft.content_type {
            let message = format!("content type '{}' is not used: {what}", word.text);
            compiler.push(Diagnostic::warning(word.span, message));
        }
    };
    let (content, keyword) = match draft.content {
        Some((content, keyword)) => (Some(content), keyword),
        None => (None, ""),
    };
    if matches!(keyword, "default-errorfiles" | "errorfile" | "errorfiles") {
        unused("an error page has its own");
        if !PAGES.contains(&status) {
            return Err(compiler.error(place, format!("there is no error page for status {status}")));
        }
    }
    let (body, format) = match content {
        Some(Content::Page) => return Ok(Source::Page(status)),
        Some(Content::ErrorFile(message)) => return Ok(Source::Fixed(message)),
        Some(Content::Section(name, span)) => {
            return match compiler.context.files.error_page(&name, status) {
                Ok(Some(message)) => Ok(Source::Fixed(message)),
                Ok(None) => Ok(Source::Page(status)),
                Err(why) => Err(compiler.error(span, why)),
            };
        }
        Some(Content::Raw(bytes)) => (bytes, None),
        Some(Content::Format(text)) => (Bytes::new(), Some(text)),
        None => (Bytes::new(), None),
    };
    let mut message = Message::new(status);
    if body.is_empty() && format.is_none() {
        unused("there is no payload");
    } else {
        let Some(content_type) = draft.content_type else {
            return Err(words.fail("'content-type <type>' is missing: the payload needs one"));
        };
        message = message.header("content-type", content_type.bytes());
        message.body = body;
    }
    if format.is_none() && draft.headers.is_empty() {
        return Ok(Source::Fixed(message));
    }
    Ok(Source::Made(Page { message, body: format, headers: draft.headers }))
}
