//! Settings of the frontend side, and those of both sides.

use portero_grammar::Diagnostic;

use super::super::{Call, MANY, Row, bind, http, row};
use super::{ALL, BIG, FRONT, FRONT_DEF, PROXY, explain};
use crate::config::checked::Mode;
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    row("backlog", FRONT_DEF, (1, 1), |c| { c.target.backlog = Some(c.number(0, 0..=BIG)?); Ok(()) }),
    row("bind", FRONT, (1, MANY), |c| {
        let sockets = bind::sockets(c.word(0)?, &c.args[1..], c.line, c.reading);
        c.target.binds.extend(sockets);
        Ok(())
    }),
    http(row("capture request header", FRONT, (3, 3), |c| { let slot = capture(c)?; c.target.request_captures.push(slot); Ok(()) })),
    http(row("capture response header", FRONT, (3, 3), |c| { let slot = capture(c)?; c.target.response_captures.push(slot); Ok(()) })),
    row("declare capture", FRONT, (3, 3), declare_capture),
    row("default_backend", FRONT_DEF, (1, 1), |c| { c.target.default_backend = Some(c.word(0)?.clone()); Ok(()) }),
    row("description", PROXY, (1, MANY), |c| {
        let words: Vec<_> = c.args.iter().map(|w| &*w.text).collect();
        c.target.description = Some(words.join(" ").into());
        Ok(())
    }),
    row("disabled", ALL, (0, 0), |c| { c.target.disabled = true; Ok(()) }),
    row("enabled", ALL, (0, 0), |c| { c.target.disabled = false; Ok(()) }),
    http(row("explain", FRONT, (1, MANY), explain::explain)),
    row("id", PROXY, (1, 1), |c| { c.target.id = Some((c.number(0, 1..=BIG)?, c.word(0)?.span)); Ok(()) }),
    row("maxconn", FRONT_DEF, (1, 1), |c| { c.target.maxconn = c.number(0, 0..=BIG)?; Ok(()) }),
    row("mode", ALL, (1, 1), mode),
    http(row("monitor-uri", FRONT_DEF, (1, 1), |c| { c.target.monitor_uri = Some(c.word(0)?.bytes().to_vec()); Ok(()) })),
    row("tcp-request inspect-delay", ALL, (1, 1), |c| { c.target.inspect_delay = c.time(0)?; Ok(()) }),
    row("tcp-response inspect-delay", ALL, (1, 1), |c| { c.target.response_inspect_delay = c.time(0)?; Ok(()) }),
    row("unique-id-format", ALL, (1, 1), |c| { c.target.unique_id_format = Some(c.word(0)?.clone()); Ok(()) }),
    http(row("unique-id-header", FRONT_DEF, (1, 1), |c| { c.target.unique_id_header = Some(c.word(0)?.bytes().to_vec()); Ok(()) })),
];

fn mode(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let word = c.word(0)?;
    match word.text.as_str() {
        "health" => {
            let error = Diagnostic::error(word.span, "'mode health' is not part of the language any more");
            return Err(error.help("use 'mode http' with 'http-request return status 200', or 'monitor-uri'"));
        }
        "log" | "spop" | "haterm" => return Err(c.not_yet(word)),
        _ => {}
    }
    c.target.mode = Some(c.choice(0, &[("tcp", Mode::Tcp), ("http", Mode::Http)])?);
    Ok(())
}

/// `capture request header NAME len LENGTH`
fn capture(c: &Call<'_, Draft>) -> Result<(Vec<u8>, usize), Diagnostic> {
    c.choice(1, &[("len", ())])?;
    Ok((c.word(0)?.bytes().to_vec(), c.number(2, 1..=65_535)?))
}

/// `declare capture request|response len LENGTH`: a slot that rules fill.
fn declare_capture(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let request = c.choice(0, &[("request", true), ("response", false)])?;
    c.choice(1, &[("len", ())])?;
    let slot = (Vec::new(), c.number(2, 1..=65_535)?);
    match request {
        true => c.target.request_captures.push(slot),
        false => c.target.response_captures.push(slot),
    }
    Ok(())
}
