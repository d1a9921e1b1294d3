//! Colours, where the output is a terminal.

/// Whether and how text is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Title,
    /// What holds, what is there now.
    Yes,
    /// What does not hold, what is gone.
    No,
    /// A value that was looked at.
    Value,
    /// Line numbers and marks.
    Gutter,
    /// What one may pass over.
    Quiet,
    /// What decides.
    Strong,
}

impl Paint {
    /// Colours or none.
    pub fn new(on: bool) -> Paint {
        Paint { on }
    }

    /// Text in the colour of what it is.
    pub fn of(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Title => "1",
            Tone::Yes => "32",
            Tone::No => "31",
            Tone::Value => "36",
            Tone::Gutter => "34;1",
            Tone::Quiet => "2",
            Tone::Strong => "1;33",
        };
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
