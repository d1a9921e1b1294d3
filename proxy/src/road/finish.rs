//! The one place where an exchange is counted and logged, whatever happened to it.

use std::time::Instant;

use portero_api::tables::Event;
use portero_api::{Captures, ConnError, Counter, Exchange, clock};

use super::{Road, tell};
use crate::log::Level;
use crate::snapshot::Proxy;
use crate::worker::Worker;

/// Counts and logs an exchange that has ended.
pub fn finish(road: &mut Road<'_>) {
    let _hold = clock::hold();
    let now = clock::held();
    road.ex.log.timers.end = Some(now);
    road.client.heard = now;
    count(road, now);
    if let Some(outside) = &road.worker.outside {
        outside.note(road.ex);
    }
    tell::end(road);
    if !road.ex.log.early && should_log(road.ex, &road.fe) {
        write_line(road.worker, &road.fe, road.ex);
    }
    road.ex.trackers.clear();
}

/// Logs an exchange whose response begins (`option logasap`).
pub fn log_early(road: &mut Road<'_>) {
    if !road.fe.conf.options.logasap || !should_log(road.ex, &road.fe) {
        return;
    }
    let head = road.client.lead.before().len() as u64;
    let log = &mut road.ex.log;
    log.early = true;
    log.timers.end = Some(clock::now());
    log.bytes_out += head;
    write_line(road.worker, &road.fe, road.ex);
    road.ex.log.bytes_out -= head;
}

/// Counts bytes in what is tracked: those of our own replies came from no server.
fn count_bytes(exchange: &Exchange) {
    let log = &exchange.log;
    exchange.count(Event::BytesIn, log.bytes_in);
    if log.timers.connected.is_some() {
        exchange.count(Event::BytesOut, log.bytes_out);
    }
}

fn count(road: &Road<'_>, _now: Instant) {
    if road.ex.tracks() {
        count_bytes(road.ex);
    }
    let log = &road.ex.log;
    let front = &road.fe.state.front;
    if log.status > 0 {
        front.inc(Counter::of_status(log.status));
    }
    front.add(Counter::BytesIn, log.bytes_in);
    front.add(Counter::BytesOut, log.bytes_out);
    if road.ex.backend.is_none() {
        return;
    }
    let back = &road.be.state.back;
    back.inc(Counter::Requests);
    if log.status > 0 {
        back.inc(Counter::of_status(log.status));
    }
    back.add(Counter::BytesIn, log.bytes_in);
    back.add(Counter::BytesOut, log.bytes_out);
    let Some(server) = &road.ex.server else { return };
    server.counters.inc(Counter::Requests);
    server.counters.add(Counter::BytesIn, log.bytes_in);
    server.counters.add(Counter::BytesOut, log.bytes_out);
    let times = times(road.ex);
    server.averages.note(times);
    road.be.state.averages.note(times);
}

/// Queue, connect, response and total time in milliseconds.
fn times(exchange: &Exchange) -> [u64; 4] {
    let t = &exchange.log.timers;
    let between = |a: Option<Instant>, b: Option<Instant>| match (a, b) {
        // most steps take no time that the clock was asked for
        (Some(a), Some(b)) if a != b => b.saturating_duration_since(a).as_millis() as u64,
        _ => 0,
    };
    [
        between(t.request, t.queued),
        between(t.queued, t.connected),
        between(t.connected, t.response),
        between(t.first_byte, t.end),
    ]
}

fn should_log(exchange: &Exchange, fe: &Proxy) -> bool {
    if fe.logger.is_empty() || exchange.log.silent {
        return false;
    }
    !(fe.conf.options.dontlog_normal && exchange.log.is_normal())
}

/// Renders and sends the line of an exchange.
pub fn write_line(worker: &Worker, fe: &Proxy, exchange: &mut Exchange) {
    if fe.uses.numbers {
        exchange.log.line_number = fe.state.next_log_line();
    }
    let failed = exchange.log.term.cause != b'-' && exchange.log.term.cause != b'L';
    let format = match &fe.error_format {
        Some(format) if failed => format,
        _ => &fe.log_format,
    };
    let level = match exchange.log.level {
        Some(level) => level_of(level),
        None => usual_level(fe, failed),
    };
    send(worker, fe, level, |line| format.write(exchange, line));
}

/// Logs a connection that failed before it was a session (HAProxy manual, section 8.2.5).
pub fn log_failed(worker: &Worker, fe: &Proxy, exchange: &mut Exchange) {
    let error = exchange.conn.error;
    if fe.logger.is_empty() || fe.conf.options.dontlognull && error == ConnError::ProxyEmpty {
        return;
    }
    exchange.log.timers.start = Some(exchange.conn.accepted);
    exchange.log.timers.date = Some(exchange.conn.accepted_at);
    send(worker, fe, usual_level(fe, true), |line| match &fe.error_format {
        Some(format) => format.write(exchange, line),
        None => {
            fe.failed_format.write(exchange, line);
            let (name, id) = (&exchange.conn.listener, exchange.conn.listener_id.to_string());
            let name = if name.is_empty() { &id } else { &**name };
            line.extend_from_slice(format!("/{name}: {}", error.message()).as_bytes());
        }
    });
}

fn usual_level(fe: &Proxy, failed: bool) -> Level {
    if failed && fe.conf.options.log_separate_errors { Level::Error } else { Level::Info }
}

fn send(worker: &Worker, fe: &Proxy, level: Level, write: impl FnOnce(&mut Vec<u8>)) {
    worker.with_line(|line| {
        write(line);
        match &worker.outside {
            None => fe.logger.send(level, line),
            Some(outside) => outside.log(line),
        }
    });
}

/// The level that a rule asked for (`set-log-level`).
fn level_of(number: u8) -> Level {
    use Level::{Alert, Critical, Debug, Emergency, Error, Info, Notice, Warning};
    let all = [Emergency, Alert, Critical, Error, Warning, Notice, Info, Debug];
    all.get(usize::from(number)).copied().unwrap_or(Info)
}

/// Counts and logs what never became a request: its head was refused, or did not come in time.
pub fn log_refused(worker: &Worker, fe: &Proxy, exchange: &mut Exchange) {
    exchange.log.timers.end = Some(clock::now());
    // there was no request that anything could be captured of
    exchange.log.request_captures = Captures::default();
    exchange.log.response_captures = Captures::default();
    if let Some(outside) = &worker.outside {
        outside.note(exchange);
    }
    let front = &fe.state.front;
    exchange.count(Event::Request, 1);
    exchange.count(Event::Error, 1);
    front.inc(Counter::RequestErrors);
    front.inc(Counter::Requests);
    if exchange.log.status > 0 {
        front.inc(Counter::of_status(exchange.log.status));
    }
    front.add(Counter::BytesIn, exchange.log.bytes_in);
    front.add(Counter::BytesOut, exchange.log.bytes_out);
    if should_log(exchange, fe) {
        write_line(worker, fe, exchange);
    }
}
