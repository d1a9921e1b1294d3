//! A suite as its file has it (`TestSuite` of runner.proto, which belongs to Google's service-extensions samples): tests,
//! what each phase gets, and what is expected of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::textpb::Message;

/// A file of tests.
pub(crate) struct Suite {
    pub(crate) tests: Vec<Test>,
}

/// One request and its response.
#[derive(Default)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) cut: Cut,
    /// What `proxy_get_property` is to answer: path and value.
    pub(crate) properties: Vec<(String, Vec<u8>)>,
    pub(crate) request_headers: Option<Phase>,
    pub(crate) request_body: Vec<Phase>,
    pub(crate) response_headers: Option<Phase>,
    pub(crate) response_body: Vec<Phase>,
    /// Lines expected in the log at the start of the plugin, and at the start and end of the stream.
    pub(crate) life: Vec<Matcher>,
}

/// How a body is cut into the pieces that are sent one after the other.
#[derive(Clone, Copy, Default)]
pub(crate) enum Cut {
    /// As the phases of the test have it.
    #[default]
    AsGiven,
    Into(usize),
    Every(usize),
}

/// One call of the plugin.
#[derive(Default)]
pub(crate) struct Phase {
    /// Fields in order, pseudo-fields among them.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) expected: Expected,
}

#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) has: Vec<(String, Vec<u8>)>,
    pub(crate) lacks: Vec<String>,
    /// On lines `name: value`.
    pub(crate) lines: Vec<Matcher>,
    pub(crate) body: Vec<Matcher>,
    pub(crate) log: Vec<Matcher>,
    pub(crate) immediate: Option<Immediate>,
}

/// The plugin answers by itself.
#[derive(Default)]
pub(crate) struct Immediate {
    pub(crate) status: Option<usize>,
    /// What a client of HTTP/1 does not see: gRPC status and details.
    pub(crate) unseen: Vec<String>,
}

/// What a text is to be, or must not be.
pub(crate) struct Matcher {
    pub(crate) inverted: bool,
    pub(crate) wanted: Wanted,
}

pub(crate) enum Wanted {
    Exact(Vec<u8>),
    /// The whole text, as RE2's full match has it.
    Regex(regex::bytes::Regex),
}

impl Suite {
    /// Reads a suite and the files that it names, which are looked for beside it.
    pub(crate) fn read(path: &Path) -> Result<Suite, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let file = Message::parse(&text)?;
        known(&file, &["test", "env"])?;
        let reader = Reader { folder: path.parent().expect("a file is in a folder").to_owned() };
        let tests = file.messages("test").map(|test| reader.test(test)).collect::<Result<_, _>>()?;
        Ok(Suite { tests })
    }
}

impl Phase {
    /// The same for a phase of heads: a head may be written as HTTP/1 has it.
    fn head(mut self) -> Result<Phase, String> {
        if self.body.is_empty() {
            return Ok(self);
        }
        let text = String::from_utf8(std::mem::take(&mut self.body)).map_err(|error| error.to_string())?;
        let mut lines = text.lines();
        let words: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
        let mut put =
            |name: &str, value: &str| self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        match words[..] {
            [version, status, ..] if version.starts_with("HTTP/") => put(":status", status),
            [method, target, _] => {
                put(":method", method);
                put(":path", target);
            }
            _ => return Err(format!("no HTTP/1 head: {text:?}")),
        }
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let authority = name.eq_ignore_ascii_case("host");
            put(if authority { ":authority" } else { name }, value.trim());
        }
        Ok(self)
    }
}

impl Matcher {
    /// Whether this is what was wanted, leaving aside that it may have to be absent.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        match &self.wanted {
            Wanted::Exact(exact) => exact == text,
            Wanted::Regex(regex) => regex.is_match(text),
        }
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(if self.inverted { "not " } else { "" })?;
        match &self.wanted {
            Wanted::Exact(exact) => write!(out, "{:?}", String::from_utf8_lossy(exact)),
            Wanted::Regex(regex) => write!(out, "what matches {regex}"),
        }
    }
}

struct Reader {
    folder: PathBuf,
}

