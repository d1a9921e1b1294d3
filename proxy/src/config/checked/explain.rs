//! `explain`: traces of live traffic.

use std::path::PathBuf;

use portero_grammar::rules::Condition;

/// Which requests leave a trace, and where to. All that is said must hold.
#[derive(Clone, Debug)]
pub struct Explain {
    /// One in so many of those that the rest of the line speaks of.
    pub every: u32,
    /// A header field by name and value; it goes no further than here.
    pub secret: Option<(Vec<u8>, Vec<u8>)>,
    /// A condition.
    pub condition: Option<Condition>,
    /// Where the trace goes.
    pub to: ExplainTo,
}

/// Where a trace goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExplainTo {
    /// To the log of the frontend, a line for each line.
    Log,
    /// To the end of a file: as text, or one JSON object a line.
    File {
        /// The file.
        path: PathBuf,
        /// As JSON.
        json: bool,
    },
}
