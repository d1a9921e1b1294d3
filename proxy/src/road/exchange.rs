//! The main road: one request from its head to its line in the log.

use portero_api::Counter;
use portero_api::tables::Event;

use super::{
    Fail, Road, abort, backend, filters, finish, forward, frontend, persistence, prepare, replies, retry,
    tell,
};

/// Walks the whole road with a request whose head was read. True when another request may follow on the connection.
///
/// Outer: whatever happens, the client is told, the exchange is counted and logged.
pub async fn exchange(road: &mut Road<'_>) -> bool {
    if let Err(fail) = inner(road).await {
        replies::rescue(road, fail).await;
    }
    filters::end(road);
    finish::finish(road);
    road.keep_alive
}

/// Inner: the straight road. Every step is a function; the first failure ends it.
async fn inner(road: &mut Road<'_>) -> Result<(), Fail> {
    tell::begin(road);
    filters::attach_frontend(road);
    frontend::begin(road)?;
    frontend::buffer_request(road).await?;
    frontend::request_rules(road).await?;
    if road.fe.stats.is_some() {
        frontend::service(road).await?;
    }
    frontend::choose_backend(road)?;
    backend::enter(road);
    let result = in_backend(road).await;
    road.be.state.back_sessions.leave();
    result
}

async fn in_backend(road: &mut Road<'_>) -> Result<(), Fail> {
    filters::attach_backend(road);
    backend::request_rules(road).await?;
    if road.be.stats.is_some() {
        backend::service(road).await?;
    }
    tell::step(road, "cookie", "what the server is not to see", persistence::hold);
    tell::step(road, "options", "what the proxy tells the server", prepare::prepare);
    if road.filters.is_some() {
        filters::request(road).await?;
    }
    tries(road).await
}

/// Tries servers until one answers, as long as another try is safe and allowed.
async fn tries(road: &mut Road<'_>) -> Result<(), Fail> {
    loop {
        let mut place = backend::place(road).await?;
        backend::redirect(road, &place)?;
        let fail = match forward::to_server(road, &mut place).await {
            Ok(()) => return Ok(()),
            Err(fail) => fail,
        };
        tell::failed(road, &place, &fail);
        retry::note_failure(road, &place, &fail);
        let pause = retry::next_try(road, &place, fail)?;
        drop(place);
        if let Some(pause) = pause {
            abort::pause(road, pause).await?;
        }
    }
}

/// Counts a request in; called once its head is valid.
pub fn count_request(road: &Road<'_>) {
    road.fe.state.front.inc(Counter::Requests);
    road.ex.count(Event::Request, 1);
    if let Some(start) = road.ex.log.timers.request {
        road.fe.state.request_rate.hit(start);
    }
}
