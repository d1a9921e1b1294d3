//! No bytes make a response head panic; the verdict does not hang on the split; what is returned is read as it was meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero::http1::{Connection, Limits, Scan, response, response_head};
use portero_api::{Method, Response};

fuzz_target!(|data: &[u8]| {
    let Some((&split, raw)) = data.split_first() else { return };
    let limits = Limits::default();
    let split = usize::from(split).min(raw.len());
    for method in [Method::Get, Method::Head, Method::Connect] {
        let (mut whole, mut parts) = (Response::default(), Response::default());
        let verdict = response(raw, &mut Scan::default(), &limits, &method, &mut whole);
        let mut scan = Scan::default();
        let mut second = response(&raw[..split], &mut scan, &limits, &method, &mut parts);
        if second == Ok(None) {
            second = response(raw, &mut scan, &limits, &method, &mut parts);
        }
        assert_eq!(second, verdict);
        if let Ok(Some(head)) = verdict {
            let connection = if head.upgrade { Connection::Upgrade } else { Connection::Silent };
            let mut out = Vec::new();
            response_head(&whole, whole.framing, connection, &mut out);
            let limits = Limits { head: usize::MAX, fields: 1000, ..limits };
            let again = response(&out, &mut Scan::default(), &limits, &method, &mut parts);
            let head = again.expect("what we return is good").expect("and whole");
            assert_eq!((head.len, parts.framing, parts.status), (out.len(), whole.framing, whole.status));
        }
    }
});
