//! The step `expect`: what an answer has to look like (HAProxy manual, 4.2 "http-check expect", "tcp-check expect").

use std::fmt;
use std::ops::RangeInclusive;

use portero_api::{BadArg, CheckStatus, Exchange, Expression, Format, Sample};
use regex::bytes::Regex;

use super::Protocol;
use super::text::{Text, contains};
use super::words::Words;

/// One expectation.
pub(super) struct Expect {
    pub(super) what: What,
    /// True when a match is what must not be.
    pub(super) not: bool,
    /// So many bytes are enough to judge by.
    pub(super) min_recv: Option<usize>,
    pub(super) ok: Option<CheckStatus>,
    pub(super) error: Option<CheckStatus>,
    pub(super) timeout: Option<CheckStatus>,
    pub(super) on_success: Option<Box<dyn Format>>,
    pub(super) on_error: Option<Box<dyn Format>>,
    pub(super) code: Option<Box<dyn Expression>>,
}

/// What is looked at, and for what.
pub(super) enum What {
    Status(Vec<RangeInclusive<u16>>),
    StatusRegex(Regex),
    Header { full: bool, name: Pattern, value: Option<Pattern> },
    String(Text),
    Regex(Regex),
    Binary(Text),
    BinaryRegex(Regex),
}

/// A pattern for header names or values.
pub(super) struct Pattern {
    method: Method,
    text: Text,
}

enum Method {
    Str,
    Beg,
    End,
    Sub,
    Reg(Regex),
}

impl Expect {
    /// What is expected where nothing is said: a status of 2xx or 3xx.
    pub(super) fn good_status() -> Expect {
        Expect::new(What::Status(vec![200..=399]))
    }

    fn new(what: What) -> Expect {
        Expect {
            what,
            not: false,
            min_recv: None,
            ok: None,
            error: None,
            timeout: None,
            on_success: None,
            on_error: None,
            code: None,
        }
    }

    /// Reads the words behind `expect`; the second value is the comment.
    pub(super) fn parse(
        words: &mut Words<'_>,
        protocol: Protocol,
    ) -> Result<(Expect, Option<String>), BadArg> {
        let (mut expect, mut comment) = (Expect::new(What::Status(Vec::new())), None);
        loop {
            let Some(word) = words.next() else {
                return Err(words.bad("'expect' needs something to match: 'status 200', 'string ok'"));
            };
            match word {
                "comment" => comment = Some(words.value()?.to_owned()),
                "min-recv" => expect.min_recv = min_recv(words)?,
                "ok-status" => expect.ok = Some(status(words, &PASSED)?),
                "error-status" => expect.error = Some(status(words, &FAILED)?),
                "tout-status" => expect.timeout = Some(status(words, &TIMED_OUT)?),
                "on-success" => expect.on_success = Some(words.format()?),
                "on-error" => expect.on_error = Some(words.format()?),
                "status-code" => expect.code = Some(words.expression()?),
                "!" => expect.not = !expect.not,
                word => {
                    let (not, name) = word.strip_prefix('!').map_or((false, word), |name| (true, name));
                    expect.not ^= not;
                    expect.what = What::parse(name, words, protocol)?;
                    words.end()?;
                    return Ok((expect, comment));
                }
            }
        }
    }

    /// The code that the rule itself makes.
    pub(super) fn own_code(&self, view: &Exchange) -> Option<u16> {
        match self.code.as_ref()?.value(view).ok().flatten()? {
            Sample::Int(code) => u16::try_from(code).ok(),
            Sample::Str(text) => std::str::from_utf8(&text).ok()?.parse().ok(),
            _ => None,
        }
    }
}

impl What {
    fn parse(name: &str, words: &mut Words<'_>, protocol: Protocol) -> Result<What, BadArg> {
        let http = protocol == Protocol::Http;
        Ok(match name {
            "status" if http => What::Status(statuses(words)?),
            "rstatus" if http => What::StatusRegex(words.regex()?),
            "hdr" | "fhdr" if http => header(name == "fhdr", words)?,
            "string" => What::String(Text::Fixed(words.value()?.as_bytes().to_vec())),
            "string-lf" => What::String(Text::Format(words.format()?)),
            "rstring" => What::Regex(words.regex()?),
            "binary" if !http => What::Binary(Text::Fixed(words.hex()?)),
            "binary-lf" if !http => What::Binary(Text::HexFormat(words.format()?)),
            "rbinary" if !http => What::BinaryRegex(words.regex()?),
            _ if http => {
                let known = "'status', 'rstatus', 'hdr', 'fhdr', 'string', 'string-lf' and 'rstring'";
                return Err(words.unknown(known));
            }
            _ => {
                let known = "'string', 'string-lf', 'rstring', 'binary', 'binary-lf' and 'rbinary'";
                return Err(words.unknown(known));
            }
        })
    }

    /// True when the body is looked at, not the head.
    pub(super) fn is_content(&self) -> bool {
        !matches!(self, What::Status(_) | What::StatusRegex(_) | What::Header { .. })
    }

    /// True when this is found: in `content` or in the head of the response.
    pub(super) fn found(&self, content: &[u8], view: &Exchange) -> bool {
        let status = view.response.status;
        match self {
            What::Status(ranges) => ranges.iter().any(|range| range.contains(&status)),
            What::StatusRegex(regex) => regex.is_match(status.to_string().as_bytes()),
            What::Header { full, name, value } => header_found(*full, name, value.as_ref(), view),
            What::String(text) | What::Binary(text) => contains(content, &text.bytes(view)),
            What::Regex(regex) => regex.is_match(content),
            What::BinaryRegex(regex) => {
                let hex: String = content.iter().map(|byte| format!("{byte:02X}")).collect();
                regex.is_match(hex.as_bytes())
            }
        }
    }

