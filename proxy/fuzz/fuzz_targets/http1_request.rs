//! No bytes make a request head panic; the verdict does not hang on the split; what is forwarded is read as it was meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portero::http1::{Connection, Limits, Scan, request, request_head};
use portero_api::Request;

fuzz_target!(|data: &[u8]| {
    let Some((&split, raw)) = data.split_first() else { return };
    for unsafe_ok in [false, true] {
        let limits = Limits { unsafe_ok, ..Limits::default() };
        let (mut whole, mut parts) = (Request::default(), Request::default());
        let verdict = request(raw, &mut Scan::default(), &limits, &mut whole);
        let mut scan = Scan::default();
        let split = usize::from(split).min(raw.len());
        let mut second = request(&raw[..split], &mut scan, &limits, &mut parts);
        if second == Ok(None) {
            second = request(raw, &mut scan, &limits, &mut parts);
        }
        assert_eq!(second, verdict);
        if let Ok(Some(_)) = verdict {
            let mut out = Vec::new();
            request_head(&whole, whole.framing, Connection::Silent, &mut out);
            let limits = Limits { head: usize::MAX, fields: 1000, any_payload: true, ..limits };
            let again = request(&out, &mut Scan::default(), &limits, &mut parts);
            let head = again.expect("what we forward is good").expect("and whole");
            assert_eq!((head.len, parts.framing, head.suspect), (out.len(), whole.framing, false));
            assert_eq!((parts.method, parts.target), (whole.method, whole.target));
        }
    }
});
