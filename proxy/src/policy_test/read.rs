//! Reads a file of policy tests: lines of words, cut as everywhere else in a configuration.

use std::path::{Path, PathBuf};

use portero_grammar::cfg::cut_line;
use portero_grammar::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};

use super::expect;
use super::tables::{self, Place};
use super::tree::{Case, Config, Request, Response, ServerIs, Step, TestFile};
use super::words::{Mistake, Words, choose, mistake};

/// The words that a line may begin with, outside a test and in one.
const KEYWORDS: [&str; 18] = [
    "config",
    "test",
    "frontend",
    "src",
    "dst",
    "header",
    "given",
    "advance",
    "request",
    "version",
    "body",
    "response",
    "response-header",
    "response-body",
    "expect",
    "end",
    "cookie",
    "host",
];

/// Reads a file; what is wrong with it is pushed to `out`, all of it.
pub fn read(sources: &Sources, file: FileId, out: &mut Diagnostics) -> TestFile {
    let mut reader = Reader {
        folder: Path::new(sources.name(file)).parent().unwrap_or(Path::new("")).to_owned(),
        file: TestFile { file, config: Config::default(), cases: Vec::new() },
        common: Request::new(Span { file, start: 0, end: 0 }, String::new()),
        said: false,
    };
    let text = sources.text(file);
    let mut start = 0;
    let mut inline: Option<Inline> = None;
    for full in text.split_inclusive('\n') {
        let line = full.trim_end_matches(['\n', '\r']);
        match &mut inline {
            Some(block) if line.trim() == "end" => {
                reader.inline(std::mem::take(&mut block.text));
                inline = None;
            }
            Some(block) => block.text.push_str(full),
            None => {
                let (words, errors) = cut_line(file, start as u32, line, &|name| std::env::var(name).ok());
                let sound = errors.is_empty();
                out.extend(errors);
                if let [word] = &words[..]
                    && word.text == "config"
                {
                    // the lines above, empty, so that messages about the text name the lines of this file
                    let above = text[..start].matches('\n').count() + 1;
                    inline = Some(Inline { span: word.span, text: "\n".repeat(above) });
                } else if sound && !words.is_empty() {
                    reader.line(&words).unwrap_or_else(|mistake| out.push(*mistake));
                }
            }
        }
        start += full.len();
    }
    if let Some(block) = inline {
        let error = Diagnostic::error(block.span, "this configuration is never ended");
        out.push(
            error.help("write 'end' on a line of its own behind it, or name a file: 'config haproxy.cfg'"),
        );
    }
    reader.file
}

/// A configuration in the test file.
struct Inline {
    span: Span,
    text: String,
}

struct Reader {
    folder: PathBuf,
    file: TestFile,
    /// What is said before the first test: it holds for every request.
    common: Request,
    /// True once something is expected of the last request: it is complete.
    said: bool,
}

impl Reader {
    fn line(&mut self, line: &[Word]) -> Result<(), Mistake> {
        let mut words = Words::new(line);
        let keyword = &line[0];
        match keyword.text.as_str() {
            "config" => self.config(&mut words)?,
            "test" => self.test(&mut words)?,
            "given" => {
                let step = given(&mut words)?;
                self.step(keyword, step)?;
            }
            "advance" => {
                let time = words.time()?;
                self.step(keyword, Step::Advance(time))?;
            }
            "request" => self.request(keyword, &mut words)?,
            "expect" => {
                let expect = expect::read(&mut words)?;
                self.current(keyword)?.expects.push(expect);
                self.said = true;
            }
            name if KEYWORDS.contains(&name) && name != "end" => self.detail(keyword, &mut words)?,
            other => {
                let error = Diagnostic::error(keyword.span, format!("unknown word '{other}' in a test file"));
                return Err(Box::new(error.did_you_mean(other, KEYWORDS)));
            }
        }
        words.end()
    }

    fn config(&mut self, words: &mut Words<'_>) -> Result<(), Mistake> {
        let files = words.rest("a file")?;
        if !matches!(self.file.config, Config::Unsaid) {
            return Err(mistake(words.span(), "a test file has one configuration, this is the second"));
        }
        self.file.config = Config::Files(files.iter().map(|f| self.folder.join(&f.text)).collect());
        Ok(())
    }

