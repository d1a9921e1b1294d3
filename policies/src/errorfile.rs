//! Error files: whole raw HTTP/1 responses (HAProxy manual, section 4.2, "errorfile").

use bytes::Bytes;
use portero_api::{Message, trim};

/// Reads a raw response. An empty file is a message of status 0: nothing is sent and the connection is closed. Framing
/// and connection fields are taken out, they are made anew. The error is a sentence.
pub fn errorfile(bytes: &[u8]) -> Result<Message, String> {
    if bytes.is_empty() {
        return Ok(Message { close: true, ..Message::new(0) });
    }
    let (line, mut rest) = cut_line(bytes).ok_or("it has no end of line behind the status line")?;
    let mut message = status_line(line)?;
    loop {
        let (line, tail) = cut_line(rest).ok_or("it has no empty line behind the header fields")?;
        rest = tail;
        if line.is_empty() {
            break;
        }
        field(line, &mut message)?;
    }
    message.body = Bytes::copy_from_slice(rest);
    Ok(message)
}

fn status_line(line: &[u8]) -> Result<Message, String> {
    let shown = || String::from_utf8_lossy(line).into_owned();
    let rest =
        line.strip_prefix(b"HTTP/1.").ok_or_else(|| format!("'{}' is no HTTP/1 status line", shown()))?;
    let mut words = rest.splitn(3, |&b| b == b' ').skip(1);
    let code = words.next().and_then(|c| std::str::from_utf8(c).ok()).filter(|c| c.len() == 3);
    let code = code.and_then(|c| c.parse::<u16>().ok()).filter(|c| (100..600).contains(c));
    let mut message = Message::new(code.ok_or_else(|| format!("'{}' has no status code", shown()))?);
    let reason = words.next().map(|r| String::from_utf8_lossy(trim(r)).into_owned());
    message.reason = reason.filter(|r| !r.is_empty()).map(Into::into);
    Ok(message)
}

fn field(line: &[u8], message: &mut Message) -> Result<(), String> {
    let shown = || String::from_utf8_lossy(line).into_owned();
    let colon =
        line.iter().position(|&b| b == b':').ok_or_else(|| format!("'{}' is no header field", shown()))?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if name.is_empty() || name.iter().any(|b| b.is_ascii_whitespace()) {
        return Err(format!("'{}' is no header field", shown()));
    }
    const FRAMING: [&[u8]; 4] = [b"content-length", b"transfer-encoding", b"keep-alive", b"proxy-connection"];
    if name.eq_ignore_ascii_case(b"connection") {
        message.close |= value.eq_ignore_ascii_case(b"close");
    } else if !FRAMING.iter().any(|f| name.eq_ignore_ascii_case(f)) {
        message.headers.push((name.into(), value.into()));
    }
    Ok(())
}

/// A line without its end (LF or CRLF), and what is behind it.
fn cut_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_response_becomes_a_message() {
        let raw = b"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/html\r\nConnection: close\r\n\
            Content-Length: 99\r\n\r\n<h1>sorry</h1>\n";
        let message = errorfile(raw).unwrap();
        assert_eq!((message.status, message.close), (503, true));
        assert_eq!(message.reason.as_deref(), Some("Service Unavailable"));
        assert_eq!(message.headers, [(b"Content-Type"[..].into(), b"text/html"[..].into())]);
        assert_eq!(&message.body[..], b"<h1>sorry</h1>\n");
    }

    #[test]
    fn plain_line_feeds_and_no_reason_are_fine() {
        let message = errorfile(b"HTTP/1.1 404\nA: b\n\nx").unwrap();
        assert_eq!((message.status, message.reason, &message.body[..]), (404, None, &b"x"[..]));
    }

    #[test]
    fn an_empty_file_sends_nothing() {
        let message = errorfile(b"").unwrap();
        assert_eq!((message.status, message.close), (0, true));
    }

    #[test]
    fn what_is_no_response_is_refused_by_name() {
        for (raw, part) in [
            (&b"<html>\n"[..], "'<html>' is no HTTP/1 status line"),
            (b"HTTP/1.1 abc\r\n\r\n", "'HTTP/1.1 abc' has no status code"),
            (b"HTTP/1.1 200 OK\r\nfoo\r\n\r\n", "'foo' is no header field"),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n", "no empty line"),
            (b"HTTP/1.1 200 OK", "no end of line"),
        ] {
            let error = errorfile(raw).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
