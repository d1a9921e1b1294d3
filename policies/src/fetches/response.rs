//! Fetches of the status line.

use portero_api::{Sample, SampleType::*};

use super::{by, int, response, row};
use crate::vocabulary::{FetchKind, Needs::Response};

pub(super) static ROWS: &[FetchKind] = &[
    row("status", &["http_status"], (0, 0), Int, Response, "the status of the response", |_| {
        by(|x| response(x).map(|r| int(r.status)))
    }),
    row(
        "res.ver",
        &["resp_ver"],
        (0, 0),
        Str,
        Response,
        "the version of HTTP the server speaks: 1.1",
        |_| by(|x| response(x).map(|r| Sample::str(r.version.digits()))),
    ),
];