    /// How many bytes an exact match needs; none for patterns.
    pub(super) fn exact_len(&self) -> Option<usize> {
        match self {
            What::String(Text::Fixed(bytes)) | What::Binary(Text::Fixed(bytes)) => Some(bytes.len()),
            _ => None,
        }
    }

    /// The content in the words of HAProxy's error: `'220'`, `(regex)`.
    pub(super) fn quoted(&self) -> String {
        match self {
            What::String(Text::Fixed(text)) => format!("'{}'", String::from_utf8_lossy(text)),
            _ => format!("({self})"),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::String(Text::Fixed(text)) => {
                return write!(f, "string '{}'", String::from_utf8_lossy(text));
            }
            What::String(_) => "log-format string",
            What::Regex(_) => "regex",
            What::Binary(Text::Fixed(_)) => "binary",
            What::Binary(_) => "log-format binary",
            What::BinaryRegex(_) => "binary regex",
            What::Status(_) => "HTTP status codes",
            What::StatusRegex(_) => "HTTP status regex",
            What::Header { .. } => "HTTP header pattern",
        })
    }
}

impl Pattern {
    /// The pattern of a name, which has no case, or of a value.
    fn parse(words: &mut Words<'_>, name: bool, format: bool) -> Result<Pattern, BadArg> {
        let mut method = "str";
        if words.peek() == Some("-m") {
            words.next();
            method = words.value()?;
        }
        let method = match method {
            "str" => Method::Str,
            "beg" => Method::Beg,
            "end" => Method::End,
            "sub" => Method::Sub,
            "reg" if format => return Err(words.bad("'reg' cannot be used with a log format")),
            "reg" => {
                let method = Method::Reg(words.regex_of(name)?);
                return Ok(Pattern { method, text: Text::Fixed(Vec::new()) });
            }
            _ => return Err(words.unknown("'str', 'beg', 'end', 'sub' and 'reg'")),
        };
        let text = match format {
            true => Text::Format(words.format()?),
            false => Text::Fixed(words.value()?.as_bytes().to_vec()),
        };
        Ok(Pattern { method, text })
    }

    fn fits(&self, subject: &[u8], name: bool, view: &Exchange) -> bool {
        let lower = |bytes: &[u8]| if name { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
        let (pattern, text) = (lower(&self.text.bytes(view)), lower(subject));
        match &self.method {
            Method::Str => text == pattern,
            Method::Beg => text.starts_with(&pattern),
            Method::End => text.ends_with(&pattern),
            Method::Sub => contains(&text, &pattern),
            Method::Reg(regex) => regex.is_match(subject),
        }
    }
}

fn header(full: bool, words: &mut Words<'_>) -> Result<What, BadArg> {
    let name = match words.value()? {
        "name" => Pattern::parse(words, true, false)?,
        "name-lf" => Pattern::parse(words, true, true)?,
        _ => return Err(words.unknown("'name' and 'name-lf'")),
    };
    let value = match words.next() {
        None => None,
        Some("value") => Some(Pattern::parse(words, false, false)?),
        Some("value-lf") => Some(Pattern::parse(words, false, true)?),
        Some(_) => return Err(words.unknown("'value' and 'value-lf'")),
    };
    Ok(What::Header { full, name, value })
}

fn header_found(full: bool, name: &Pattern, value: Option<&Pattern>, view: &Exchange) -> bool {
    let mut fields = view.response.headers.iter().filter(|(field, _)| name.fits(field, true, view));
    let Some(value) = value else {
        return fields.next().is_some();
    };
    fields.any(|(_, line)| match full {
        true => value.fits(line, false, view),
        false => line.split(|&b| b == b',').any(|m| value.fits(portero_api::trim(m), false, view)),
    })
}

fn statuses(words: &mut Words<'_>) -> Result<Vec<RangeInclusive<u16>>, BadArg> {
    let text = words.value()?;
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high): (u16, u16) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        (100..=999).contains(&low).then_some(low..=high)
    };
    let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
    ranges.ok_or_else(|| words.bad(format!("'{text}' is no list of status codes: '200,201,300-310' is")))
}

fn min_recv(words: &mut Words<'_>) -> Result<Option<usize>, BadArg> {
    match words.value()? {
        "-1" => Ok(None),
        text => match text.parse() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(words.bad(format!("'{text}' is no number of bytes"))),
        },
    }
}

use CheckStatus::*;

const PASSED: [CheckStatus; 4] = [L7Ok, L7OkConditionally, L6Ok, L4Ok];
const FAILED: [CheckStatus; 5] = [L7OkConditionally, L7Response, L7Status, L6Response, L4Connection];
const TIMED_OUT: [CheckStatus; 3] = [L7Timeout, L6Timeout, L4Timeout];

fn status(words: &mut Words<'_>, choice: &[CheckStatus]) -> Result<CheckStatus, BadArg> {
    let text = words.value()?;
    let found = choice.iter().find(|status| status.name() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = choice.iter().map(|s| format!("'{}'", s.name())).collect();
        words.bad(format!("'{text}' cannot be the status here: {} can", names.join(", ")))
    })
}
