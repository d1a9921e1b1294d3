//! A reply whose parts are made for each exchange (`return`, `http-error` with formats).

use portero_api::{Exchange, Message};
use portero_grammar::Word;

use crate::actions::Text;
use crate::{Compiler, Escape, Stage};

/// A page as it is written.
#[derive(Clone, Debug)]
pub struct MadePage {
    /// What is always the same of it.
    pub message: Message,
    /// The log format of its body.
    pub body: Option<Word>,
    /// Header fields, and the log formats of their values.
    pub headers: Vec<(Box<[u8]>, Word)>,
}

/// A page, ready to be made.
pub struct Page {
    pub(crate) message: Message,
    pub(crate) body: Option<Text>,
    pub(crate) headers: Vec<(Box<[u8]>, Text)>,
}

impl Page {
    /// The page for an exchange.
    pub fn message(&self, exchange: &Exchange) -> Message {
        let mut message = self.message.clone();
        for (name, value) in &self.headers {
            let mut text = Vec::new();
            value.write(exchange, &mut text);
            // a field whose text comes out empty is left out, as HAProxy does here (not in `set-header`)
            if !text.is_empty() {
                message.headers.push((name.clone(), text.into()));
            }
        }
        if let Some(body) = &self.body {
            let mut text = Vec::new();
            body.write(exchange, &mut text);
            message.body = text.into();
        }
        message
    }
}

impl Compiler<'_> {
    /// Compiles an error page; `None` where it has mistakes.
    pub fn page(&self, page: &MadePage) -> Option<Page> {
        let text = |word: &Word, escape| self.format(word, Stage::Log, escape).map(Text::new);
        let headers = page.headers.iter();
        let headers = headers.map(|(name, value)| Some((name.clone(), text(value, Escape::Header)?)));
        Some(Page {
            message: page.message.clone(),
            headers: headers.collect::<Option<_>>()?,
            body: match &page.body {
                Some(word) => Some(text(word, Escape::None)?),
                None => None,
            },
        })
    }
}
