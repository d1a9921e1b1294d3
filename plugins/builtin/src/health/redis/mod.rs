//! `option redis-check`: `PING` is answered by `+PONG`.

use portero_api::{Plugin, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken, ill, well};
use crate::balance::options::no_args;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("redis-check", "up when Redis answers a PING").health(|setup| {
        no_args(setup)?;
        Ok(Spoken(Redis))
    })
}

struct Redis;

impl Speak for Redis {
    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        peer.send(b"*1\r\n$4\r\nPING\r\n").await?;
        let line = peer.line().await?;
        Ok(if line == "+PONG" { well("Redis server is ok") } else { ill(0, line) })
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
        health(&Check {
            plugin: &plugin(),
            bench: Bench::default(),
            well: vec![Turn::Hear, say("+PONG\r\n")],
            passed: CheckStatus::L7Ok,
            listens: true,
        });
    }

    #[test]
    fn an_error_is_shown_as_it_came() {
        let net = Net::talk([Turn::Hear, say("-LOADING dataset\r\n")]);
        let verdict = net.probe(&Spoken(Redis), &Farm::new(&[1]).servers[0]);
        assert_eq!(verdict, ill(0, "-LOADING dataset"));
    }
}
