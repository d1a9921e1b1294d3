//! `early-hint`: an interim response in front of the final one (RFC 8297).

use portero_api::{Action, Answer, Deed, Exchange};

use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::format::Escape;

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "early-hint",
    families: families::HTTP_REQUEST,
    syntax: "<name> <fmt>",
    summary: "send '103 Early Hints' with a header field; rules in a row make one such response",
    ends: false,
    make,
}];

struct Hint {
    name: Box<[u8]>,
    value: Text,
}

impl Action for Hint {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let mut value = Vec::new();
        self.value.write(exchange, &mut value);
        Answer::Do(Deed::Hint(self.name.clone(), value.into()))
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    Ok(Box::new(Hint { name: words.header_name()?, value: words.text("a value", Escape::Header)? }))
}
