//! A log format as an action uses it: rendered into a buffer that is kept.

use std::cell::RefCell;

use portero_api::Exchange;

use crate::Format;

/// A text that is always the same, or made for each exchange without allocating in the steady state.
pub(crate) enum Text {
    Fixed(Box<[u8]>),
    Made(Format, RefCell<Vec<u8>>),
}

impl Text {
    pub(crate) fn new(format: Format) -> Text {
        match format.constant() {
            Some(text) => Text::Fixed(text.into()),
            None => Text::Made(format, RefCell::default()),
        }
    }

    /// Hands the text over together with the exchange it was made from.
    pub(crate) fn with<R>(
        &self,
        exchange: &mut Exchange,
        use_it: impl FnOnce(&mut Exchange, &[u8]) -> R,
    ) -> R {
        match self {
            Text::Fixed(text) => use_it(exchange, text),
            Text::Made(format, buffer) => {
                // Taken out and put back, so that a format inside a format finds its own buffer.
                let mut text = buffer.take();
                text.clear();
                format.write(exchange, &mut text);
                let result = use_it(exchange, &text);
                buffer.replace(text);
                result
            }
        }
    }

    /// Appends the text.
    pub(crate) fn write(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        match self {
            Text::Fixed(text) => into.extend_from_slice(text),
            Text::Made(format, _) => format.write(exchange, into),
        }
    }
}