    /// A block of lines, behind the files that it builds on.
    fn inline(&mut self, text: String) {
        let files = match std::mem::take(&mut self.file.config) {
            Config::Files(files) => files,
            Config::Inline { .. } | Config::Unsaid => Vec::new(),
        };
        self.file.config = Config::Inline { files, text };
    }

    fn test(&mut self, words: &mut Words<'_>) -> Result<(), Mistake> {
        let name = words.need("a name")?;
        if self.file.cases.iter().any(|case| case.name == name.text) {
            return Err(mistake(name.span, format!("there is a test '{}' already", name.text)));
        }
        self.file.cases.push(Case { name: name.text.clone(), span: name.span, steps: Vec::new() });
        Ok(())
    }

    fn step(&mut self, keyword: &Word, step: Step) -> Result<(), Mistake> {
        let Some(case) = self.file.cases.last_mut() else {
            let error = Diagnostic::error(keyword.span, format!("'{}' stands before any test", keyword.text));
            return Err(Box::new(error.help("a test begins with 'test \"its name\"'")));
        };
        case.steps.push(step);
        self.said = false;
        Ok(())
    }

    fn request(&mut self, keyword: &Word, words: &mut Words<'_>) -> Result<(), Mistake> {
        let method = words.need("a method and a target")?;
        let target = words.need("a target")?;
        let line = format!("{} {}", method.text, target.text);
        let mut request = Request { span: words.span(), line, ..self.common.clone() };
        if let Some(word) = words.take() {
            choose(word, "a word that may stand behind a target", &[("times", ())])?;
            request.times = words.number("a number of times")?;
        }
        self.step(keyword, Step::Request(Box::new(request)))
    }

    /// The request that a line belongs to.
    fn current(&mut self, keyword: &Word) -> Result<&mut Request, Mistake> {
        let last = self.file.cases.last_mut().and_then(|case| case.steps.last_mut());
        match last {
            Some(Step::Request(request)) => Ok(request),
            _ => Err(Box::new(
                Diagnostic::error(keyword.span, format!("'{}' belongs to no request", keyword.text))
                    .help("it stands behind a line such as 'request GET /'"),
            )),
        }
    }

    /// A line that says more of a request, or of all requests.
    fn detail(&mut self, keyword: &Word, words: &mut Words<'_>) -> Result<(), Mistake> {
        let before_tests = self.file.cases.is_empty();
        if !before_tests && self.said {
            let message = format!("'{}' stands behind what is expected of the request", keyword.text);
            let error = Diagnostic::error(keyword.span, message);
            return Err(Box::new(error.help("write it before the first 'expect', or begin another request")));
        }
        let request = if before_tests { &mut self.common } else { self.current(keyword)? };
        match keyword.text.as_str() {
            "frontend" => {
                let name = words.need("the name of a frontend")?;
                request.frontend = Some((name.text.clone(), name.span));
            }
            "src" => request.src = Some(words.address(50_000)?),
            "dst" => request.dst = Some(words.address(80)?),
            "header" => request.headers.push(header(words)?),
            "host" => request.headers.push(("Host".into(), words.need("a name")?.text.clone())),
            "cookie" => request.headers.push(("Cookie".into(), words.need("a cookie")?.text.clone())),
            "body" => request.body = words.need("a text")?.bytes().to_vec(),
            "version" => request.version = words.one_of("a version", &VERSIONS)?.to_owned(),
            _ => return response(keyword, words, &mut request.responses),
        }
        Ok(())
    }
}

const VERSIONS: [(&str, &str); 2] = [("1.0", "HTTP/1.0"), ("1.1", "HTTP/1.1")];

fn header(words: &mut Words<'_>) -> Result<(String, String), Mistake> {
    let name = words.need("a name and a value")?;
    let value = words.need("a value")?;
    Ok((name.text.trim_end_matches(':').to_owned(), value.text.clone()))
}

