//! The step `connect`: where to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use portero_api::{Address, BadArg, Exchange, Expression, Sample, Target};

use super::words::Words;

/// A new connection, to the server's check address where nothing else is said.
#[derive(Default)]
pub(super) struct Connect {
    port: Option<Port>,
    ip: Option<IpAddr>,
}

enum Port {
    Number(u16),
    Expression(Box<dyn Expression>),
}

impl Connect {
    /// Reads the words behind `connect`; the second value is the comment.
    pub(super) fn parse(words: &mut Words<'_>) -> Result<(Connect, Option<String>), BadArg> {
        let (mut connect, mut comment) = (Connect::default(), None);
        while let Some(word) = words.next() {
            match word {
                // Our connections are always closed in order, and the server's own options are where we start from.
                "default" | "linger" => {}
                "comment" => comment = Some(words.value()?.to_owned()),
                "port" => connect.port = Some(Port::parse(words)?),
                "addr" => connect.address(words)?,
                "send-proxy" | "via-socks4" | "ssl" | "sni" | "alpn" | "proto" => {
                    return Err(words.bad(format!("'{word}' is not supported in checks")));
                }
                _ => return Err(words.unknown("'default', 'port', 'addr', 'linger' and 'comment'")),
            }
        }
        Ok((connect, comment))
    }

    fn address(&mut self, words: &mut Words<'_>) -> Result<(), BadArg> {
        let text = words.value()?;
        let bare = text.strip_prefix("ipv4@").or(text.strip_prefix("ipv6@")).unwrap_or(text);
        if let Ok(address) = bare.parse::<SocketAddr>() {
            self.ip = Some(address.ip());
            self.port.get_or_insert(Port::Number(address.port()));
        } else if let Ok(ip) = bare.trim_end_matches(':').trim_matches(['[', ']']).parse::<IpAddr>() {
            self.ip = Some(ip);
        } else {
            return Err(words.bad(format!("'{text}' is no IP address")));
        }
        Ok(())
    }

    /// Where this probe connects to.
    pub(super) fn target(&self, server: &Target, view: &Exchange) -> Target {
        let mut target = server.clone();
        let port = self.port.as_ref().and_then(|port| port.value(view));
        let known = match &target.address {
            Address::Ip(address) => Some(*address),
            _ => self.ip.map(|ip| SocketAddr::new(ip, 0)),
        };
        if let (Some(mut address), true) = (known, self.ip.is_some() || port.is_some()) {
            address.set_ip(self.ip.unwrap_or(address.ip()));
            address.set_port(port.unwrap_or(address.port()));
            target.address = Address::Ip(address);
        }
        target
    }
}

impl Port {
    fn parse(words: &mut Words<'_>) -> Result<Port, BadArg> {
        let digits = words.peek().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit()));
        if !digits {
            return words.expression().map(Port::Expression);
        }
        let text = words.value()?;
        match text.parse() {
            Ok(port) if port > 0 => Ok(Port::Number(port)),
            _ => Err(words.bad(format!("'{text}' is no port: 1 to 65535 are"))),
        }
    }

    fn value(&self, view: &Exchange) -> Option<u16> {
        match self {
            Port::Number(port) => Some(*port),
            Port::Expression(expression) => match expression.value(view).ok().flatten()? {
                Sample::Int(port) => u16::try_from(port).ok(),
                Sample::Str(text) => std::str::from_utf8(&text).ok()?.parse().ok(),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.port {
            Some(Port::Number(port)) => write!(f, "connect port {port}"),
            Some(Port::Expression(_)) => f.write_str("connect port (expression)"),
            None => f.write_str("connect"),
        }
    }
}
