//! Stick tables.

use portero_api::tables::{Limits, Schema};
use portero_grammar::Span;

/// A stick table.
#[derive(Debug)]
pub struct Table {
    /// What it is.
    pub schema: Schema,
    /// What a reload may change.
    pub limits: Limits,
    /// The line that declares it, for messages.
    pub span: Span,
}