/// `response ...` begins what a server says, the others say more of it.
fn response(keyword: &Word, words: &mut Words<'_>, all: &mut Vec<Response>) -> Result<(), Mistake> {
    if keyword.text == "response" {
        let word = words.need("a status, 'refused' or 'closed'")?;
        let status = word.text.parse::<u16>().ok().filter(|status| (200..=599).contains(status));
        all.push(match (word.text.as_str(), status) {
            ("refused", _) => Response::Refused,
            ("closed", _) => Response::Closed,
            (_, Some(status)) => {
                let reason =
                    words.take().map_or_else(|| crate::http1::reason(status).to_owned(), |w| w.text.clone());
                Response::Message { status, reason, headers: Vec::new(), body: Vec::new() }
            }
            _ => {
                let message =
                    format!("'{}' is not a status from 200 to 599, 'refused' or 'closed'", word.text);
                return Err(mistake(word.span, message));
            }
        });
        return Ok(());
    }
    if all.is_empty() {
        let reason = crate::http1::reason(200).to_owned();
        all.push(Response::Message { status: 200, reason, headers: Vec::new(), body: Vec::new() });
    }
    let Some(Response::Message { headers, body, .. }) = all.last_mut() else {
        return Err(mistake(keyword.span, format!("'{}' has no response to belong to", keyword.text)));
    };
    match keyword.text.as_str() {
        "response-header" => headers.push(header(words)?),
        _ => *body = words.need("a text")?.bytes().to_vec(),
    }
    Ok(())
}

const STATES: [(&str, ServerIs); 6] = [
    ("up", ServerIs::Up),
    ("down", ServerIs::Down),
    ("drain", ServerIs::Drain),
    ("maint", ServerIs::Maint),
    ("full", ServerIs::Full),
    ("refusing", ServerIs::Refusing),
];

fn given(words: &mut Words<'_>) -> Result<Step, Mistake> {
    let span = words.span();
    match words.one_of("something that may be given", &[("server", 's'), ("var", 'v'), ("table", 't')])? {
        't' => {
            let place = Place::read(words)?;
            Ok(Step::Entry { span, place, values: tables::values(words)? })
        }
        's' => {
            let word = words.need("BACKEND/SERVER")?;
            let Some((backend, server)) = word.text.split_once('/') else {
                return Err(mistake(word.span, format!("'{}' is not of the form BACKEND/SERVER", word.text)));
            };
            let state = words.need("a state")?;
            let state = match state.text.as_str() {
                "weight" => ServerIs::Weight(words.number("a weight")?),
                _ => choose(state, "a state of a server", &STATES)?,
            };
            Ok(Step::Server { span: word.span, backend: backend.into(), server: server.into(), state })
        }
        _ => {
            let name = words.need("a variable and a value")?;
            if !name.text.starts_with("proc.") {
                let error =
                    Diagnostic::error(name.span, format!("'{}' lives in an exchange only", name.text));
                return Err(Box::new(error.help("a variable of the process begins with 'proc.'")));
            }
            let value = words.need("a value")?;
            Ok(Step::Var { span, name: name.text.clone(), value: value.text.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (TestFile, Diagnostics) {
        let (mut sources, mut out) = (Sources::default(), Diagnostics::default());
        let file = sources.add("a.test", text);
        let tree = read(&sources, file, &mut out);
        out.render(&sources, false);
        (tree, out)
    }

    #[test]
    fn what_is_said_before_the_tests_holds_for_every_request() {
        let text =
            "config a.cfg\nsrc 10.0.0.1\nheader X-A 1\ntest t\nrequest GET /\nrequest GET /b\nsrc ::1\n";
        let (tree, out) = read_text(text);
        assert!(!out.has_errors());
        let [Step::Request(a), Step::Request(b)] = &tree.cases[0].steps[..] else { panic!("{tree:?}") };
        assert_eq!((a.src, a.headers.len()), ("10.0.0.1:50000".parse().ok(), 1));
        assert_eq!((b.src, b.headers.len()), ("[::1]:50000".parse().ok(), 1));
    }

    #[test]
    fn a_configuration_in_the_file_keeps_its_lines() {
        let (tree, _) = read_text("# one\nconfig\n  frontend f\nend\n");
        let Config::Inline { text, .. } = tree.config else { panic!("{tree:?}") };
        assert_eq!(text, "\n\n  frontend f\n");
    }

    #[test]
    fn no_text_is_too_strange_to_be_read() {
        let document = include_str!("../../../docs/testing.md");
        let words: Vec<&str> = document.split_inclusive(|c: char| c.is_whitespace()).collect();
        let mut seed = 7u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..300 {
            let text: String = (0..next(60)).map(|_| words[next(words.len())]).collect();
            read_text(&text);
            let cut = document.floor_char_boundary(next(document.len()));
            read_text(&document[cut..]);
        }
    }
}
