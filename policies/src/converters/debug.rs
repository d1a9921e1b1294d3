//! `debug`: says what passes through, to see what an expression does.

use std::io::Write;
use std::sync::Arc;

use portero_api::{BadArg, Sample, SampleType, SampleType::Any};

use super::encodings::hex;
use super::{Made, by, row};
use crate::cast::write_text;
use crate::ring::Ring;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[row(
    "debug",
    (0, 2),
    Any,
    Any,
    "the sample itself, said to stdout, stderr or buf0 behind a prefix",
    debug,
)];

/// Where it is said.
enum Sink {
    Stdout,
    Stderr,
    Ring(Arc<Ring>),
}

fn debug(args: &Args<'_>) -> Made {
    let prefix = args.text(0).unwrap_or_default().to_owned();
    let sink = match args.text(1) {
        None | Some("buf0") => Sink::Ring(Ring::of(args.context.common)),
        Some("stdout") => Sink::Stdout,
        Some("stderr") => Sink::Stderr,
        Some(other) => {
            return Err(BadArg::at(
                1,
                format!("'{other}' is no place to write to: stdout, stderr and buf0 are"),
            ));
        }
    };
    by(move |s, _| {
        let mut line = format!("[debug] {prefix}: type={} <", type_word(&s)).into_bytes();
        match &s {
            Sample::Bin(bytes) => line.extend(hex(bytes)),
            other => write_text(other, &mut line),
        }
        line.push(b'>');
        sink.say(line);
        Some(s)
    })
}

impl Sink {
    /// What cannot be written is lost: a request does not fail for it.
    fn say(&self, mut line: Vec<u8>) {
        match self {
            Sink::Ring(ring) => ring.push(&line),
            Sink::Stdout => {
                line.push(b'\n');
                let _ = std::io::stdout().lock().write_all(&line);
            }
            Sink::Stderr => {
                line.push(b'\n');
                let _ = std::io::stderr().lock().write_all(&line);
            }
        }
    }
}

/// HAProxy's word for the type.
fn type_word(sample: &Sample<'_>) -> &'static str {
    match (sample.kind(), sample) {
        (SampleType::Bool, _) => "bool",
        (SampleType::Int, _) => "sint",
        (SampleType::Ip, Sample::Ip(ip)) if ip.is_ipv4() => "ipv4",
        (SampleType::Ip, _) => "ipv6",
        (SampleType::Bin, _) => "bin",
        (SampleType::Method, _) => "meth",
        (SampleType::Str | Any, _) => "str",
    }
}
