//! `log` lines (HAProxy manual, section 4.2, `log`).

use portero_grammar::{Diagnostic, Word};

use super::{Call, Form};
use crate::config::address::{self, Place, Socket};
use crate::config::checked::{LogHeader, LogSink, LogTarget};
use crate::config::draft::LogLine;
use crate::config::time;

/// The facilities, by number.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp",
    "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// The levels, by number.
const LEVELS: &[&str] = &["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

const HEADERS: &[(&str, LogHeader)] = &[
    ("local", LogHeader::Local),
    ("rfc3164", LogHeader::Rfc3164),
    ("rfc5424", LogHeader::Rfc5424),
    ("priority", LogHeader::Priority),
    ("short", LogHeader::Short),
    ("timed", LogHeader::Timed),
    ("iso", LogHeader::Iso),
    ("raw", LogHeader::Raw),
];

/// The port of syslog.
const SYSLOG: u16 = 514;

/// Reads a `log` line into `lines`; `no log` forgets what came before.
pub(in crate::config) fn line<T>(
    c: &mut Call<'_, T>,
    lines: fn(&mut T) -> &mut Vec<LogLine>,
) -> Result<(), Diagnostic> {
    if c.form != Form::Plain {
        lines(c.target).clear();
        return Ok(());
    }
    let read = match c.text(0)? {
        "global" => match c.args.get(1) {
            Some(extra) => return Err(c.about(extra, format!("unexpected '{}' behind 'global'", extra.text))),
            None => LogLine::Global,
        },
        _ => target(c)?,
    };
    lines(c.target).push(read);
    Ok(())
}

fn target<T>(c: &Call<'_, T>) -> Result<LogLine, Diagnostic> {
    let sink = sink(c, c.word(0)?)?;
    let mut target = LogTarget {
        sink,
        max_len: 1024,
        header: LogHeader::Local,
        sample: None,
        facility: 0,
        level: 7,
        min_level: 0,
    };
    let (mut at, mut header_written) = (1, false);
    loop {
        match c.text(at)? {
            "len" => target.max_len = c.number(at + 1, 80..=65_535)?,
            "format" => (target.header, header_written) = (c.choice(at + 1, HEADERS)?, true),
            "sample" => {
                let word = c.word(at + 1)?;
                target.sample = Some(sample(&word.text).map_err(|e| c.about(word, e))?);
            }
            "profile" => return Err(c.not_yet(c.word(at)?)),
            _ => break,
        }
        at += 2;
    }
    target.facility = named(c, at, FACILITIES, "facility")?;
    if at + 1 < c.args.len() {
        target.level = named(c, at + 1, LEVELS, "level")?;
    }
    if at + 2 < c.args.len() {
        target.min_level = named(c, at + 2, LEVELS, "level")?;
    }
    match c.args.get(at + 3) {
        Some(extra) => Err(c.about(extra, format!("unexpected '{}' behind the levels", extra.text))),
        None => Ok(LogLine::Target(target, header_written)),
    }
}

fn sink<T>(c: &Call<'_, T>, word: &Word) -> Result<LogSink, Diagnostic> {
    match word.text.as_str() {
        "stdout" => return Ok(LogSink::Stdout),
        "stderr" => return Ok(LogSink::Stderr),
        text if text.starts_with("ring@") || text.starts_with("backend@") => {
            return Err(Diagnostic::error(word.span, format!("log target '{text}' is not supported yet")));
        }
        _ => {}
    }
    let written = address::parse(&word.text).map_err(|e| c.about(word, e))?;
    if written.socket == Some(Socket::Stream) {
        return Err(Diagnostic::error(
            word.span,
            format!("log target '{}' (a stream) is not supported yet", word.text),
        ));
    }
    match written.place {
        Place::Unix(path) => Ok(LogSink::Unix(path)),
        Place::Descriptor(1) => Ok(LogSink::Stdout),
        Place::Descriptor(2) => Ok(LogSink::Stderr),
        Place::Descriptor(fd) => Ok(LogSink::Descriptor(fd)),
        Place::Abstract(_) => {
            Err(Diagnostic::error(word.span, format!("log target '{}' is not supported yet", word.text)))
        }
        Place::Net { .. } => {
            let addr = address::socket_addr(&word.text, SYSLOG, &*c.reading.resolver);
            addr.map(LogSink::Udp).map_err(|e| c.about(word, e))
        }
    }
}

/// `1,3-4:5`: of each five lines the first, third and fourth.
fn sample(text: &str) -> Result<(Vec<(u32, u32)>, u32), String> {
    let bad = || format!("'{text}' is not a sample such as '1-2:5'");
    let (ranges, size) = text.split_once(':').ok_or_else(bad)?;
    let size = time::number(size, 1..=i32::MAX.into())? as u32;
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high): (u32, u32) = (low.parse().map_err(|_| bad())?, high.parse().map_err(|_| bad())?);
        if low == 0 || low > high || high > size { Err(bad()) } else { Ok((low, high)) }
    };
    let mut ranges = ranges.split(',').map(range).collect::<Result<Vec<_>, _>>()?;
    ranges.sort_unstable();
    match ranges.windows(2).all(|w| w[0].1 < w[1].0) {
        true => Ok((ranges, size)),
        false => Err(format!("the ranges of '{text}' overlap")),
    }
}

fn named<T>(c: &Call<'_, T>, at: usize, names: &[&str], what: &str) -> Result<u8, Diagnostic> {
    let word = c.word(at)?;
    if let Some(number) = names.iter().position(|n| *n == word.text) {
        return Ok(number as u8);
    }
    let error = Diagnostic::error(word.span, format!("unknown {what} '{}' of 'log'", word.text));
    Err(error.help(format!("one of: {}", names.join(", "))).did_you_mean(&word.text, names.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_ranges_of_a_round() {
        assert_eq!(sample("1:2"), Ok((vec![(1, 1)], 2)));
        assert_eq!(sample("3-4,1:5"), Ok((vec![(1, 1), (3, 4)], 5)));
        for text in ["1", "0:2", "3:2", "1-2,2:5", "2-1:5", "x:5", "1:0"] {
            assert!(sample(text).is_err(), "{text}");
        }
    }
}
