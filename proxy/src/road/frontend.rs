//! The frontend's part of the road: its rules, and the choice of the backend.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use portero_api::{Counter, Message, Reply, Request, Served};

use super::exchange::count_request;
use super::rules::{self, Side};
use super::{Fail, Fault, Road, names, payload, phase, replies, tell};
use crate::snapshot::{Proxy, Rules};

/// Notes what the request says of itself before any rule changes it.
pub fn begin(road: &mut Road<'_>) -> Result<(), Fail> {
    count_request(road);
    let global = &road.snapshot.checked.global;
    (road.ex.room.whole, road.ex.room.reserve) = (global.bufsize, global.maxrewrite);
    number(road);
    let closes = road.fe.conf.options.httpclose || road.worker.shared.is_stopping();
    road.keep_alive &= !closes;
    capture(road);
    if let Some(format) = &road.fe.unique_id {
        road.ex.log.unique_id.begin(format.clone());
    }
    if road.fe.conf.monitor_uri.as_deref().is_some_and(|uri| is_monitored(&road.ex.request, uri)) {
        return Err(monitor(road));
    }
    Ok(())
}

/// What the monitor is told: that all is well, unless a `monitor fail` rule says otherwise.
fn monitor(road: &mut Road<'_>) -> Fail {
    road.ex.log.silent = true;
    let status = if road.fe.monitor_fail.first(road.ex).is_some() { 503 } else { 200 };
    let well = || {
        let page = "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n";
        Reply::Message(Box::new(Message::new(200).body("text/html", page)))
    };
    let reply = match status {
        200 if replies::own_page(road, 200).is_none() => well(),
        status => Reply::Status(status),
    };
    Fail::reply(reply, b'L', phase::REQUEST, Fault::Intercepted)
}

/// Gives the exchange its number, where something looks at it (`%rt`).
pub fn number(road: &mut Road<'_>) {
    if road.fe.uses.numbers {
        road.ex.log.request_number = road.worker.shared.requests.fetch_add(1, Relaxed) + 1;
    }
}

/// Whether a request asks for `monitor-uri`: a path is compared with the path of an absolute target too.
fn is_monitored(request: &Request, uri: &[u8]) -> bool {
    if uri.starts_with(b"/") { request.path_and_query() == uri } else { request.target == uri }
}

fn capture(road: &mut Road<'_>) {
    for (slot, (name, _)) in road.fe.conf.request_captures.iter().enumerate() {
        match road.ex.request.headers.all(name).last() {
            Some(value) => road.ex.log.request_captures.set(slot, value),
            None => road.ex.log.request_captures.unset(slot),
        }
    }
}

/// Waits for the body where `option http-buffer-request` asks for it.
pub async fn buffer_request(road: &mut Road<'_>) -> Result<(), Fail> {
    if !road.fe.conf.options.http_buffer_request {
        return Ok(());
    }
    payload::of_request(road, 0, road.fe.conf.timeouts.http_request).await
}

/// `tcp-request content`, `http-request` and `redirect` rules of the frontend.
pub async fn request_rules(road: &mut Road<'_>) -> Result<(), Fail> {
    let fe = road.fe.clone();
    let Rules { tcp_content, http_request, redirect, .. } = &fe.rules;
    if rules::any([tcp_content, http_request, redirect]) {
        rules::content(road, tcp_content, fe.conf.inspect_delay).await?;
        rules::run_all(road, [http_request, redirect], Side::Request).await?;
    }
    names::restrict(road, fe.conf.options.unusual_names)
}

/// A service that answers in the place of a server: the statistics page.
pub async fn service(road: &mut Road<'_>) -> Result<(), Fail> {
    let fe = road.fe.clone();
    serve(road, &fe).await
}

/// Lets the services of a proxy answer.
pub async fn serve(road: &mut Road<'_>, proxy: &Rc<Proxy>) -> Result<(), Fail> {
    let Some(stats) = &proxy.stats else { return Ok(()) };
    if !stats.matches(&road.ex.request) {
        return Ok(());
    }
    rules::run(road, &stats.rules, Side::Request).await?;
    if stats.admin.iter().any(|condition| condition.holds(road.ex)) {
        road.ex.tune().admin = true;
    }
    payload::of_request(road, 0, road.fe.conf.timeouts.http_request).await?;
    let Some(Served { head, body }) = stats.service.serve(road.ex).reply() else { return Ok(()) };
    road.ex.log.service = Some(stats.name.clone());
    replies::serve(road, head, body).await?;
    Err(Fail::served())
}

/// The backend that a `use_backend` rule names, else the default one.
pub fn choose_backend(road: &mut Road<'_>) -> Result<(), Fail> {
    let fe = road.fe.clone();
    let is_open = |be: &Rc<Proxy>| be.state.is_published() || fe.switch_rules.first(road.ex).is_some();
    let wanted = wanted(road).filter(is_open);
    let (mut named, mut by_name, mut from) = (None, None, 0);
    while let (None, Some((rule, name))) = (&wanted, fe.targets.pick_from(road.ex, from)) {
        by_name = road.snapshot.backend(&name);
        if by_name.as_ref().is_none_or(is_open) {
            named = Some(name);
            break;
        }
        // as if the rule were not there
        (by_name, from) = (None, rule + 1);
    }
    let default = || fe.conf.default_backend.and_then(|index| road.snapshot.proxy(index)).filter(is_open);
    let own = || fe.conf.kind.has_back().then(|| fe.clone());
    let found = wanted.or(by_name).or_else(default).or_else(own);
    tell::backend(road, named.as_deref(), found.as_ref());
    let Some(be) = found else {
        return Err(Fail::status(503, b'S', phase::CONNECT, Fault::Intercepted));
    };
    road.ex.backend = Some(be.state.clone());
    be.state.back.inc(Counter::Sessions);
    if let (Some(tuning), false) = (&mut road.ex.tuning, Rc::ptr_eq(&road.fe, &be)) {
        tuning.forget_backend();
    }
    road.be = be;
    Ok(())
}

/// The backend that a plugin wants for the exchange.
fn wanted(road: &Road<'_>) -> Option<Rc<Proxy>> {
    road.snapshot.backend(road.ex.tuning.as_ref()?.backend.as_ref()?)
}
