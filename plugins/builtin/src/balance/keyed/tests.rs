use std::net::SocketAddr;

use portero_api::{Balance, Plugin};
use portero_conformance::rig::{Bench, Farm, exchange};

/// What HAProxy 3.5 answered: `algorithm|hash-type|weights|servers`, a server for each of [`requests`].
const PLACEMENT: &str = include_str!("placement.txt");

/// The requests that were asked: (target, header `k` and part of the host, client).
fn requests() -> Vec<(String, String, String)> {
    let named = [
        ("foo", "10.0.0.1"),
        ("bar", "10.0.0.2"),
        ("hello", "192.168.7.9"),
        ("a", "1.2.3.4"),
        ("user42", "10.1.2.3"),
        ("12345", "172.16.0.77"),
        ("7", "[2001:db8::1]"),
        ("zz-top", "[2001:db8::2]"),
    ];
    let named = named.iter().enumerate();
    let named = named.map(|(i, (k, src))| (format!("/url{i}?u={k}&x=1"), k.to_string(), src.to_string()));
    let plain = (0..8).map(|i| (format!("/a/b/c/d{i}"), format!("k{i}"), format!("10.9.{i}.{}", i * 7)));
    named.chain(plain).collect()
}

fn plugin(name: &str) -> Plugin {
    crate::plugins().into_iter().find(|p| p.name == name).expect("a plugin of this crate")
}

fn balancer(algorithm: &str, hash_type: &str) -> Box<dyn Balance> {
    let words = algorithm.replacen("hdr(k)", "hdr k", usize::from(!algorithm.starts_with("hash")));
    let words = words.replace("hdr(host)", "hdr host");
    let (name, args) = words.split_once(' ').unwrap_or((&words, ""));
    let bench = match hash_type {
        "" => Bench::new(args),
        line => Bench::new(args).line(line),
    };
    bench.balancer(&plugin(name)).expect(algorithm)
}

#[test]
fn keys_are_placed_where_haproxy_places_them() {
    let mut compared = 0;
    for line in PLACEMENT.lines() {
        let [algorithm, hash_type, weights, servers] =
            line.split('|').collect::<Vec<_>>().try_into().expect(line);
        let numbers = |text: &str| -> Vec<u32> { text.split(',').map(|n| n.parse().expect(line)).collect() };
        let (farm, balancer) = (Farm::new(&numbers(weights)), balancer(algorithm, hash_type));
        for ((target, k, src), expected) in requests().iter().zip(numbers(servers)) {
            let mut exchange = exchange(target);
            exchange.request.headers.set(b"Host", format!("www{k}.example.com").as_bytes());
            exchange.request.headers.add(b"k", k.as_bytes());
            exchange.conn.src = Some(format!("{src}:1").parse::<SocketAddr>().expect("an address"));
            let pick = farm.pick(&*balancer, &exchange, &[]);
            assert_eq!(pick, Some(expected as usize - 1), "{line}: {target} {k} {src}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "only {compared} placements were compared");
}
