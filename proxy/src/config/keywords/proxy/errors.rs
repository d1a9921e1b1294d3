//! Error pages: `errorfile`, `errorloc`, `errorfiles`, `http-error`.

use std::sync::Arc;

use portero_api::Message;
use portero_grammar::{Diagnostic, Word};
use portero_policies::MadePage;

use super::super::{Call, MANY, Row, http_errors, row};
use super::ALL;
use crate::config::draft::{Draft, ErrorPage};

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    row("errorfile", ALL, (2, 2), |c| {
        let (status, page) = http_errors::file(c)?;
        c.target.error_pages.push(ErrorPage::One(status, page));
        Ok(())
    }),
    row("errorfiles", ALL, (1, MANY), errorfiles),
    row("errorloc", ALL, (2, 2), |c| location(c, 302)),
    row("errorloc302", ALL, (2, 2), |c| location(c, 302)),
    row("errorloc303", ALL, (2, 2), |c| location(c, 303)),
    row("http-error", ALL, (2, MANY), http_error),
];

fn errorfiles(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let statuses = (1..c.args.len()).map(|at| http_errors::status(c, at)).collect::<Result<Vec<_>, _>>()?;
    c.target.error_pages.push(ErrorPage::Section(c.word(0)?.clone(), statuses));
    Ok(())
}

/// A redirect in the place of an error page.
fn location(c: &mut Call<'_, Draft>, code: u16) -> Result<(), Diagnostic> {
    let status = http_errors::status(c, 0)?;
    let message =
        Message::new(code).header("location", c.word(1)?.bytes()).header("cache-control", "no-cache");
    c.target.error_pages.push(ErrorPage::One(status, Arc::new(message)));
    Ok(())
}

/// `http-error status CODE [content-type TYPE] [PAYLOAD] [hdr NAME VALUE ...]`
fn http_error(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    c.choice(0, &[("status", ())])?;
    let status = http_errors::status(c, 1)?;
    let (mut content_type, mut payload, mut headers) = (None, Payload::None, Vec::new());
    let mut at = 2;
    while let Some(word) = c.args.get(at) {
        let mut value = || {
            at += 1;
            c.word(at)
        };
        match word.text.as_str() {
            "content-type" => content_type = Some(value()?),
            "hdr" => headers.push((value()?, value()?)),
            "default-errorfiles" => payload = Payload::Page(ErrorPage::Builtin(status)),
            "errorfiles" => payload = Payload::Page(ErrorPage::Section(value()?.clone(), vec![status])),
            "errorfile" => payload = Payload::Page(ErrorPage::One(status, http_errors::read(c, value()?)?)),
            "file" => payload = Payload::Bytes(http_errors::bytes(c, value()?)?),
            "string" => payload = Payload::Bytes(value()?.bytes().to_vec()),
            "lf-string" => payload = Payload::Format(value()?.clone()),
            "lf-file" => {
                let path = value()?;
                let text = String::from_utf8_lossy(&http_errors::bytes(c, path)?).into_owned();
                payload = Payload::Format(portero_policies::whole_file(text, path.span));
            }
            other => {
                let error = Diagnostic::error(word.span, format!("unknown '{other}' behind 'http-error'"));
                return Err(error.did_you_mean(other, WORDS.iter().copied()));
            }
        };
        at += 1;
    }
    let has_body = match &payload {
        Payload::Bytes(bytes) => !bytes.is_empty(),
        Payload::Format(_) => true,
        Payload::None | Payload::Page(_) => false,
    };
    if has_body && content_type.is_none() {
        return Err(c.error("'http-error': 'content-type <type>' is missing: the payload needs one"));
    }
    let page = match payload {
        Payload::Page(page) => page,
        payload => made(status, content_type, payload, &headers),
    };
    c.target.error_pages.push(page);
    Ok(())
}

const WORDS: &[&str] = &[
    "content-type",
    "hdr",
    "default-errorfiles",
    "errorfiles",
    "errorfile",
    "file",
    "string",
    "lf-file",
    "lf-string",
];

/// What a page shows.
enum Payload {
    None,
    /// A whole reply: header fields of the line are not for it.
    Page(ErrorPage),
    Bytes(Vec<u8>),
    Format(Word),
}

/// A page of parts: made once, unless there is something to evaluate in them.
fn made(status: u16, content_type: Option<&Word>, payload: Payload, headers: &[(&Word, &Word)]) -> ErrorPage {
    let mut message = Message::new(status);
    let body = match payload {
        Payload::Format(word) => Some(word),
        Payload::Bytes(bytes) => {
            message.body = bytes.into();
            None
        }
        _ => None,
    };
    if let (Some(content_type), true) = (content_type, body.is_some() || !message.body.is_empty()) {
        message = message.header("content-type", content_type.bytes());
    }
    if body.is_none() && headers.iter().all(|(_, value)| !value.text.contains('%')) {
        let add =
            |message: Message, (name, value): &(&Word, &Word)| message.header(name.bytes(), value.bytes());
        return ErrorPage::One(status, Arc::new(headers.iter().fold(message, add)));
    }
    let headers = headers.iter().map(|(name, value)| (name.bytes().into(), (*value).clone())).collect();
    ErrorPage::Made(status, Arc::new(MadePage { message, body, headers }))
}
