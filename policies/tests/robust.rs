//! Broken rules give messages, never a panic: lines of all kinds with words and bytes swapped, doubled and left out.

mod common;

use common::World;

const LINES: &[&str] = &[
    "http-request set-header X-A \"%{+Q,-X}[req.hdr(host),lower,field(1,.)] %(a:sint)ST %ci\" if { src 10.0.0.0/8 ::1 }",
    "http-request deny deny_status 429 content-type text/plain lf-string \"%[path,url_dec]\" hdr a %[src] unless a !b or c",
    "http-request redirect prefix http://h code 301 drop-query append-slash set-cookie A=b if { path_reg -i ^/a{2,3}[[x]$ }",
    "http-request replace-value X-F ^192\\.168\\.(.*)$ 172.16.\\1 if { hdr_dom(host) -m dom -i a.b. } { dst_port 1:80 gt 5 }",
    "http-request set-var(txn.a,ifset,ifgt) int(5),add(-1),mul(3) if { req.hdr(x),word(1,:) -m bin 6162 }",
    "http-response set-status 503 reason \"Slow Down\" if { status 200:299 } || { res.hdr(x) -m found }",
    "tcp-request content capture req.payload(0,10),hex len 20 if WAIT_END { req.len gt 0 } ( TRUE or FALSE ) METH_GET",
    "use_backend b_%[req.hdr(host),regsub(:\\d+$,,)] if { base_sub -f missing.lst -M -n -u 7 -- -i x }",
    "acl a path_beg -i /api /v2 /v%c3 \\x00",
    "http-request normalize-uri percent-decode-unreserved strict",
    "http-request wait-for-body time 1s at-least 1k",
];

/// A small generator (Knuth's linear congruence): the cases are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn mutated(random: &mut Random) -> String {
    let line = LINES[random.below(LINES.len())];
    let other: Vec<&str> = LINES[random.below(LINES.len())].split(' ').collect();
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(words.len());
        match random.below(5) {
            0 => words[at] = other[random.below(other.len())].to_owned(),
            1 => drop(words.remove(at)),
            2 => words.insert(at, other[random.below(other.len())].to_owned()),
            3 => {
                let mut chars: Vec<char> = words[at].chars().collect();
                let signs =
                    ['(', ')', ',', '%', '[', ']', '{', '}', '\\', '"', '\'', '-', ':', '0', '\u{e9}', ' '];
                chars.insert(random.below(chars.len() + 1), signs[random.below(signs.len())]);
                words[at] = chars.into_iter().collect();
            }
            _ => {
                let mut chars: Vec<char> = words[at].chars().collect();
                chars.truncate(random.below(chars.len() + 1));
                words[at] = chars.into_iter().collect();
            }
        }
        if words.is_empty() {
            words.push("acl".to_owned());
        }
    }
    words.join(" ")
}

#[test]
fn broken_rules_give_messages_and_never_a_panic() {
    let mut random = Random(20_261_121);
    let world = World::default();
    let mut faulty = 0;
    for _ in 0..1_500 {
        faulty += usize::from(world.check(&mutated(&mut random)).contains("error"));
    }
    assert!(faulty > 500, "only {faulty} of the cases were faulty: they test nothing");
}
