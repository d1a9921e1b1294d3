//! `timeout ...`, and its names of old.

use std::time::Duration;

use portero_grammar::Diagnostic;

use super::super::{Call, Row, moot, row};
use super::{ALL, BACK_DEF, FRONT_DEF};
use crate::config::checked::Timeouts;
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    row("timeout check", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.check)),
    row("timeout client", FRONT_DEF, (1, 1), |c| set(c, |t| &mut t.client)),
    row("timeout client-fin", FRONT_DEF, (1, 1), |c| set(c, |t| &mut t.client_fin)),
    row("timeout connect", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.connect)),
    row("timeout http-keep-alive", ALL, (1, 1), |c| set(c, |t| &mut t.http_keep_alive)),
    row("timeout http-request", ALL, (1, 1), |c| set(c, |t| &mut t.http_request)),
    row("timeout queue", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.queue)),
    row("timeout server", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.server)),
    row("timeout server-fin", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.server_fin)),
    row("timeout tarpit", ALL, (1, 1), |c| set(c, |t| &mut t.tarpit)),
    row("timeout tunnel", BACK_DEF, (1, 1), |c| set(c, |t| &mut t.tunnel)),
    moot("timeout client-hs", FRONT_DEF, "there is no TLS handshake"),
    row("clitimeout", FRONT_DEF, (1, 1), |c| { c.migrated("timeout client"); set(c, |t| &mut t.client) }),
    row("contimeout", BACK_DEF, (1, 1), |c| { c.migrated("timeout connect"); set(c, |t| &mut t.connect) }),
    row("srvtimeout", BACK_DEF, (1, 1), |c| { c.migrated("timeout server"); set(c, |t| &mut t.server) }),
    row("timeout clitimeout", FRONT_DEF, (1, 1), |c| { c.migrated("timeout client"); set(c, |t| &mut t.client) }),
    row("timeout contimeout", BACK_DEF, (1, 1), |c| { c.migrated("timeout connect"); set(c, |t| &mut t.connect) }),
    row("timeout srvtimeout", BACK_DEF, (1, 1), |c| { c.migrated("timeout server"); set(c, |t| &mut t.server) }),
];

/// Sets a time-out; 0 is none.
fn set(c: &mut Call<'_, Draft>, field: fn(&mut Timeouts) -> &mut Option<Duration>) -> Result<(), Diagnostic> {
    let time = c.time(0)?;
    *field(&mut c.target.timeouts) = Some(time).filter(|t| !t.is_zero());
    Ok(())
}
