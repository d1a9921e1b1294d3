//! `balance uri`: an address of the web keeps its server.

use portero_api::{BadArg, Exchange, Plugin, Setup};

use super::keyed::{Hasher, Key, Keyed};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("uri", "by the request's URI").balance(|setup| Keyed::new(Uri::read(setup)?, setup, "uri"))
}

/// Which part of the URI counts.
#[derive(Clone, Copy, Debug, Default)]
struct Uri {
    /// The query as well.
    whole: bool,
    /// From the first slash of the path on: not scheme and authority.
    path_only: bool,
    /// So many bytes at the most.
    len: Option<usize>,
    /// So many slashes at the most.
    depth: Option<usize>,
}

impl Uri {
    fn read(setup: &Setup<'_>) -> Result<Uri, BadArg> {
        let mut uri = Uri::default();
        let mut words = setup.args.iter().enumerate();
        while let Some((at, word)) = words.next() {
            match word.as_str() {
                "whole" => uri.whole = true,
                "path-only" => uri.path_only = true,
                "len" => uri.len = Some(number(at, word, words.next())?),
                "depth" => uri.depth = Some(number(at, word, words.next())?),
                _ => {
                    let known = "'whole', 'path-only', 'len' and 'depth' are";
                    return Err(BadArg::at(at, format!("'{word}' is no part of a URI: {known}")));
                }
            }
        }
        Ok(uri)
    }

    fn part<'a>(&self, exchange: &'a Exchange) -> &'a [u8] {
        let request = &exchange.request;
        let mut uri = if self.path_only { request.path_and_query() } else { &request.target[..] };
        if !self.whole {
            uri = uri.split(|&b| b == b'?').next().unwrap_or(uri);
        }
        if let Some(len) = self.len {
            uri = &uri[..len.min(uri.len())];
        }
        if let Some(depth) = self.depth {
            let slashes = uri.iter().enumerate().filter(|(_, b)| **b == b'/');
            let end = slashes.map(|(at, _)| at).nth(depth);
            uri = &uri[..end.unwrap_or(uri.len())];
        }
        uri
    }
}

fn number(at: usize, name: &str, value: Option<(usize, &String)>) -> Result<usize, BadArg> {
    let Some((place, value)) = value else {
        return Err(BadArg::at(at, format!("'{name}' needs a number")));
    };
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(BadArg::at(place, format!("'{value}' is no '{name}': 1 or more is"))),
    }
}

impl Key for Uri {
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32> {
        let uri = self.part(exchange);
        (!uri.is_empty()).then(|| hasher.bytes(uri))
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        balance(&Balancer { plugin: &plugin(), args: "", lines: &[], live: false });
        balance(&Balancer { plugin: &plugin(), args: "whole", lines: &["hash-type consistent"], live: true });
    }

    #[test]
    fn each_option_cuts_the_uri_its_way() {
        for (args, part) in [
            ("", "http://h/a/b/c"),
            ("whole", "http://h/a/b/c?q=/1"),
            ("path-only", "/a/b/c"),
            ("path-only whole", "/a/b/c?q=/1"),
            ("path-only len 3", "/a/"),
            ("path-only depth 2", "/a/b"),
            ("path-only len 3 depth 9", "/a/"),
        ] {
            let bench = Bench::new(args);
            let uri = Uri::read(&bench.setup()).expect(args);
            assert_eq!(uri.part(&exchange("http://h/a/b/c?q=/1")), part.as_bytes(), "{args}");
        }
    }

    #[test]
    fn bad_arguments_are_refused() {
        for (args, at) in [("query", 0), ("len", 0), ("whole len 0", 2), ("depth x", 1)] {
            let error = Bench::new(args).balancer(&plugin()).err().expect(args);
            assert_eq!(error.arg, Some(at), "{args}");
        }
    }

    #[test]
    fn a_full_server_is_waited_for_unless_affinity_says_otherwise() {
        let farm = Farm::new(&[1, 1]);
        let pick = |bench: Bench| {
            farm.pick(&*bench.balancer(&plugin()).expect("good"), &exchange("/a"), &[]).expect("one")
        };
        let home = pick(Bench::default());
        farm.fill(home);
        assert_eq!(pick(Bench::default()), home);
        assert_eq!(pick(Bench::default().line("hash-preserve-affinity maxconn")), 1 - home);
        farm.fill(1 - home);
        assert_eq!(pick(Bench::default().line("hash-preserve-affinity maxconn")), home);
    }

    #[test]
    fn a_loaded_server_is_left_when_the_factor_says_so() {
        let farm = Farm::new(&[1, 1]);
        let bench = Bench::default().line("hash-type consistent").line("hash-balance-factor 150");
        let balancer = bench.balancer(&plugin()).expect("good");
        let home = farm.pick(&*balancer, &exchange("/a"), &[]).expect("one");
        (0..4).for_each(|_| _ = farm.servers[home].try_enter());
        assert_eq!(farm.pick(&*balancer, &exchange("/a"), &[]), Some(1 - home));
    }

    #[test]
    fn on_a_ring_only_the_keys_of_a_lost_server_move() {
        let farm = Farm::new(&[1; 5]);
        let balancer =
            Bench::default().line("hash-type consistent").balancer(&plugin()).expect("good arguments");
        let homes = || -> Vec<_> {
            (0..500).map(|i| farm.pick(&*balancer, &exchange(&format!("/{i}")), &[])).collect()
        };
        let before = homes();
        farm.servers[2].set_oper(portero_api::Oper::Down);
        let moved = before.iter().zip(homes()).filter(|&(&b, a)| b != a && b != Some(2)).count();
        assert_eq!(moved, 0);
    }
}
