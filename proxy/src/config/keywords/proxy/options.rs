//! `option ...`: switches that the road looks at.

use portero_grammar::Diagnostic;

use super::super::{Call, Form, MANY, Row, http, inverts, row, switch};
use super::{ALL, BACK_DEF, FRONT_DEF, forwarded};
use crate::config::checked::UnusualNames;
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    switch("option abortonclose", ALL, |d| &mut d.options.abortonclose),
    switch("option accept-invalid-http-request", FRONT_DEF, |d| &mut d.options.unsafe_requests),
    switch("option accept-invalid-http-response", BACK_DEF, |d| &mut d.options.unsafe_responses),
    switch("option accept-unsafe-violations-in-http-request", FRONT_DEF, |d| &mut d.options.unsafe_requests),
    switch("option accept-unsafe-violations-in-http-response", BACK_DEF, |d| &mut d.options.unsafe_responses),
    switch("option allbackups", BACK_DEF, |d| &mut d.options.allbackups),
    switch("option clitcpka", FRONT_DEF, |d| &mut d.options.client_keepalive),
    switch("option dontlog-normal", FRONT_DEF, |d| &mut d.options.dontlog_normal),
    switch("option dontlognull", FRONT_DEF, |d| &mut d.options.dontlognull),
    http(inverts(row("option forceclose", ALL, (0, 0), |c| { c.migrated("option httpclose"); close(c) }))),
    http(inverts(row("option forwardfor", ALL, (0, 7), forwarded::forwardfor))),
    http(switch("option http-buffer-request", ALL, |d| &mut d.options.http_buffer_request)),
    http(switch("option http-ignore-probes", FRONT_DEF, |d| &mut d.options.http_ignore_probes)),
    http(inverts(row("option http-keep-alive", ALL, (0, 0), keep_alive))),
    http(switch("option http-pretend-keepalive", BACK_DEF, |d| &mut d.options.pretend_keepalive)),
    http(row("option http-restrict-req-hdr-names", ALL, (1, 1), unusual_names)),
    http(inverts(row("option http-server-close", ALL, (0, 0), server_close))),
    http(inverts(row("option http-tunnel", ALL, (0, 0), tunnel))),
    http(inverts(row("option httpclose", ALL, (0, 0), close))),
    http(switch("option idle-close-on-response", FRONT_DEF, |d| &mut d.options.idle_close_on_response)),
    switch("option independent-streams", ALL, |d| &mut d.options.independent_streams),
    switch("option log-health-checks", BACK_DEF, |d| &mut d.options.log_health_checks),
    switch("option log-separate-errors", FRONT_DEF, |d| &mut d.options.log_separate_errors),
    switch("option logasap", FRONT_DEF, |d| &mut d.options.logasap),
    switch("option nolinger", ALL, |d| &mut d.options.nolinger),
    http(inverts(row("option forwarded", BACK_DEF, (0, MANY), forwarded::forwarded))),
    http(inverts(row("option originalto", ALL, (0, 6), forwarded::originalto))),
    switch("option persist", BACK_DEF, |d| &mut d.options.persist),
    switch("option prefer-last-server", BACK_DEF, |d| &mut d.options.prefer_last_server),
    switch("option srvtcpka", BACK_DEF, |d| &mut d.options.server_keepalive),
    inverts(row("option tcpka", ALL, (0, 0), tcpka)),
];

/// `httpclose`, `http-server-close` and `http-keep-alive` are one choice: the last one written holds.
fn close(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let on = c.form == Form::Plain;
    c.target.options.httpclose = on;
    if on {
        c.target.options.http_server_close = false;
    }
    Ok(())
}

fn unusual_names(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    use UnusualNames::{Delete, Preserve, Reject};
    c.target.options.unusual_names =
        c.choice(0, &[("preserve", Preserve), ("delete", Delete), ("reject", Reject)])?;
    Ok(())
}

fn server_close(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let on = c.form == Form::Plain;
    c.target.options.http_server_close = on;
    if on {
        c.target.options.httpclose = false;
    }
    Ok(())
}

fn keep_alive(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    if c.form == Form::Plain {
        (c.target.options.httpclose, c.target.options.http_server_close) = (false, false);
    }
    Ok(())
}

/// Up to version 2.0 only the first exchange of a connection was looked at; now each is, which lets the same through.
fn tunnel(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let note = "'option http-tunnel' is a word of old versions of HAProxy: connections are kept alive, and every request is looked at";
    c.reading.out.push(Diagnostic::note(c.span, note).help("leave it out"));
    keep_alive(c)
}

/// Both sides at once.
fn tcpka(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let on = c.form == Form::Plain;
    (c.target.options.client_keepalive, c.target.options.server_keepalive) = (on, on);
    Ok(())
}
