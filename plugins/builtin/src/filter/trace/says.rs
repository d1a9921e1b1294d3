//! What `filter trace` says of what it sees.

use std::fmt::Write;

use portero_api::{Direction, Exchange, Headers};

/// The word for a direction.
pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Request => "request",
        Direction::Response => "response",
    }
}

/// A head: its first line, and the fields below.
pub(super) fn head(exchange: &Exchange, direction: Direction) -> String {
    let text = String::from_utf8_lossy;
    let (line, headers) = match direction {
        Direction::Request => {
            let request = &exchange.request;
            let method = text(request.method.as_bytes());
            let line = format!("{method} {} HTTP/{}", text(&request.target), request.version.digits());
            (line, &request.headers)
        }
        Direction::Response => {
            let response = &exchange.response;
            (format!("{} {}", response.status, text(&response.reason)), &response.headers)
        }
    };
    format!("head: {line}{}", fields(headers))
}

/// The end of a message.
pub(super) fn trailers(trailers: &Headers) -> String {
    format!("ends{}", fields(trailers))
}

fn fields(headers: &Headers) -> String {
    let mut lines = String::new();
    for (name, value) in headers.iter() {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        // writing to a string cannot fail
        let _ = write!(lines, "\n    {name}: {value}");
    }
    lines
}

/// Bytes, sixteen a line: where they stand, their digits, and the text they are.
pub(super) fn dump(bytes: &[u8]) -> String {
    let mut lines = String::new();
    for (row, piece) in bytes.chunks(16).enumerate() {
        let digits: String = piece.iter().map(|byte| format!("{byte:02x} ")).collect();
        let text: String = piece.iter().map(|&byte| shown(byte)).collect();
        let _ = writeln!(lines, "    {:06x}  {digits:<48} {text}", row * 16);
    }
    lines
}

fn shown(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' }
}
