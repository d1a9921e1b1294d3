//! `option ssl-hello-chk`: a client hello of SSL 3.0 is answered by a hello or an alert (RFC 6101, 5.6).

use portero_api::{CheckStatus, Plugin, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken};
use crate::balance::options::no_args;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("ssl-hello-chk", "up when a server answers an SSL 3.0 hello").health(|setup| {
        no_args(setup)?;
        Ok(Spoken(SslHello))
    })
}

struct SslHello;

const ALERT: u8 = 0x15;
const HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 0x01;

/// Cipher suites that servers of any age know: AES and triple DES with RSA, RC4.
const SUITES: [u16; 8] = [0x0035, 0x002f, 0x000a, 0x0005, 0x0004, 0x0039, 0x0033, 0x0016];

impl Speak for SslHello {
    const TIMEOUT: CheckStatus = CheckStatus::L6Timeout;

    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        peer.send(&hello()).await?;
        let whole = peer.at_least(5).await?;
        if peer.data.is_empty() {
            let reason = "TCPCHK got an empty response at step 2";
            return Err(Verdict::new(CheckStatus::L6Response, reason));
        }
        // A server that no longer speaks SSL 3.0 says so in an alert: it speaks TLS, and is well.
        match peer.data[0] {
            ALERT | HANDSHAKE if whole && peer.data[1] == 3 => Ok(Verdict::new(CheckStatus::L6Ok, "")),
            _ => Err(Verdict::new(CheckStatus::L6Response, "")),
        }
    }
}

fn hello() -> Vec<u8> {
    let mut body = vec![3, 0];
    // Nothing is made secret with it: the random part may be fixed.
    body.extend_from_slice(b"Portero asks whether you are up?");
    body.extend_from_slice(&[0, 0, 2 * SUITES.len() as u8]);
    SUITES.iter().for_each(|suite| body.extend_from_slice(&suite.to_be_bytes()));
    body.extend_from_slice(&[1, 0]);
    let mut record = vec![HANDSHAKE, 3, 0, 0, body.len() as u8 + 4, CLIENT_HELLO, 0, 0, body.len() as u8];
    record.extend_from_slice(&body);
    record
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
    use portero_conformance::{Check, health};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        for answer in [b"\x16\x03\x00\x00\x02\x02\x00", b"\x15\x03\x01\x00\x02\x02\x46"] {
            health(&Check {
                plugin: &plugin(),
                bench: Bench::default(),
                well: vec![Turn::Hear, say(answer)],
                passed: CheckStatus::L6Ok,
                listens: true,
            });
        }
    }

    #[test]
    fn the_lengths_in_the_hello_add_up() {
        let hello = hello();
        assert_eq!(usize::from(hello[4]), hello.len() - 5);
        assert_eq!(usize::from(hello[8]), hello.len() - 9);
    }

    #[test]
    fn an_empty_answer_is_named() {
        let verdict = Net::talk([Turn::Hear]).probe(&Spoken(SslHello), &Farm::new(&[1]).servers[0]);
        assert_eq!(verdict.reason, "TCPCHK got an empty response at step 2");
    }
}
