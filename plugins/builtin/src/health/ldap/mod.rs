//! `option ldap-check`: an anonymous bind succeeds (RFC 4511, 4.2).

use portero_api::{Plugin, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken, babble, ill, well};
use crate::balance::options::no_args;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("ldap-check", "up when LDAP answers an anonymous bind").health(|setup| {
        no_args(setup)?;
        Ok(Spoken(Ldap))
    })
}

struct Ldap;

/// Message 1: a bind request of version 3 with an empty name and simple authentication without password.
const BIND: [u8; 14] = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIND_RESPONSE: u8 = 0x61;
const ENUMERATED: u8 = 0x0a;

impl Speak for Ldap {
    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        peer.send(&BIND).await?;
        let foreign = || babble("Not LDAPv3 protocol");
        let mut place = 0;
        element(peer, &mut place, SEQUENCE).await?.ok_or_else(foreign)?;
        place += element(peer, &mut place, INTEGER).await?.ok_or_else(foreign)?;
        element(peer, &mut place, BIND_RESPONSE).await?.ok_or_else(foreign)?;
        let length = element(peer, &mut place, ENUMERATED).await?;
        if length != Some(1) || !peer.at_least(place + 1).await? {
            return Err(foreign());
        }
        match peer.data[place] {
            0 => Ok(well("Success")),
            code => Err(ill(code.into(), "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9")),
        }
    }
}

/// Goes into the element of this tag at a place and gives its length; none when another one is there (X.690, 8.1).
async fn element(peer: &mut Peer, place: &mut usize, tag: u8) -> Result<Option<usize>, Verdict> {
    if !peer.at_least(*place + 2).await? || peer.data[*place] != tag {
        return Ok(None);
    }
    let first = peer.data[*place + 1];
    *place += 2;
    if first < 0x80 {
        return Ok(Some(first.into()));
    }
    let bytes = usize::from(first & 0x7f);
    if bytes > 4 || !peer.at_least(*place + bytes).await? {
        return Ok(None);
    }
    let length = peer.data[*place..*place + bytes].iter().fold(0, |n, &b| n << 8 | usize::from(b));
    *place += bytes;
    Ok(Some(length).filter(|&length| length <= super::peer::MOST_BYTES))
}

#[cfg(test)]
mod tests {
    use portero_api::CheckStatus;
    use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
    use portero_conformance::{Check, health};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        for answer in [
            &b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"[..],
            b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\x00\x04\x00\x04\x00",
        ] {
            health(&Check {
                plugin: &plugin(),
                bench: Bench::default(),
                well: vec![Turn::Hear, say(answer)],
                passed: CheckStatus::L7Ok,
                listens: true,
            });
        }
    }

    #[test]
    fn other_answers_fail() {
        let refused = ill(1, "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9");
        for (answer, verdict) in [
            (&b"\x30\x0c\x02\x01\x01\x60\x07\x0a\x01\x00\x04\x00\x04\x00"[..], babble("Not LDAPv3 protocol")),
            (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x01\x04\x00\x04\x00", refused),
            (b"", babble("Not LDAPv3 protocol")),
        ] {
            let net = Net::talk([Turn::Hear, say(answer)]);
            assert_eq!(net.probe(&Spoken(Ldap), &Farm::new(&[1]).servers[0]), verdict);
        }
    }
}
