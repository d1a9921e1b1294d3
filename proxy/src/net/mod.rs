//! Bytes in and out: sockets, deadlines, buffers. Nothing here knows HTTP.

mod alarms;
mod buffer;
mod deadline;
mod lead;
mod memory;
mod sockets;
mod sockopt;
mod stream;
mod tcp;

pub use alarms::{Alarm, Alarms};
pub use buffer::{Buffer, Buffers};
pub use deadline::{Deadline, go_offline, pause, stir};
pub use lead::Lead;
pub use memory::Memory;
pub use sockets::{ClientSocket, keep_first_packets, server_socket};
pub use stream::Stream;
pub use tcp::{Tcp, watch};
