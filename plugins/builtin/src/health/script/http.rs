//! The request of a check, and the response to it.

use portero_api::{BadArg, Exchange, Format, Headers, Version};

use super::text::Text;
use super::words::Words;

/// A request.
pub(super) struct Request {
    method: String,
    uri: Text,
    version: String,
    headers: Vec<(String, Text)>,
    body: Option<Text>,
}

impl Default for Request {
    fn default() -> Self {
        Request {
            method: "OPTIONS".into(),
            uri: Text::Fixed(b"/".to_vec()),
            version: "HTTP/1.0".into(),
            headers: Vec::new(),
            body: None,
        }
    }
}

impl Request {
    /// The request of `option httpchk [<method>] <uri> [<version> [<host>]]`.
    pub(super) fn from_option(
        words: &[String],
        format: impl Fn(usize, &str) -> Result<Box<dyn Format>, BadArg>,
    ) -> Result<Request, BadArg> {
        let mut request = Request::default();
        let fixed = |text: &String| Text::Fixed(text.as_bytes().to_vec());
        match words {
            [] => {}
            [uri] => request.uri = fixed(uri),
            [method, uri, rest @ ..] => {
                request.method.clone_from(method);
                request.uri = fixed(uri);
                if let Some(version) = rest.first() {
                    request.version_and_headers(version)?;
                }
                if let Some(host) = rest.get(1) {
                    request.headers.push(("Host".into(), Text::Format(format(3, host)?)));
                }
                if let Some(surplus) = rest.get(2) {
                    return Err(BadArg::at(4, format!("'{surplus}' is one word too many")));
                }
            }
        }
        Ok(request)
    }

    /// The version, and behind it the header lines that old files put into the same word.
    fn version_and_headers(&mut self, text: &str) -> Result<(), BadArg> {
        let mut lines = text.split("\r\n");
        let version = lines.next().unwrap_or_default();
        self.version = known_version(version).map_err(|message| BadArg::at(2, message))?;
        for line in lines.filter(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                return Err(BadArg::at(2, format!("'{line}' is no header line")));
            };
            self.headers.push((name.to_owned(), Text::Fixed(value.trim().as_bytes().to_vec())));
        }
        Ok(())
    }

    /// Adds what stands behind `http-check send`; the value is the comment.
    pub(super) fn parse_send(&mut self, words: &mut Words<'_>) -> Result<Option<String>, BadArg> {
        let mut comment = None;
        while let Some(word) = words.next() {
            match word {
                "comment" => comment = Some(words.value()?.to_owned()),
                "meth" => self.method = words.value()?.to_owned(),
                "uri" => self.uri = Text::Fixed(words.value()?.as_bytes().to_vec()),
                "uri-lf" => self.uri = Text::Format(words.format()?),
                "ver" => {
                    self.version = known_version(words.value()?).map_err(|message| words.bad(message))?;
                }
                "hdr" => {
                    let name = words.value()?.to_owned();
                    self.headers.push((name, Text::Format(words.format()?)));
                }
                "body" => self.body = Some(Text::Fixed(words.value()?.as_bytes().to_vec())),
                "body-lf" => self.body = Some(Text::Format(words.format()?)),
                _ => {
                    let known = "'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body', 'body-lf' and 'comment'";
                    return Err(words.unknown(known));
                }
            }
        }
        Ok(comment)
    }

    /// True when its response has no body whatever its head says.
    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The bytes on the wire. `state` is the value of `X-Haproxy-Server-State`.
    pub(super) fn bytes(&self, view: &Exchange, state: Option<String>) -> Vec<u8> {
        let mut out = format!("{} ", self.method).into_bytes();
        out.extend_from_slice(&self.uri.bytes(view));
        out.extend_from_slice(format!(" {}\r\n", self.version).as_bytes());
        let mut field = |name: &str, value: &[u8]| {
            [name.as_bytes(), b": ", value, b"\r\n"].iter().for_each(|part| out.extend_from_slice(part));
        };
        let framing = |name: &str| ["content-length", "transfer-encoding"].contains(&name);
        for (name, value) in &self.headers {
            if !framing(&name.to_ascii_lowercase()) {
                field(name, &value.bytes(view));
            }
        }
        if let Some(state) = state {
            field("X-Haproxy-Server-State", state.as_bytes());
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
            field("Connection", b"close");
        }
        let body = self.body.as_ref().map(|body| body.bytes(view));
        if let Some(body) = &body {
            field("Content-Length", body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&body.unwrap_or_default());
        out
    }
}

fn known_version(text: &str) -> Result<String, String> {
    match text {
        "HTTP/1.0" | "HTTP/1.1" => Ok(text.to_owned()),
        "HTTP/2" | "HTTP/2.0" => Err(format!("'{text}' is not supported in checks")),
        _ => Err(format!("'{text}' is no version: 'HTTP/1.0' and 'HTTP/1.1' are")),
    }
}

/// How far a response has come.
pub(super) enum Progress {
    /// The head is not whole.
    Head,
    /// The head ends here; the body so far, and whether that is all of it.
    Body(Vec<u8>, bool),
    /// It is no HTTP.
    Invalid,
}

/// Reads what came as a response into the exchange.
pub(super) fn read(data: &[u8], ended: bool, head_only: bool, view: &mut Exchange) -> Progress {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut response = httparse::Response::new(&mut fields);
    let head = match response.parse(data) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) if !ended => return Progress::Head,
        _ => return Progress::Invalid,
    };
    let (status, reason) = (response.code.unwrap_or(0), response.reason.unwrap_or(""));
    if matches!(status, 100 | 102 | 103) {
        return read(&data[head..], ended, head_only, view);
    }
    view.response.status = status;
    view.response.reason = reason.as_bytes().to_vec();
    view.response.version = if response.version == Some(1) { Version::Http11 } else { Version::Http10 };
    view.response.headers.clear();
    for field in response.headers.iter() {
        view.response.headers.add(field.name.as_bytes(), field.value);
    }
    let rest = &data[head..];
    if head_only || status < 200 || matches!(status, 204 | 304) {
        return Progress::Body(Vec::new(), true);
    }
    body(rest, ended, &view.response.headers)
}

fn body(data: &[u8], ended: bool, headers: &Headers) -> Progress {
    let coded = headers.members(b"transfer-encoding").last();
    if coded.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
        return chunks(data, ended);
    }
    let length = headers.get(b"content-length").map(|v| std::str::from_utf8(v).ok()?.parse::<usize>().ok());
    match length {
        None => Progress::Body(data.to_vec(), ended),
        Some(None) => Progress::Invalid,
        Some(Some(length)) => {
            Progress::Body(data[..length.min(data.len())].to_vec(), ended || data.len() >= length)
        }
    }
}

fn chunks(mut data: &[u8], ended: bool) -> Progress {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(data) {
            Ok(httparse::Status::Complete((_, 0))) => return Progress::Body(body, true),
            Ok(httparse::Status::Complete((line, size))) => {
                data = &data[line..];
                let size = usize::try_from(size).unwrap_or(usize::MAX).min(data.len());
                body.extend_from_slice(&data[..size]);
                data = data.get(size + 2..).unwrap_or_default();
            }
            Ok(httparse::Status::Partial) => return Progress::Body(body, ended),
            Err(_) => return Progress::Invalid,
        }
    }
}
