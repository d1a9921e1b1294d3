//! What a plugin asks, as a request and the place that it goes to.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    HOST, HeaderMap, HeaderName, HeaderValue, MAX_FORWARDS, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Method, Request, Uri};
use portero_api::{Address, HttpAsk, HttpFail};

use super::body::Sent;

/// A request that can be sent.
pub(super) struct Prepared {
    pub(super) request: Request<Sent>,
    /// Where to connect to; of a name and port, [`Address::Unresolved`].
    pub(super) place: Address,
}

/// What is needed before the body is read (RFC 9110, 6.5.1).
const NO_TRAILERS: [HeaderName; 11] = [
    AUTHORIZATION,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CONTENT_TYPE,
    HOST,
    MAX_FORWARDS,
    PROXY_AUTHORIZATION,
    SET_COOKIE,
    TE,
    TRAILER,
];

/// Who we say we are where the plugin says nothing: what scripts that were written for HAProxy are known by.
const AGENT: &str = "HAProxy";

/// Reads URL and fields.
pub(super) fn prepare(ask: &HttpAsk) -> Result<Prepared, HttpFail> {
    let url: Uri = ask.url.parse().map_err(|why| bad(format!("'{}' is no URL: {why}", ask.url)))?;
    let host = check_scheme(&url, &ask.url)?;
    let target = url.path_and_query().map_or("/", |p| p.as_str());
    let method = Method::from_bytes(ask.method.as_bytes());
    let method = method.map_err(|_| bad(format!("'{}' is no method", ask.method)))?;
    let mut fields = fields(ask, &url)?;
    let trailers = trailers(ask, &mut fields)?;
    let body = Sent::new(ask.body.clone(), trailers);
    let mut request = Request::builder().method(method).uri(target).body(body);
    if let Ok(request) = &mut request {
        *request.headers_mut() = fields;
    }
    let request = request.map_err(|why| bad(why.to_string()))?;
    let place = ask.dst.clone().unwrap_or_else(|| place(host, url.port_u16().unwrap_or(80)));
    Ok(Prepared { request, place })
}

/// The host of a URL that we can ask.
fn check_scheme<'u>(url: &'u Uri, written: &str) -> Result<&'u str, HttpFail> {
    match url.scheme_str() {
        Some("http") => {}
        Some("https") => {
            return Err(bad(format!(
                "'{written}' takes TLS, which this version of Portero does not have yet"
            )));
        }
        _ => return Err(bad(format!("'{written}' is no URL that begins with http://"))),
    }
    url.host().filter(|host| !host.is_empty()).ok_or_else(|| bad(format!("'{written}' names no host")))
}

/// The plugin's fields, and those that it left out. How long the body is, is known here alone.
fn fields(ask: &HttpAsk, url: &Uri) -> Result<HeaderMap, HttpFail> {
    let mut fields = parsed(&ask.headers)?;
    let authority = url.authority().map_or("", |a| a.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = HeaderValue::from_str(host).map_err(|_| bad(format!("'{host}' is no host")))?;
    fields.entry(HOST).or_insert(host);
    fields.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    fields.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(fields)
}

/// The trailers, which the head names (RFC 9110, 6.6.2): only in chunks can they follow a body.
fn trailers(ask: &HttpAsk, head: &mut HeaderMap) -> Result<HeaderMap, HttpFail> {
    let trailers = parsed(&ask.trailers)?;
    for name in trailers.keys() {
        if NO_TRAILERS.contains(name) {
            return Err(bad(format!("'{name}' cannot be a trailer")));
        }
        head.append(TRAILER, HeaderValue::from(name.clone()));
    }
    if !trailers.is_empty() {
        head.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(trailers)
}

/// Fields, without those that say how long the body is.
fn parsed(fields: &[(Box<[u8]>, Box<[u8]>)]) -> Result<HeaderMap, HttpFail> {
    let mut all = HeaderMap::new();
    for (name, value) in fields {
        let text = || String::from_utf8_lossy(name);
        let parsed =
            HeaderName::from_bytes(name).map_err(|_| bad(format!("'{}' is no field name", text())))?;
        let value = HeaderValue::from_bytes(value);
        let value = value.map_err(|_| bad(format!("the value of '{}' holds control characters", text())))?;
        if ![CONTENT_LENGTH, TRANSFER_ENCODING].contains(&parsed) {
            all.append(parsed, value);
        }
    }
    Ok(all)
}

/// Where the host of a URL is: an address, perhaps in brackets, or a name.
fn place(host: &str, port: u16) -> Address {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Address::Ip(SocketAddr::new(ip, port)),
        Err(_) => Address::Unresolved(format!("{host}:{port}")),
    }
}

fn bad(why: String) -> HttpFail {
    HttpFail::Bad(why)
}
