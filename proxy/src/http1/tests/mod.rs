//! The verdicts on heads and bodies, class by class, and that they do not hang on how the bytes come.

mod bodies;
mod cases;
mod requests;
mod responses;
mod splits;
mod written;

use portero_api::{Framing, Headers, Method, Request, Response, Version};

use super::*;

/// Reads a request that came whole.
fn read(raw: &[u8]) -> Result<(Head, Request), Refusal> {
    read_with(raw, &Limits::default())
}

fn read_with(raw: &[u8], limits: &Limits) -> Result<(Head, Request), Refusal> {
    let mut into = Request::default();
    let head = request(raw, &mut Scan::default(), limits, &mut into)?;
    Ok((head.expect("the head is whole"), into))
}

/// Reads a response that came whole.
fn answer(raw: &[u8], method: &Method) -> Result<(Head, Response), BadResponse> {
    let mut into = Response::default();
    let head = response(raw, &mut Scan::default(), &Limits::default(), method, &mut into)?;
    Ok((head.expect("the head is whole"), into))
}

/// What one reader makes of pieces: content, trailers, bytes left over of the last piece.
#[derive(Debug, PartialEq)]
struct Content {
    data: Vec<u8>,
    trailers: Vec<(Vec<u8>, Vec<u8>)>,
    ended: bool,
    rest: usize,
}

fn content<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Content, BadBody> {
    let mut reader = BodyReader::new(framing);
    let mut content = Content { data: Vec::new(), trailers: Vec::new(), ended: false, rest: 0 };
    for mut piece in pieces {
        while !piece.is_empty() && !content.ended {
            let step = reader.next(piece)?;
            assert!(step.consumed > 0 || step.end, "no step without progress");
            content.data.extend_from_slice(step.data);
            content.ended = step.end;
            piece = &piece[step.consumed..];
        }
        content.rest += piece.len();
    }
    assert_eq!(content.ended, reader.is_complete(false));
    content.trailers = reader.trailers().map(owned).unwrap_or_default();
    Ok(content)
}

fn owned(headers: &Headers) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}
