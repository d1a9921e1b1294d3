//! A token bucket for each client, in a stick table that all threads share.
//!
//! Arguments of the action: the table, how many tokens a bucket holds, how many come back each second. `gpc0` counts the
//! tokens that were taken, `gpt0` is the second up to which they were given back. Each step is atomic: of those that come in
//! the same second one alone finds the old second, and gives back.

use std::time::UNIX_EPOCH;

use portero_plugin::proxy_wasm::hostcalls;
use portero_plugin::proxy_wasm::types::Status;
use portero_plugin::{portero, Action, Plugin, Sample, Table, Verdict};

portero!(|_: &[u8]| Some(Plugin::new().action(Bucket)));

struct Bucket;

impl Action for Bucket {
    fn run(&mut self, _rules: &str, args: &[String]) -> Verdict {
        let [table, size, rate] = args else { return Verdict::Fail };
        let (Ok(size), Ok(rate)) = (size.parse(), rate.parse()) else { return Verdict::Fail };
        match take(&Table::named(table), size, rate) {
            Ok(true) => Verdict::Continue,
            Ok(false) => {
                let fields = vec![("retry-after", "1"), ("content-type", "text/plain")];
                // what cannot be sent ends with 500
                hostcalls::send_http_response(429, fields, Some(b"slower, please\n")).map_or(Verdict::Fail, |()| Verdict::Stop)
            }
            // the table is full of others, or is not there: better too many than none
            Err(_) => Verdict::Continue,
        }
    }
}

/// Takes a token of the client, if there is one.
fn take(table: &Table, size: i64, rate: i64) -> Result<bool, Status> {
    let client = client()?;
    let now = hostcalls::get_current_time()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
    if let Some(Sample::Int(last @ 1..)) = table.set(&client, "gpt0", now)? {
        if last < now {
            table.add(&client, "gpc0", -(now - last).saturating_mul(rate))?;
        }
    }
    if table.add(&client, "gpc0", 1)? <= size {
        return Ok(true);
    }
    table.add(&client, "gpc0", -1)?;
    Ok(false)
}

/// The client's address.
fn client() -> Result<Sample, Status> {
    let source = hostcalls::get_property(vec!["source", "address"])?.ok_or(Status::NotFound)?;
    let text = String::from_utf8(source).map_err(|_| Status::SerializationFailure)?;
    let host = text.rsplit_once(':').map_or(text.as_str(), |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().map(Sample::Ip).map_err(|_| Status::SerializationFailure)
}
