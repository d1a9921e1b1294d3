//! The fetches: where samples come from (HAProxy manual, sections 7.3.2 to 7.3.7). One row each, one file per family.

mod acls;
mod auth;
mod body;
mod connection;
mod constants;
mod cookies;
mod desktop;
mod distcc;
mod headers;
mod hello;
mod log;
mod not_yet;
mod params;
mod payload;
mod process;
mod proxies;
mod request;
mod response;
mod servers;
mod sockets;
mod sources;
mod time;
mod timeouts;
mod timers;
mod tracked;
mod variables;

use portero_api::{BadArg, Exchange, Fetch, Fetched, Headers, Request, Response, Sample, SampleType};

use crate::vocabulary::{Args, FetchKind, Needs};

#[cfg(test)]
pub(crate) use headers::variable_length;
pub(crate) use log::capture_slot;
pub use not_yet::NOT_YET;
pub(crate) use not_yet::waits_for;
pub(crate) use servers::is_up;
pub(crate) use sockets::asks_socket;
pub(crate) use time::Unit;
pub(crate) use variables::read as read_variable;

/// Every fetch of the language, family by family.
pub static FETCHES: &[&[FetchKind]] = &[
    constants::ROWS,
    acls::ROWS,
    process::ROWS,
    time::ROWS,
    variables::ROWS,
    connection::ROWS,
    proxies::ROWS,
    servers::ROWS,
    sockets::ROWS,
    payload::ROWS,
    hello::ROWS,
    desktop::ROWS,
    distcc::ROWS,
    request::ROWS,
    headers::ROWS,
    cookies::ROWS,
    params::ROWS,
    auth::ROWS,
    body::ROWS,
    response::ROWS,
    timers::ROWS,
    timeouts::ROWS,
    log::ROWS,
    tracked::VALUES,
    tracked::ROWS,
    tracked::OTHERS,
    sources::VALUES,
    sources::ROWS,
    sources::OTHERS,
];

/// What a row's maker gives.
type Made = Result<Box<dyn Fetch>, BadArg>;

/// A row; the order is that of a line in the manual: name, arguments, type.
const fn row(
    name: &'static str,
    aliases: &'static [&'static str],
    args: (usize, usize),
    output: SampleType,
    needs: Needs,
    summary: &'static str,
    make: fn(&Args<'_>) -> Made,
) -> FetchKind {
    FetchKind { name, aliases, args, output, needs, summary, make }
}

/// A fetch that is one function of the exchange.
struct By<F>(F);

impl<F> Fetch for By<F>
where
    F: for<'a> Fn(&'a Exchange) -> Option<Sample<'a>>,
{
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok((self.0)(exchange))
    }
}

/// Makes a fetch of a function.
fn by<F>(function: F) -> Made
where
    F: for<'a> Fn(&'a Exchange) -> Option<Sample<'a>> + 'static,
{
    Ok(Box::new(By(function)))
}

/// A number that may be larger than any sample.
fn int(n: impl TryInto<i64>) -> Sample<'static> {
    Sample::Int(n.try_into().unwrap_or(i64::MAX))
}

/// The request head; none while no HTTP request has been read, as in raw TCP.
fn request(exchange: &Exchange) -> Option<&Request> {
    Some(&exchange.request).filter(|r| !r.target.is_empty())
}

/// The response head; none while there is none.
fn response(exchange: &Exchange) -> Option<&Response> {
    Some(&exchange.response).filter(|r| r.status != 0)
}

/// Which of the two messages a fetch looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Request,
    Response,
    /// The response once there is one, the request before: old names such as `hdr` mean the message that the
    /// rule handles.
    Current,
}

impl Side {
    /// The header fields of that message.
    fn headers(self, exchange: &Exchange) -> Option<&Headers> {
        match self {
            Side::Request => request(exchange).map(|r| &r.headers),
            Side::Response => response(exchange).map(|r| &r.headers),
            Side::Current if response(exchange).is_some() => Some(&exchange.response.headers),
            Side::Current => Side::Request.headers(exchange),
        }
    }
}

#[cfg(test)]
mod tests;
