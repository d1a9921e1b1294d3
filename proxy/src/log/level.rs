//! Severity of a log line.

/// How grave a line is (RFC 5424, section 6.2.1; HAProxy manual, `log ... <level>`). Lower numbers are graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// No server is left.
    Emergency = 0,
    /// A server went down.
    Alert = 1,
    /// Not used by the proxy itself.
    Critical = 2,
    /// A failed session, where `option log-separate-errors` tells them apart.
    Error = 3,
    /// A proxy stops.
    Warning = 4,
    /// A server came up, a check's result changed.
    Notice = 5,
    /// Sessions and requests.
    Info = 6,
    /// Not used by the proxy itself.
    Debug = 7,
}

impl Level {
    /// The level of a number; larger ones are the least grave.
    pub fn of_number(number: u8) -> Level {
        use Level::{Alert, Critical, Debug, Emergency, Error, Info, Notice, Warning};
        let all = [Emergency, Alert, Critical, Error, Warning, Notice, Info];
        all.get(usize::from(number)).copied().unwrap_or(Debug)
    }
}
