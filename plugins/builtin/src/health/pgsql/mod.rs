//! `option pgsql-check user <name>`: PostgreSQL answers a start-up message (PostgreSQL protocol 3.0, 55.7).

use portero_api::{BadArg, Plugin, Setup, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken, babble, ill, well};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("pgsql-check", "up when PostgreSQL answers a start-up message")
        .health(|setup| Ok(Spoken(PgSql { startup: startup(setup)? })))
}

struct PgSql {
    startup: Vec<u8>,
}

fn startup(setup: &Setup<'_>) -> Result<Vec<u8>, BadArg> {
    let user = match setup.args {
        [word, user] if word == "user" => user,
        [word, ..] if word != "user" => {
            return Err(BadArg::at(0, format!("'{word}' is not known here: 'user' is")));
        }
        [_, _, surplus, ..] => return Err(BadArg::at(2, format!("'{surplus}' is one word too many"))),
        _ => return Err(BadArg::new("'pgsql-check' needs a user: 'pgsql-check user postgres'")),
    };
    let mut message = Vec::new();
    message.extend_from_slice(&(user.len() as u32 + 15).to_be_bytes());
    message.extend_from_slice(&0x0003_0000u32.to_be_bytes());
    [b"user\0", user.as_bytes(), b"\0\0"].iter().for_each(|part| message.extend_from_slice(part));
    Ok(message)
}

impl Speak for PgSql {
    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        peer.send(&self.startup).await?;
        let unknown = || ill(0, "PostgreSQL unknown error");
        if !peer.at_least(5).await? {
            return Err(unknown());
        }
        let kind = peer.data[0];
        let length = u32::from_be_bytes([peer.data[1], peer.data[2], peer.data[3], peer.data[4]]) as usize;
        match kind {
            // An authentication request always says which, in four bytes.
            b'R' if length >= 8 && peer.at_least(9).await? => Ok(well("PostgreSQL server is ok")),
            b'E' => {
                peer.at_least(1 + length).await?;
                // The first field is the severity, behind the letter that says so.
                let text =
                    peer.data.get(6..).unwrap_or_default().split(|&b| b == 0).next().unwrap_or_default();
                Err(babble(String::from_utf8_lossy(text)))
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use portero_api::CheckStatus;
    use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
    use portero_conformance::{Check, health};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        for answer in [&b"R\0\0\0\x08\0\0\0\0"[..], b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"] {
            health(&Check {
                plugin: &plugin(),
                bench: Bench::new("user postgres"),
                well: vec![Turn::Hear, say(answer)],
                passed: CheckStatus::L7Ok,
                listens: true,
            });
        }
    }

    #[test]
    fn errors_are_told_apart() {
        let health = Bench::new("user postgres").health(&plugin()).expect("good arguments");
        for (answer, verdict) in [
            (&b"E\0\0\0\x0bSFATAL\0"[..], babble("FATAL")),
            (b"Not a PostgreSQL response", ill(0, "PostgreSQL unknown error")),
            (b"", ill(0, "PostgreSQL unknown error")),
        ] {
            let net = Net::talk([Turn::Hear, say(answer)]);
            assert_eq!(net.probe(&*health, &Farm::new(&[1]).servers[0]), verdict);
            assert_eq!(net.heard(), b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0");
        }
    }

    #[test]
    fn a_user_is_needed() {
        for args in ["", "user", "joe", "user joe now"] {
            assert!(Bench::new(args).health(&plugin()).is_err(), "{args}");
        }
    }
}
