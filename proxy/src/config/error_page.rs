//! Error pages as files: a whole HTTP response, head and body (HAProxy manual, section 4.2, `errorfile`).

use portero_api::Message;

/// Reads a response. An empty file is a message of status 0: the connection is closed without a word.
pub(super) fn parse(bytes: &[u8]) -> Result<Message, String> {
    if bytes.is_empty() {
        return Ok(Message { close: true, ..Message::default() });
    }
    let mut lines = Lines { rest: bytes };
    let first = lines.next().ok_or("the head is not complete")?;
    let mut message = status_line(first).ok_or_else(|| {
        format!("'{}' is not a status line such as 'HTTP/1.0 503 Service Unavailable'", String::from_utf8_lossy(first))
    })?;
    loop {
        let line = lines.next().ok_or("the head does not end with an empty line")?;
        if line.is_empty() {
            break;
        }
        let (name, value) = header(line)
            .ok_or_else(|| format!("'{}' is not a header line", String::from_utf8_lossy(line)))?;
        if !framing(name) {
            message.headers.push((name.into(), value.into()));
        }
    }
    message.body = lines.rest.to_vec().into();
    Ok(message)
}

struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|&b| b == b'\n')?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

fn status_line(line: &[u8]) -> Option<Message> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, rest) = text.strip_prefix("HTTP/")?.split_once(' ')?;
    let (code, reason) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let status = code.parse().ok().filter(|s| (200..600).contains(s))?;
    let reason = Some(reason.trim()).filter(|r| !r.is_empty()).map(Into::into);
    Some(Message { reason, ..Message::new(status) })
}

fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&b| b == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    (!name.is_empty() && name.iter().all(token)).then(|| (name, value.trim_ascii()))
}

/// Fields that are made anew when the page is sent.
fn framing(name: &[u8]) -> bool {
    ["content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection"]
        .iter()
        .any(|f| name.eq_ignore_ascii_case(f.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_whole_response() {
        let text = b"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 9\nX: \r\n\r\n<b>no</b>";
        let page = parse(text).expect("a page");
        assert_eq!((page.status, page.reason.as_deref()), (503, Some("Service Unavailable")));
        assert_eq!(page.headers.len(), 2);
        assert_eq!(&page.body[..], b"<b>no</b>");
    }

    #[test]
    fn an_empty_file_closes_without_a_word() {
        let page = parse(b"").expect("a page");
        assert_eq!((page.status, page.close), (0, true));
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for text in ["hello\n\n", "HTTP/1.0 abc\n\n", "HTTP/1.0 200 OK\nX: y\n", "HTTP/1.0 200 OK\nX y\n\n", "HTTP/1.0 99 X\n\n"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
