//! Settings of the backend side.

use portero_grammar::{Diagnostic, Word};

use super::super::{Call, Form, MANY, Row, http, inverts, row, server};
use super::{BACK, BACK_DEF, BIG, cookie};
use crate::config::address;
use crate::config::checked::{PluginUse, RetryOn, Reuse};
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    row("balance", BACK_DEF, (0, MANY), |c| {
        // Alone it means the default algorithm.
        c.target.balance = c.args.split_first().map(|(name, args)| PluginUse { name: name.clone(), args: args.to_vec(), lines: Vec::new() });
        Ok(())
    }),
    row("be-unpublished", BACK, (0, 0), |c| { c.target.unpublished = true; Ok(()) }),
    http(row("cookie", BACK_DEF, (1, MANY), cookie::cookie)),
    row("default-server", BACK_DEF, (1, MANY), server::default_server),
    row("hash-balance-factor", BACK_DEF, (1, MANY), hash_line),
    row("hash-preserve-affinity", BACK_DEF, (1, MANY), hash_line),
    row("hash-type", BACK_DEF, (1, MANY), hash_line),
    row("http-reuse", BACK_DEF, (1, 1), |c| { c.target.reuse = c.choice(0, REUSE)?; Ok(()) }),
    inverts(row("option redispatch", BACK_DEF, (0, 1), redispatch)),
    row("redispatch", BACK_DEF, (0, 0), |c| { c.migrated("option redispatch"); c.target.redispatch = -1; Ok(()) }),
    row("retries", BACK_DEF, (1, 1), |c| { c.target.retries = c.number(0, 0..=BIG)?; Ok(()) }),
    row("retry-on", BACK_DEF, (1, MANY), |c| { c.target.retry_on = retry_on(c)?; Ok(()) }),
    row("server", BACK, (2, MANY), server::server),
    row("server-template", BACK, (3, MANY), server::server_template),
    row("source", BACK_DEF, (1, MANY), source),
];

const REUSE: &[(&str, Reuse)] = &[
    ("never", Reuse::Never),
    ("safe", Reuse::Safe),
    ("aggressive", Reuse::Aggressive),
    ("always", Reuse::Always),
];

/// A line that the balancer reads itself; its words go with it.
fn hash_line(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let mut line = vec![Word::plain(c.name, c.span)];
    line.extend_from_slice(c.args);
    c.target.hash_lines.push(line);
    Ok(())
}

fn redispatch(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    c.target.redispatch = match (c.form, c.args) {
        (Form::Plain, []) => -1,
        (Form::Plain, _) => c.number(0, -BIG..=BIG)?,
        _ => 0,
    };
    Ok(())
}

/// `retry-on`: replaces what was said before (HAProxy manual, section 4.2).
fn retry_on(c: &Call<'_, Draft>) -> Result<RetryOn, Diagnostic> {
    const STATUSES: &[u16] = &[401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504];
    const WORDS: &[&str] = &[
        "none",
        "conn-failure",
        "empty-response",
        "junk-response",
        "response-timeout",
        "0rtt-rejected",
        "all-retryable-errors",
    ];
    let mut on = RetryOn::default();
    for word in c.args {
        match word.text.as_str() {
            "none" if c.args.len() == 1 => {}
            "none" => return Err(c.about(word, "'none' stands alone")),
            "conn-failure" => on.conn_failure = true,
            "empty-response" => on.empty_response = true,
            "junk-response" => on.junk_response = true,
            "response-timeout" => on.response_timeout = true,
            // There is no early data towards servers that one could reject.
            "0rtt-rejected" => {}
            "all-retryable-errors" => {
                (on.conn_failure, on.empty_response, on.junk_response, on.response_timeout) =
                    (true, true, true, true);
                on.statuses.extend([500, 502, 503, 504]);
            }
            text => match text.parse().ok().filter(|s| STATUSES.contains(s)) {
                Some(status) => on.statuses.push(status),
                None => {
                    let error = c.about(
                        word,
                        format!("'{text}' is neither an event nor a status that can be retried"),
                    );
                    return Err(error.did_you_mean(text, WORDS.iter().copied()));
                }
            },
        }
    }
    Ok(on)
}

fn source(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    if let Some(extra) = c.args.get(1) {
        return Err(c.not_yet(extra));
    }
    let word = c.word(0)?;
    let address = address::socket_addr(&word.text, 0, &*c.reading.resolver).map_err(|e| c.about(word, e))?;
    c.target.source = Some(address);
    Ok(())
}
