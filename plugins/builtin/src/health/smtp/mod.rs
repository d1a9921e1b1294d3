//! `option smtpchk [<hello> <domain>]`: greeting, hello and goodbye are answered with 2xx (RFC 5321, 4.2).

use portero_api::{BadArg, CheckStatus, Plugin, Setup, Verdict};

use super::peer::Peer;
use super::spoken::{Speak, Spoken, babble, ill};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("smtpchk", "up when a mail server answers a hello")
        .health(|setup| Ok(Spoken(Smtp { hello: hello(setup)? })))
}

struct Smtp {
    hello: String,
}

fn hello(setup: &Setup<'_>) -> Result<String, BadArg> {
    match setup.args {
        [] => Ok("HELO localhost\r\n".into()),
        [word] => Err(BadArg::at(0, format!("'{word}' needs a domain behind it"))),
        // Any other word than EHLO means HELO, as the manual says.
        [word, domain] => Ok(format!("{} {domain}\r\n", if word == "EHLO" { "EHLO" } else { "HELO" })),
        [_, _, surplus, ..] => Err(BadArg::at(2, format!("'{surplus}' is one word too many"))),
    }
}

impl Speak for Smtp {
    async fn speak(&self, peer: &mut Peer) -> Result<Verdict, Verdict> {
        reply(peer).await?;
        peer.send(self.hello.as_bytes()).await?;
        reply(peer).await?;
        peer.send(b"QUIT\r\n").await?;
        let (code, text) = reply(peer).await?;
        Ok(Verdict::new(CheckStatus::L7Ok, text).code(code))
    }
}

/// The last line of a reply of 2xx; any other is an error.
async fn reply(peer: &mut Peer) -> Result<(u16, String), Verdict> {
    loop {
        let line = peer.line().await?;
        if line.is_empty() {
            return Err(ill(0, ""));
        }
        let code = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
        let (Some(code), rest) = (code.and_then(|code| code.parse().ok()), line.get(3..).unwrap_or(""))
        else {
            return Err(babble(line));
        };
        let text = rest.get(1..).unwrap_or("").to_owned();
        match rest.as_bytes().first() {
            Some(b'-') => {}
            None | Some(b' ') if (200..300).contains(&code) => return Ok((code, text)),
            None | Some(b' ') => return Err(ill(code, text)),
            Some(_) => return Err(babble(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
    use portero_conformance::{Check, health};

    use super::*;

    fn dialogue() -> Vec<Turn> {
        let hello = say("250-mail\r\n250 LAST\r\n");
        vec![say("220 mail\r\n"), Turn::Hear, hello, Turn::Hear, say("221 mail closing\r\n")]
    }

    #[test]
    fn it_keeps_to_the_hook() {
        health(&Check {
            plugin: &plugin(),
            bench: Bench::new("EHLO domain.tld"),
            well: dialogue(),
            passed: CheckStatus::L7Ok,
            listens: true,
        });
    }

    #[test]
    fn replies_decide() {
        for (greeting, verdict) in [
            ("I'm not a SMTP server\r\n", babble("I'm not a SMTP server")),
            ("421 Try again later\r\n", ill(421, "Try again later")),
            ("", ill(0, "")),
        ] {
            let health = Bench::default().health(&plugin()).expect("no arguments");
            assert_eq!(Net::talk([say(greeting)]).probe(&*health, &Farm::new(&[1]).servers[0]), verdict);
        }
    }

    #[test]
    fn the_hello_is_the_one_of_the_option() {
        for (args, said) in [("", "HELO localhost\r\nQUIT\r\n"), ("EHLO a.b", "EHLO a.b\r\nQUIT\r\n")] {
            let net = Net::talk(dialogue());
            let health = Bench::new(args).health(&plugin()).expect("good arguments");
            let verdict = net.probe(&*health, &Farm::new(&[1]).servers[0]);
            assert_eq!((verdict.code, verdict.reason.as_str()), (Some(221), "mail closing"));
            assert_eq!(net.heard(), said.as_bytes());
        }
        assert!(Bench::new("EHLO").health(&plugin()).is_err());
    }
}
