//! What happens to clients and is counted for those that are tracked.

use super::Data;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection came, or an entry began to be tracked.
    Connection,
    /// It was let in.
    Session,
    /// An HTTP request began, valid or not.
    Request,
    /// A request was invalid or denied, or the server answered with a client's error.
    Error,
    /// A server failed: an invalid response, or its own error.
    Failure,
    /// So many bytes came from the client.
    BytesIn,
    /// So many bytes went to it.
    BytesOut,
    /// The client did something odd.
    Glitch,
}

impl Event {
    /// Where it is counted: its number and its rate.
    pub fn data(self) -> [Data; 2] {
        match self {
            Event::Connection => [Data::ConnCnt, Data::ConnRate],
            Event::Session => [Data::SessCnt, Data::SessRate],
            Event::Request => [Data::HttpReqCnt, Data::HttpReqRate],
            Event::Error => [Data::HttpErrCnt, Data::HttpErrRate],
            Event::Failure => [Data::HttpFailCnt, Data::HttpFailRate],
            Event::BytesIn => [Data::BytesInCnt, Data::BytesInRate],
            Event::BytesOut => [Data::BytesOutCnt, Data::BytesOutRate],
            Event::Glitch => [Data::GlitchCnt, Data::GlitchRate],
        }
    }
}
