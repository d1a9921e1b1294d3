//! Text that is fixed, or made anew at each probe.

use std::borrow::Cow;

use portero_api::{Exchange, Format};

/// Bytes to send or to look for.
pub(super) enum Text {
    /// Always the same.
    Fixed(Vec<u8>),
    /// A log format.
    Format(Box<dyn Format>),
    /// A log format that gives pairs of hexadecimal digits.
    HexFormat(Box<dyn Format>),
}

impl Text {
    /// The bytes for this probe.
    pub(super) fn bytes(&self, view: &Exchange) -> Cow<'_, [u8]> {
        let rendered = |format: &dyn Format| {
            let mut bytes = Vec::new();
            format.render(view, &mut bytes);
            bytes
        };
        match self {
            Text::Fixed(bytes) => Cow::Borrowed(bytes),
            Text::Format(format) => Cow::Owned(rendered(&**format)),
            Text::HexFormat(format) => {
                Cow::Owned(super::words::from_hex(&rendered(&**format)).unwrap_or_default())
            }
        }
    }
}

/// True when `part` stands somewhere in `whole`.
pub(super) fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
