//! Request and response heads.

use crate::Headers;

/// A request method (RFC 9110, 9). Case matters: `get` is [`Method::Other`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    /// Any other token.
    Other(Box<[u8]>),
}

impl Method {
    /// The method that a token names.
    pub fn from_bytes(token: &[u8]) -> Method {
        match token {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"CONNECT" => Method::Connect,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"PATCH" => Method::Patch,
            other => Method::Other(other.into()),
        }
    }

    /// The token.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Method::Get => b"GET",
            Method::Head => b"HEAD",
            Method::Post => b"POST",
            Method::Put => b"PUT",
            Method::Delete => b"DELETE",
            Method::Connect => b"CONNECT",
            Method::Options => b"OPTIONS",
            Method::Trace => b"TRACE",
            Method::Patch => b"PATCH",
            Method::Other(token) => token,
        }
    }

    /// True when a second try does no more than one (RFC 9110, 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        use Method::{Delete, Get, Head, Options, Put, Trace};
        matches!(self, Get | Head | Options | Trace | Put | Delete)
    }
}

/// The version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
#[allow(missing_docs)]
pub enum Version {
    Http10,
    #[default]
    Http11,
    Http2,
    Http3,
}

impl Version {
    /// The digits, as fetches and logs show them: `1.1`.
    pub fn digits(self) -> &'static str {
        match self {
            Version::Http10 => "1.0",
            Version::Http11 => "1.1",
            Version::Http2 => "2.0",
            Version::Http3 => "3.0",
        }
    }
}

/// How the end of a body is known (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// So many bytes.
    Length(u64),
    /// Chunked transfer coding.
    Chunked,
    /// Up to the end of the connection (responses only).
    UntilClose,
    /// No end: a tunnel after CONNECT or 101.
    Tunnel,
}

impl Framing {
    /// True when the body is known to be larger than a few buffers.
    pub fn is_large(self) -> bool {
        matches!(self, Framing::Length(n) if n > 32 * 1024)
    }
}

/// The head of a request, and what is known of its body.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target as it stands in the request line: `/a?b`, `http://h/a`, `h:443`, `*`. Rules rewrite it here.
    pub target: Vec<u8>,
    /// The version the client spoke.
    pub version: Version,
    /// The header fields, hop-by-hop ones included; they are taken away when the request is forwarded.
    pub headers: Headers,
    /// How the body ends.
    pub framing: Framing,
}

impl Request {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.method = Method::Get;
        self.target.clear();
        self.version = Version::Http11;
        self.headers.clear();
        self.framing = Framing::None;
    }

    /// Where the path begins and ends in `target`. The path of `*` and of an authority is empty.
    pub fn path_range(&self) -> std::ops::Range<usize> {
        let target = &self.target[..];
        let start = match target.first() {
            Some(b'/') => 0,
            Some(b'*') | None => return 0..0,
            Some(_) => match find(target, b"://") {
                Some(at) => match target[at + 3..].iter().position(|&b| matches!(b, b'/' | b'?')) {
                    Some(slash) => at + 3 + slash,
                    None => target.len(),
                },
                None => return 0..0,
            },
        };
        let end = target[start..]
            .iter()
            .position(|&b| matches!(b, b'?' | b'#'))
            .map_or(target.len(), |q| start + q);
        start..end
    }

    /// The path: from the first slash of the target, without query and fragment.
    pub fn path(&self) -> &[u8] {
        &self.target[self.path_range()]
    }

    /// What stands behind the first question mark, without the mark; empty when there is none.
    pub fn query(&self) -> &[u8] {
        match self.target.iter().position(|&b| b == b'?') {
            Some(mark) => &self.target[mark + 1..],
            None => b"",
        }
    }

    /// Path and query.
    pub fn path_and_query(&self) -> &[u8] {
        let path = self.path_range();
        &self.target[path.start..]
    }

    /// Replaces the path, keeps scheme, authority and query.
    pub fn set_path(&mut self, path: &[u8]) {
        let old = self.path_range();
        self.target.splice(old, path.iter().copied());
    }

    /// Replaces path and query, keeps scheme and authority.
    pub fn set_path_and_query(&mut self, path_and_query: &[u8]) {
        let start = self.path_range().start;
        self.target.truncate(start);
        self.target.extend_from_slice(path_and_query);
    }

    /// Replaces the query; an empty one leaves no question mark.
    pub fn set_query(&mut self, query: &[u8]) {
        if let Some(mark) = self.target.iter().position(|&b| b == b'?') {
            self.target.truncate(mark);
        }
        if !query.is_empty() {
            self.target.push(b'?');
            self.target.extend_from_slice(query);
        }
    }
}

/// The head of a response, and what is known of its body.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code; 0 while there is no response.
    pub status: u16,
    /// The reason phrase as the server wrote it.
    pub reason: Vec<u8>,
    /// The version the server spoke.
    pub version: Version,
    /// The header fields.
    pub headers: Headers,
    /// How the body ends.
    pub framing: Framing,
}

impl Response {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.status = 0;
        self.reason.clear();
        self.version = Version::Http11;
        self.headers.clear();
        self.framing = Framing::None;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> Request {
        Request { target: target.into(), ..Request::default() }
    }

    #[test]
    fn paths_of_every_form_of_target() {
        for (target, path, query) in [
            ("/a/b?c=d", "/a/b", "c=d"),
            ("/", "/", ""),
            ("http://h:80/x?y", "/x", "y"),
            ("http://h", "", ""),
            ("http://h?q", "", "q"),
            ("*", "", ""),
            ("h:443", "", ""),
            ("/a?b?c", "/a", "b?c"),
        ] {
            let request = request(target);
            assert_eq!((request.path(), request.query()), (path.as_bytes(), query.as_bytes()), "{target}");
        }
    }

    #[test]
    fn rewriting_one_part_keeps_the_others() {
        let mut request = request("http://h/x?y");
        request.set_path(b"/longer/path");
        assert_eq!(request.target, b"http://h/longer/path?y");
        request.set_query(b"");
        assert_eq!(request.target, b"http://h/longer/path");
        request.set_path_and_query(b"/z?1");
        assert_eq!(request.target, b"http://h/z?1");
    }
}