impl Reader {
    fn test(&self, test: &Message) -> Result<Test, String> {
        known(test, TEST)?;
        let phases = |name| test.messages(name).map(|phase| self.phase(phase)).collect::<Result<Vec<_>, _>>();
        let head = |name| test.message(name).map(|phase| self.phase(phase).and_then(Phase::head)).transpose();
        let mut life = Vec::new();
        for expectation in LIFE.iter().flat_map(|name| test.messages(name)) {
            life.extend(self.matchers(expectation, "log")?);
        }
        let cut = match (test.number("num_chunks"), test.number("chunk_size")) {
            (Some(count), _) => Cut::Into(count),
            (None, Some(size)) => Cut::Every(size),
            (None, None) => Cut::AsGiven,
        };
        let property = |property: &Message| {
            (property.text("path").unwrap_or_default(), property.bytes("value").unwrap_or_default().to_vec())
        };
        Ok(Test {
            name: test.text("name").unwrap_or_default(),
            cut,
            properties: test.messages("properties").map(property).collect(),
            request_headers: head("request_headers")?,
            request_body: phases("request_body")?,
            response_headers: head("response_headers")?,
            response_body: phases("response_body")?,
            life,
        })
    }

    fn phase(&self, phase: &Message) -> Result<Phase, String> {
        known(phase, &["input", "result"])?;
        let mut read = Phase::default();
        if let Some(input) = phase.message("input") {
            known(input, &["header", "content", "file"])?;
            read.headers = headers(input, "header");
            read.body = match input.text("file") {
                Some(name) => self.file(&name)?,
                None => input.bytes("content").unwrap_or_default().to_vec(),
            };
        }
        if let Some(result) = phase.message("result") {
            read.expected = self.expected(result)?;
        }
        Ok(read)
    }

    fn expected(&self, result: &Message) -> Result<Expected, String> {
        known(result, &["has_header", "no_header", "headers", "body", "immediate", "log"])?;
        let immediate = result.message("immediate").map(|immediate| {
            let grpc = immediate.number("grpc_status").map(|status| format!("gRPC status {status}"));
            let details = immediate.text("details").filter(|details| !details.is_empty());
            Immediate {
                status: immediate.number("http_status"),
                unseen: grpc
                    .into_iter()
                    .chain(details.map(|details| format!("details {details:?}")))
                    .collect(),
            }
        });
        Ok(Expected {
            has: headers(result, "has_header"),
            lacks: headers(result, "no_header").into_iter().map(|(name, _)| name).collect(),
            lines: self.matchers(result, "headers")?,
            body: self.matchers(result, "body")?,
            log: self.matchers(result, "log")?,
            immediate,
        })
    }

    fn matchers(&self, expectation: &Message, name: &str) -> Result<Vec<Matcher>, String> {
        expectation.messages(name).map(|matcher| self.matcher(matcher)).collect()
    }

    fn matcher(&self, matcher: &Message) -> Result<Matcher, String> {
        known(matcher, &["invert", "exact", "regex", "file"])?;
        let wanted = match (matcher.bytes("exact"), matcher.text("regex"), matcher.text("file")) {
            (Some(exact), ..) => Wanted::Exact(exact.to_vec()),
            (None, Some(regex), _) => {
                let whole = regex::bytes::Regex::new(&format!(r"\A(?:{regex})\z"));
                Wanted::Regex(whole.map_err(|error| error.to_string())?)
            }
            (None, None, Some(file)) => Wanted::Exact(self.file(&file)?),
            (None, None, None) => return Err("a matcher without exact, regex or file".into()),
        };
        Ok(Matcher { inverted: matcher.is_true("invert"), wanted })
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, String> {
        fs::read(self.folder.join(name)).map_err(|error| format!("{name}: {error}"))
    }
}

const LIFE: [&str; 3] = ["plugin_init", "stream_init", "stream_destroy"];

const TEST: &[&str] = &[
    "name",
    "benchmark",
    "num_chunks",
    "chunk_size",
    "properties",
    "request_headers",
    "request_body",
    "response_headers",
    "response_body",
    "plugin_init",
    "stream_init",
    "stream_destroy",
];

/// A field that the runner does not know would be an expectation that nobody checks.
fn known(message: &Message, names: &[&str]) -> Result<(), String> {
    match message.names().find(|name| !names.contains(name)) {
        Some(name) => Err(format!("the runner does not know the field '{name}'")),
        None => Ok(()),
    }
}

fn headers(message: &Message, field: &str) -> Vec<(String, Vec<u8>)> {
    let header = |header: &Message| {
        (header.text("key").unwrap_or_default(), header.bytes("value").unwrap_or_default().to_vec())
    };
    message.messages(field).map(header).collect()
}
