//! Bytes in and out: sockets, deadlines, buffers. Nothing here knows HTTP.

mod alarms;
mod buffer;
mod deadline;
mod lead;
mod stream;

pub use alarms::Alarms;
pub use buffer::{Buffer, Buffers};
pub use deadline::Deadline;
pub use lead::Lead;
pub use stream::Stream;
