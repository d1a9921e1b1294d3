//! The same rule and the same request give the same answer in portero and in HAProxy.
//!
//! Rules and requests are made at random from the words that Debian's HAProxy knows too. Both programs run the same file of
//! a hundred rules; a request names the rule that is to answer it. `AGREE_SEED=n` repeats a run, `AGREE_BATCHES=n` makes a
//! longer one, `HAPROXY=path` takes another HAProxy.

mod conditions;
mod expressions;
mod requests;
mod rules;

use std::fmt::Write;
use std::path::Path;

use fastrand::Rng;
use portero_tests::{Proxy, Response};

use requests::Request;
use rules::Rule;

const BATCHES: u64 = 50;
const RULES: usize = 100;
/// Requests to each rule: 10,000 pairs in all.
const REQUESTS: usize = 2;

#[test]
fn rules_answer_as_those_of_haproxy_do() {
    let seed = number("AGREE_SEED").unwrap_or(0x5eed);
    let batches = number("AGREE_BATCHES").unwrap_or(BATCHES);
    let mut differences = String::new();
    let mut pairs = 0;
    for batch in 0..batches {
        let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(batch));
        pairs += compare(&mut rng, &mut differences);
    }
    let count = differences.matches("\nrule ").count();
    assert!(differences.is_empty(), "seed {seed}: {count} of {pairs} pairs differ{differences}");
    assert_eq!(pairs as u64, batches * (RULES * REQUESTS) as u64);
}

/// Runs one batch and writes down what differs. How many pairs there were.
fn compare(rng: &mut Rng, differences: &mut String) -> usize {
    let rules: Vec<_> = (0..RULES).map(|number| Rule::random(number, rng)).collect();
    let config = config(&rules);
    let (ours, theirs) = (Proxy::with(&config).start(), Proxy::with(&config).program(haproxy()).start());
    let mut pairs = 0;
    for rule in &rules {
        for _ in 0..REQUESTS {
            let request = Request::random(rng).to_rule(rule.number);
            let ask = |proxy: &Proxy| shown(&proxy.connect().send(&request).response());
            let (we, they) = (ask(&ours), ask(&theirs));
            pairs += 1;
            if we != they {
                let text = rule.text.trim_end();
                let request = request.escape_debug();
                let _ = write!(
                    differences,
                    "\nrule {text}\n  of {request}\n  portero {we:?}\n  haproxy {they:?}"
                );
            }
        }
    }
    pairs
}

fn config(rules: &[Rule]) -> String {
    let mut config = String::from(
        "global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind ${front}
    http-request set-var(txn.rule) req.hdr(x-rule)
    http-request del-header x-rule
    http-request set-var(txn.text) str(\"a text\")
    http-request set-var(txn.number) int(42)\n",
    );
    for rule in rules {
        config.push_str(&rule.text);
    }
    config
}

/// What of a response must be the same; error pages are each program's own.
fn shown(response: &Response) -> (u16, String, String) {
    let location = response.header("location").unwrap_or_default().to_owned();
    let body =
        if response.status() == 200 { response.body.escape_ascii().to_string() } else { String::new() };
    (response.status(), location, body)
}

/// The HAProxy to compare with. Debian's is in a folder that only root has in its path.
fn haproxy() -> String {
    const DEBIAN: &str = "/usr/sbin/haproxy";
    let usual = || if Path::new(DEBIAN).exists() { DEBIAN } else { "haproxy" };
    std::env::var("HAPROXY").unwrap_or_else(|_| usual().to_owned())
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
