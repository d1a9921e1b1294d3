//! Error pages: `errorfile`, `errorloc`, `errorfiles`, `http-error`.

use std::sync::Arc;

use portero_api::Message;
use portero_grammar::{Diagnostic, Word};

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
    let (mut content_type, mut page, mut headers) = (None, None, Vec::new());
    let mut at = 2;
    while let Some(word) = c.args.get(at) {
        at += match word.text.as_str() {
            "content-type" => {
                content_type = Some(c.text(at + 1)?);
                2
            }
            "hdr" => {
                headers.push((c.word(at + 1)?, literal(c, c.word(at + 2)?)?));
                3
            }
            "default-errorfiles" => {
                page = Some(ErrorPage::Builtin(status));
                1
            }
            "errorfiles" => {
                page = Some(ErrorPage::Section(c.word(at + 1)?.clone(), vec![status]));
                2
            }
            "errorfile" => {
                page = Some(ErrorPage::One(status, http_errors::read(c, c.word(at + 1)?)?));
                2
            }
            "file" | "string" => {
                let value = c.word(at + 1)?;
                let body =
                    if word.text == "file" { http_errors::bytes(c, value)? } else { value.bytes().to_vec() };
                page = Some(ErrorPage::One(status, Arc::new(payload(status, content_type, body))));
                2
            }
            "lf-file" | "lf-string" => return Err(c.not_yet(word)),
            other => {
                let error = Diagnostic::error(word.span, format!("unknown '{other}' behind 'http-error'"));
                return Err(error.did_you_mean(other, WORDS.iter().copied()));
            }
        };
    }
    let page = page.unwrap_or_else(|| ErrorPage::One(status, Arc::new(Message::new(status))));
    c.target.error_pages.push(with_headers(page, &headers));
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

/// A header value without anything to evaluate: a page is made once.
fn literal<'w>(c: &Call<'_, Draft>, word: &'w Word) -> Result<&'w [u8], Diagnostic> {
    if word.text.contains('%') {
        return Err(c.about(word, format!("a format such as '{}' is not supported here yet", word.text)));
    }
    Ok(word.bytes())
}

fn payload(status: u16, content_type: Option<&str>, body: Vec<u8>) -> Message {
    match content_type {
        Some(content_type) => Message::new(status).body(content_type, body),
        None => Message { body: body.into(), ..Message::new(status) },
    }
}

fn with_headers(page: ErrorPage, headers: &[(&Word, &[u8])]) -> ErrorPage {
    match page {
        ErrorPage::One(status, message) if !headers.is_empty() => {
            let add = |message: Message, (name, value): &(&Word, &[u8])| message.header(name.bytes(), value);
            ErrorPage::One(status, Arc::new(headers.iter().fold((*message).clone(), add)))
        }
        page => page,
    }
}
