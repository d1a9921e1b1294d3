//! What happens to a server, told to those who subscribed to events (HAProxy's Lua manual, "ServerEvent").

use std::sync::Arc;

use portero_api::events::{AdminChange, CheckEnded, StateChange};
use portero_api::{Admin, EventKind, Events, Oper, ServerState};

use super::vitals::Vitals;
use super::words::{Cause, Finding};

/// A server's state as one word of HAProxy's.
pub(super) fn state(oper: Oper, admin: Admin, warming: bool) -> &'static str {
    match (admin, oper) {
        (Admin::Maint, _) | (_, Oper::Down) => STOPPED,
        (_, Oper::Stopping) => "STOPPING",
        (_, Oper::Up) if warming => "STARTING",
        (_, Oper::Up) => "RUNNING",
    }
}

const STOPPED: &str = "STOPPED";

/// What the operator says of a server, as HAProxy's bits: forced or inherited maintenance (1, 2), forced or inherited
/// drain (8, 16).
pub fn admin_bits(admin: Admin, inherited: bool) -> u32 {
    match (admin, inherited) {
        (Admin::Ready, _) => 0,
        (Admin::Maint, false) => 0x01,
        (Admin::Maint, true) => 0x02,
        (Admin::Drain, false) => 0x08,
        (Admin::Drain, true) => 0x10,
    }
}

/// Tells that a check ended.
pub(super) fn check(events: &Events, server: &Arc<ServerState>, finding: &Finding, vitals: &Vitals) {
    if events.wanted() {
        events.publish(EventKind::ServerCheck(server.clone(), ended(finding, vitals)));
    }
}

fn ended(finding: &Finding, vitals: &Vitals) -> CheckEnded {
    CheckEnded {
        passed: finding.status.passed(),
        status: finding.status,
        duration: finding.millis.unwrap_or(0),
        code: finding.code,
        health: (vitals.value(), vitals.rise(), vitals.fall()),
    }
}

/// Tells that a state changed, and that the server came up or went down with it. `by_admin`: because of what the operator
/// says of it.
pub(super) fn change(
    events: &Events,
    server: &Arc<ServerState>,
    (before, after): (&'static str, &'static str),
    cause: &Cause,
    by_admin: bool,
) {
    if before == after || !events.wanted() {
        return;
    }
    match (before, after) {
        (STOPPED, _) => events.publish(EventKind::ServerUp(server.clone())),
        (_, STOPPED) => events.publish(EventKind::ServerDown(server.clone())),
        _ => {}
    }
    let by_check = matches!(cause, Cause::Check(_));
    let change = StateChange { before, after, cause: words(cause), requeued: 0, by_check, by_admin };
    events.publish(EventKind::ServerState(server.clone(), change));
}

/// Tells that the administrative state changed: the bits before and after.
pub(super) fn admin(events: &Events, server: &Arc<ServerState>, (before, after): (u32, u32), cause: &Cause) {
    if events.wanted() {
        let change = AdminChange { before, after, cause: words(cause), requeued: 0 };
        events.publish(EventKind::ServerAdmin(server.clone(), change));
    }
}

fn words(cause: &Cause) -> String {
    match cause {
        Cause::Check(_) => String::new(),
        Cause::Tracked(leader) => format!("via {leader}"),
        Cause::Operator => "changed from CLI".to_owned(),
    }
}
