//! `balance hdr(name)`: a header value keeps its server.

use portero_api::{BadArg, Exchange, Plugin, Setup};

use super::keyed::{Hasher, Key, Keyed};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("hdr", "by the value of a request header")
        .balance(|setup| Keyed::new(Header::read(setup)?, setup, "hdr"))
}

/// The last value of the header, or the main part of the domain in it.
struct Header {
    name: Box<[u8]>,
    domain: bool,
}

impl Header {
    fn read(setup: &Setup<'_>) -> Result<Header, BadArg> {
        let Some((name, rest)) = setup.args.split_first().filter(|(name, _)| !name.is_empty()) else {
            return Err(BadArg::new("'hdr' needs the name of a header: 'hdr(Host)'"));
        };
        let domain = match rest {
            [] => false,
            [word] if word == "use_domain_only" => true,
            [word, ..] => {
                let message = format!("'{word}': only 'use_domain_only' can follow the name of the header");
                return Err(BadArg::at(1, message));
            }
        };
        Ok(Header { name: name.as_bytes().into(), domain })
    }
}

impl Key for Header {
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32> {
        let value = exchange.request.headers.members(&self.name).last()?;
        Some(hasher.bytes(if self.domain { main_part(value) } else { value }))
    }
}

/// The part of a domain before its last dot: `1wt` of `haproxy.1wt.eu:80`.
fn main_part(host: &[u8]) -> &[u8] {
    let host = host.split(|&b| b == b':').next().unwrap_or(host);
    host.rsplit(|&b| b == b'.').nth(1).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        balance(&Balancer { plugin: &plugin(), args: "Host", lines: &[], live: false });
        balance(&Balancer { plugin: &plugin(), args: "X-None", lines: &[], live: false });
    }

    #[test]
    fn the_main_part_of_a_domain() {
        for (host, part) in [("haproxy.1wt.eu", "1wt"), ("a.b:80", "a"), ("localhost", "localhost")] {
            assert_eq!(main_part(host.as_bytes()), part.as_bytes());
        }
    }

    #[test]
    fn hosts_of_one_domain_share_a_server() {
        let farm = Farm::new(&[1; 16]);
        let balancer = Bench::new("host use_domain_only").balancer(&plugin()).expect("good arguments");
        let mut picks: Vec<_> = (0..40)
            .map(|i| {
                let mut exchange = exchange("/");
                exchange.request.headers.set(b"Host", format!("w{i}.example.com").as_bytes());
                farm.pick(&*balancer, &exchange, &[])
            })
            .collect();
        picks.dedup();
        assert_eq!(picks.len(), 1);
    }

    #[test]
    fn bad_arguments_are_refused() {
        for (args, at) in [("", None), ("host whole", Some(1))] {
            assert_eq!(Bench::new(args).balancer(&plugin()).err().expect(args).arg, at);
        }
    }
}
