//! `option http-restrict-req-hdr-names`: what becomes of request fields with names that some servers take for others.

use super::{Fail, Fault, Road, phase, tell};
use crate::config::checked::UnusualNames;
use portero_api::Reply;

/// Applies what a proxy asks for, behind its `http-request` rules.
pub fn restrict(road: &mut Road<'_>, policy: UnusualNames) -> Result<(), Fail> {
    match policy {
        UnusualNames::Preserve => Ok(()),
        UnusualNames::Delete => {
            tell::step(road, "option http-restrict-req-hdr-names", "unusual names are taken out", delete);
            Ok(())
        }
        UnusualNames::Reject if road.ex.request.headers.iter().all(|(name, _)| is_usual(name)) => Ok(()),
        UnusualNames::Reject => {
            Err(Fail::reply(Reply::Status(403), b'P', phase::REQUEST, Fault::DeniedRequest))
        }
    }
}

fn delete(road: &mut Road<'_>) {
    road.ex.request.headers.retain(|name, _| is_usual(name));
}

/// Letters, digits and hyphens only: servers that make variables of names write all else as an underscore.
fn is_usual(name: &[u8]) -> bool {
    name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-')
}
