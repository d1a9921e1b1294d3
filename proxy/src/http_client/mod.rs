//! An HTTP/1.1 client for what is not the road: scripts and other plugins that ask a server of their own.
//!
//! A connection for each call, closed behind it. What fails before a connection is there may be tried again; whatever
//! follows is not, for the server may have acted on it.

mod ask;
mod body;
mod io;
#[cfg(test)]
mod tests;

use std::future::{Future, pending};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HeaderMap;
use hyper::{Request, Response, ext::ReasonPhrase};
use portero_api::{Address, HttpAsk, HttpFail, HttpTold, LocalFuture};

use crate::config::checked::HttpClient;
use crate::dial::{Duplex, open_named};
use ask::Prepared;
use body::Sent;
use io::HyperIo;

/// Bytes of a response's body at the most.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The pause before another try of a connection, as the road makes it before it tries the same server again.
const TURNAROUND: Duration = Duration::from_secs(1);

/// Asks a server and gives its whole answer.
pub fn call(ask: HttpAsk, settings: HttpClient) -> LocalFuture<'static, Result<HttpTold, HttpFail>> {
    Box::pin(async move {
        let Prepared { request, place } = ask::prepare(&ask)?;
        let socket = connect(&place, &ask, settings).await?;
        converse(socket, request, ask.timeout).await
    })
}

/// A connection, in as many tries as are allowed.
async fn connect(place: &Address, ask: &HttpAsk, settings: HttpClient) -> Result<Box<dyn Duplex>, HttpFail> {
    let mut tries_left = ask.retries.unwrap_or(settings.retries);
    let longest = ask.timeout.min(settings.connect);
    loop {
        let failed = match within(longest, open_named(place)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => HttpFail::Connect(error.to_string()),
            Err(timeout) => timeout,
        };
        if tries_left == 0 {
            return Err(failed);
        }
        tries_left -= 1;
        tokio::time::sleep(TURNAROUND.min(ask.timeout)).await;
    }
}

/// Sends the request and takes the response in.
async fn converse(
    socket: Box<dyn Duplex>,
    request: Request<Sent>,
    timeout: Duration,
) -> Result<HttpTold, HttpFail> {
    let (mut sender, connection) = http1::handshake(HyperIo(socket)).await.map_err(fail)?;
    // what ends the connection before its time comes out of the exchange as well
    let driven = async {
        let _ = connection.await;
        pending().await
    };
    tokio::select! {
        biased;
        told = exchange(&mut sender, request, timeout) => told,
        never = driven => never,
    }
}

async fn exchange(
    sender: &mut SendRequest<Sent>,
    request: Request<Sent>,
    timeout: Duration,
) -> Result<HttpTold, HttpFail> {
    let response = within(timeout, sender.send_request(request)).await?.map_err(fail)?;
    let reason = reason(&response);
    let (head, body) = response.into_parts();
    let (body, trailers) = collect(body, timeout).await?;
    let status = head.status.as_u16();
    Ok(HttpTold { status, reason, headers: fields(&head.headers), body, trailers: fields(&trailers) })
}

fn fields(map: &HeaderMap) -> Vec<(Box<[u8]>, Box<[u8]>)> {
    map.iter().map(|(name, value)| (name.as_str().as_bytes().into(), value.as_bytes().into())).collect()
}

/// The body as a whole, and the trailers; each piece has the time of a step.
async fn collect(mut body: Incoming, timeout: Duration) -> Result<(Bytes, HeaderMap), HttpFail> {
    let (mut whole, mut trailers) = (BytesMut::new(), HeaderMap::new());
    while let Some(frame) = within(timeout, body.frame()).await? {
        match frame.map_err(fail)?.into_data() {
            Ok(data) if whole.len() + data.len() > MAX_BODY => {
                return Err(HttpFail::Response(format!("the body is longer than {MAX_BODY} bytes")));
            }
            Ok(data) => whole.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Ok((whole.freeze(), trailers))
}

/// The reason phrase as it came; that of the status where the server used it.
fn reason(response: &Response<Incoming>) -> String {
    match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

async fn within<T>(time: Duration, step: impl Future<Output = T>) -> Result<T, HttpFail> {
    tokio::time::timeout(time, step).await.map_err(|_| HttpFail::Timeout)
}

fn fail(error: hyper::Error) -> HttpFail {
    match error.is_user() {
        true => HttpFail::Bad(error.to_string()),
        false => HttpFail::Response(error.to_string()),
    }
}
