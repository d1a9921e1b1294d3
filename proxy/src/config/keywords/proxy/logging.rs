//! Logs of a proxy: where to, and how a line is made.

use portero_grammar::{Diagnostic, rules};

use super::super::{Call, Form, MANY, Row, inverts, log, row};
use super::{ALL, FRONT_DEF};
use crate::config::checked::LogStyle;
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    inverts(row("log", ALL, (1, MANY), |c| log::line(c, |d| &mut d.logs))),
    row("log-tag", ALL, (1, 1), |c| { c.target.log_tag = Some(c.text(0)?.into()); Ok(()) }),
    row("log-format", FRONT_DEF, (1, 1), log_format),
    row("error-log-format", FRONT_DEF, (1, 1), error_log_format),
    inverts(row("option httplog", FRONT_DEF, (0, 1), httplog)),
    inverts(row("option tcplog", FRONT_DEF, (0, 1), tcplog)),
];

fn style(c: &mut Call<'_, Draft>, style: LogStyle) -> Result<(), Diagnostic> {
    c.target.log_style = (c.form == Form::Plain).then_some((style, c.span));
    Ok(())
}

fn httplog(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let clf = !c.args.is_empty() && c.choice(0, &[("clf", true)])?;
    style(c, if clf { LogStyle::Clf } else { LogStyle::Http })
}

fn tcplog(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    match c.args.first() {
        Some(clf) => Err(c.not_yet(clf)),
        None => style(c, LogStyle::Tcp),
    }
}

/// `log-format json` is a word of our own: all fields of a line as one JSON object.
fn log_format(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let word = c.word(0)?;
    if word.text == "json" && !word.quoted {
        return style(c, LogStyle::Json);
    }
    if let Err(errors) = rules::log_format(word) {
        c.reading.out.extend(errors);
    }
    style(c, LogStyle::Written(word.clone()))
}

fn error_log_format(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let word = c.word(0)?;
    if let Err(errors) = rules::log_format(word) {
        c.reading.out.extend(errors);
    }
    c.target.error_log_format = Some(word.clone());
    Ok(())
}
