//! What a peer in memory heard: the messages in the bytes that were sent to it.

use portero_api::{Framing, Method, Request, Response};

use crate::http1::{self, BodyReader, Limits, Scan};
use crate::proxy_protocol;

/// A message as its receiver reads it, and the body without its transfer coding.
#[derive(Debug)]
pub struct Heard<T> {
    /// The head.
    pub head: T,
    /// The body, as far as it came.
    pub body: Vec<u8>,
}

/// The final response in what a client was sent, which asked with this method; none when none was sent.
pub fn reply(mut bytes: &[u8], method: &Method) -> Option<Heard<Response>> {
    loop {
        let mut response = Response::default();
        let head = http1::response(bytes, &mut Scan::default(), &limits(), method, &mut response).ok()??;
        bytes = &bytes[head.len..];
        if response.status >= 200 || response.status == 101 {
            let body = body(bytes, response.framing);
            return Some(Heard { head: response, body });
        }
    }
}

/// The request in what a server was sent; none when none was.
pub fn request(bytes: &[u8]) -> Option<Heard<Request>> {
    let skip = match proxy_protocol::parse(bytes) {
        Ok(Some(said)) => said.len,
        _ => 0,
    };
    let mut request = Request::default();
    let rest = &bytes[skip..];
    let head = http1::request(rest, &mut Scan::default(), &limits(), &mut request).ok()??;
    let body = body(&rest[head.len..], request.framing);
    Some(Heard { head: request, body })
}

/// What came was written by us, or judged when it came: only its end matters here.
fn limits() -> Limits {
    Limits { head: usize::MAX, fields: 4_000, unsafe_ok: true, any_payload: true }
}

fn body(bytes: &[u8], framing: Framing) -> Vec<u8> {
    let mut reader = match framing {
        Framing::None => return Vec::new(),
        Framing::Length(_) | Framing::UntilClose | Framing::Tunnel => return bytes.to_vec(),
        Framing::Chunked => BodyReader::new(framing),
    };
    let (mut at, mut body) = (0, Vec::new());
    while let Ok(step) = reader.next(&bytes[at..]) {
        body.extend_from_slice(step.data);
        at += step.consumed;
        if step.end || step.consumed == 0 {
            break;
        }
    }
    body
}
