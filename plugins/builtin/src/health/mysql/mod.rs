//! `option mysql-check [user <name> [post-41|pre-41|post-80]]`: the handshake of MySQL, and a log-in without password
//! (MySQL client/server protocol, connection phase).

use portero_api::{BadArg, Plugin, Setup, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken, babble, ill, well};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("mysql-check", "up when MySQL shakes hands, and lets a user in")
        .health(|setup| Ok(Spoken(MySql { login: login(setup)? })))
}

struct MySql {
    /// What is sent behind the server's greeting: a log-in and a goodbye; nothing when there is no user.
    login: Option<Vec<u8>>,
}

const LONG_PASSWORD: u32 = 0x0000_0001;
const PROTOCOL_41: u32 = 0x0000_0200;
const SECURE_CONNECTION: u32 = 0x0000_8000;
const PLUGIN_AUTH: u32 = 0x0008_0000;
const MOST: u32 = 0x0100_0000;
const UTF8: u8 = 33;
const QUIT: [u8; 5] = [1, 0, 0, 0, 1];

fn login(setup: &Setup<'_>) -> Result<Option<Vec<u8>>, BadArg> {
    let (user, version) = match setup.args {
        [] => return Ok(None),
        [word, ..] if word != "user" => {
            return Err(BadArg::at(0, format!("'{word}' is not known here: 'user' is")));
        }
        [_] => return Err(BadArg::at(0, "'user' needs a name")),
        [_, user] => (user, "post-41"),
        [_, user, version] => (user, version.as_str()),
        [_, _, _, surplus, ..] => return Err(BadArg::at(3, format!("'{surplus}' is one word too many"))),
    };
    let mut body = match version {
        "pre-41" => old_head(),
        "post-41" => new_head(LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION),
        "post-80" => new_head(LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH),
        other => {
            let known = "'post-41', 'pre-41' and 'post-80' are";
            return Err(BadArg::at(2, format!("'{other}' is not known here: {known}")));
        }
    };
    body.extend_from_slice(user.as_bytes());
    // the end of the name, and a password of no bytes
    body.extend_from_slice(&[0, 0]);
    if version == "post-80" {
        body.extend_from_slice(b"mysql_native_password\0");
    }
    let [low, middle, high, _] = (body.len() as u32).to_le_bytes();
    let mut packet = vec![low, middle, high, 1];
    packet.extend_from_slice(&body);
    packet.extend_from_slice(&QUIT);
    Ok(Some(packet))
}

fn old_head() -> Vec<u8> {
    let [a, b, ..] = LONG_PASSWORD.to_le_bytes();
    vec![a, b, 0xff, 0xff, 0xff]
}

fn new_head(flags: u32) -> Vec<u8> {
    let mut head = flags.to_le_bytes().to_vec();
    head.extend_from_slice(&MOST.to_le_bytes());
    head.push(UTF8);
    head.resize(head.len() + 23, 0);
    head
}

impl Speak for MySql {
    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        let greeting = packet(peer).await?;
        let Some((10, rest)) = greeting.split_first().map(|(version, rest)| (*version, rest)) else {
            return Err(babble(""));
        };
        let version = rest.split(|&b| b == 0).next().unwrap_or_default();
        let version = String::from_utf8_lossy(version).into_owned();
        if let Some(login) = &self.login {
            peer.send(login).await?;
            packet(peer).await?;
        }
        Ok(well(version))
    }
}

/// The next packet; one that tells an error is that error.
async fn packet(peer: &mut Peer) -> Result<Vec<u8>, Verdict> {
    if !peer.at_least(4).await? {
        return Err(babble(""));
    }
    let length = u32::from_le_bytes([peer.data[0], peer.data[1], peer.data[2], 0]) as usize;
    if length == 0 || !peer.at_least(4 + length).await? {
        return Err(babble(""));
    }
    let packet: Vec<u8> = peer.data.drain(..4 + length).skip(4).collect();
    match &packet[..] {
        [0xff, low, high, text @ ..] => {
            // behind a sharp stands the five-character state of SQL
            let text = if text.first() == Some(&b'#') { text.get(6..).unwrap_or_default() } else { text };
            Err(ill(u16::from_le_bytes([*low, *high]), String::from_utf8_lossy(text)))
        }
        _ => Ok(packet),
    }
}

#[cfg(test)]
mod tests {
    use portero_api::CheckStatus;
    use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
    use portero_conformance::{Check, health};

    use super::*;

    const GREETING: &[u8] = b"\x0b\0\0\0\x0a8.0.19\0abc";

    #[test]
    fn it_keeps_to_the_hook() {
        for (args, well) in [
            ("", vec![say(GREETING)]),
            ("user joe", vec![say(GREETING), Turn::Hear, say(b"\x07\0\0\x02\0\0\0\x02\0\0\0")]),
        ] {
            let bench = Bench::new(args);
            health(&Check { plugin: &plugin(), bench, well, passed: CheckStatus::L7Ok, listens: true });
        }
    }

    #[test]
    fn log_ins_are_as_long_as_their_version_makes_them() {
        for (args, length) in [("user user pre-41", 20), ("user user", 47), ("user user post-80", 69)] {
            let bench = Bench::new(args);
            assert_eq!(login(&bench.setup()).expect(args).expect("a user").len(), length, "{args}");
        }
        for (args, at) in [("joe", 0), ("user", 0), ("user joe now", 2), ("user joe post-41 x", 3)] {
            assert_eq!(Bench::new(args).health(&plugin()).err().expect(args).arg, Some(at), "{args}");
        }
    }

    #[test]
    fn the_servers_error_is_shown() {
        let health = Bench::new("user joe").health(&plugin()).expect("good arguments");
        let error = b"\x0b\0\0\x02\xff\xe3\x04#08004No";
        for turns in [vec![say(GREETING), Turn::Hear, say(&error[..])], vec![say(&error[..])]] {
            let net = Net::talk(turns);
            assert_eq!(net.probe(&*health, &Farm::new(&[1]).servers[0]), ill(1251, "No"));
        }
    }

    #[test]
    fn the_version_is_shown() {
        let health = Bench::default().health(&plugin()).expect("good arguments");
        assert_eq!(Net::talk([say(GREETING)]).probe(&*health, &Farm::new(&[1]).servers[0]), well("8.0.19"));
    }
}
