//! Fetches of bodies, as far as a rule has waited for them.

use portero_api::{Exchange, Framing, Payload, Sample, SampleType::*};

use super::params::{Params, ignore_case};
use super::{Made, by, int, request, response, row};
use crate::vocabulary::{Args, FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("req.body", &[], (0, 0), Bin, Needs::RequestBody, "what has arrived of the request body", |_| {
        by(|x| bytes(of_request(x)?))
    }),
    row(
        "req.body_len",
        &[],
        (0, 0),
        Int,
        Needs::RequestBody,
        "how much of the request body has arrived",
        |_| by(|x| Some(int(of_request(x)?.data.len()))),
    ),
    row(
        "req.body_size",
        &[],
        (0, 0),
        Int,
        Needs::RequestBody,
        "the advertised length of the request body",
        |_| by(|x| Some(size(of_request(x)?, x.request.framing))),
    ),
    row(
        "req.body_param",
        &[],
        (0, 2),
        Str,
        Needs::RequestBody,
        "a parameter of an url-encoded request body",
        body_param,
    ),
    row("res.body", &[], (0, 0), Bin, Needs::Response, "what has arrived of the response body", |_| {
        by(|x| bytes(of_response(x)?))
    }),
    row(
        "res.body_len",
        &[],
        (0, 0),
        Int,
        Needs::Response,
        "how much of the response body has arrived",
        |_| by(|x| Some(int(of_response(x)?.data.len()))),
    ),
    row(
        "res.body_size",
        &[],
        (0, 0),
        Int,
        Needs::Response,
        "the advertised length of the response body",
        |_| by(|x| Some(size(of_response(x)?, x.response.framing))),
    ),
];

fn of_request(x: &Exchange) -> Option<&Payload> {
    request(x).map(|_| &x.payload)
}

fn of_response(x: &Exchange) -> Option<&Payload> {
    response(x).map(|_| &x.response_payload)
}

fn bytes(payload: &Payload) -> Option<Sample<'_>> {
    Some(Sample::Bin(payload.data.as_slice().into()))
}

fn size(payload: &Payload, framing: Framing) -> Sample<'static> {
    match framing {
        Framing::Length(length) => int(length),
        _ => int(payload.data.len()),
    }
}

fn body_param(args: &Args<'_>) -> Made {
    let name = args.text(0).unwrap_or_default().as_bytes().into();
    Ok(Box::new(Params {
        text,
        name,
        delimiter: b'&',
        ignore_case: ignore_case(args, 1)?,
        sample: |v| Sample::str(v),
    }))
}

fn text(x: &Exchange, _: u8) -> Option<&[u8]> {
    of_request(x).map(|payload| payload.data.as_slice())
}
