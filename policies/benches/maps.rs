//! Look-ups in maps of 10, 1,000 and 1,000,000 entries through whole expressions, changes, and loading.
//!
//! `cargo bench -p portero-policies --bench maps`. Each look-up asks for another key, so that large maps pay for the
//! cache lines that traffic would make them pay for.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use divan::{Bencher, black_box};
use portero_api::{Common, Conn, Directory, Exchange, Kind, ProxyState, Transport, Vars};
use portero_grammar::{Diagnostics, Sources, Span, Word, rules};
use portero_policies::maps::{self, Which};
use portero_policies::vocabulary::{Context, Files};
use portero_policies::{Compiler, Expr, Stage, Vocabulary};

/// Keys that are asked for in turn.
const ASKED: usize = 1 << 14;

/// A map that is made on the spot: its name says how many entries of what kind.
struct Made;

impl Files for Made {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let (kind, count) = path.split_once('-').ok_or("kind-count")?;
        let count: usize = count.parse().map_err(|_| "a count")?;
        let line = |i: usize| format!("{} value{i}\n", key(kind, spread(i)));
        Ok((0..count).map(line).collect::<String>().into_bytes())
    }
}

/// Numbers in no order, each once.
fn spread(i: usize) -> u32 {
    (i as u32).wrapping_mul(2_654_435_761)
}

fn key(kind: &str, i: u32) -> String {
    match kind {
        "ip" => std::net::Ipv4Addr::from(i).to_string() + "/32",
        "net" => format!("{}/24", std::net::Ipv4Addr::from(i << 8)),
        "int" => i.to_string(),
        "beg" => format!("/{:x}/", i.rotate_left(8)),
        "reg" => format!("^/{i}/[a-z]+$"),
        "dir" => format!("dir{i}"),
        _ => format!("/host{i}.example.org"),
    }
}

/// What is looked up to find a key.
fn asked(kind: &str, i: u32) -> String {
    match kind {
        "ip" | "int" => key(kind, i).trim_end_matches("/32").to_owned(),
        "net" => std::net::Ipv4Addr::from(i << 8 | 7).to_string(),
        "beg" => key(kind, i) + "some/page.html",
        "reg" => format!("/{i}/page"),
        "dir" => format!("/a/dir{i}/page.html"),
        "end" => format!("/www{}", key(kind, i)),
        "sub" => format!("/a{}/b", key(kind, i)),
        _ => key(kind, i),
    }
}

/// An expression that looks into a map, and requests to ask it with.
struct Look {
    expr: Expr,
    exchange: Exchange,
    asked: Vec<Vec<u8>>,
    common: Common,
}

impl Look {
    fn new(converter: &str, kind: &str, count: usize) -> Look {
        let text = format!("url,{converter}({kind}-{count})");
        let mut sources = Sources::default();
        let file = sources.add("bench", &*text);
        let word = Word::plain(&*text, Span { file, start: 0, end: text.len() as u32 });
        let tree = rules::expr(&word).expect("the expression can be read");
        let (common, directory, vocabulary) = (Common::default(), Directory::default(), Vocabulary::new(&[]));
        let context = Context { proxy: "bench", directory: &directory, common: &common, files: &Made };
        let mut found = Diagnostics::default();
        let expr = Compiler::new(&vocabulary, context, &sources, &mut found).expr(&tree, Stage::Request);
        let expr = expr.unwrap_or_else(|| panic!("{}", found.render(&sources, false)));
        let asked = (0..ASKED).map(|i| asked(kind, spread(i.wrapping_mul(7919) % count)).into_bytes());
        Look { expr, exchange: exchange(), asked: asked.collect(), common }
    }

    fn bench(mut self, bencher: Bencher<'_, '_>) {
        let mut at = 0;
        bencher.bench_local(|| {
            at = (at + 1) % ASKED;
            self.exchange.request.target.clear();
            self.exchange.request.target.extend_from_slice(&self.asked[at]);
            black_box(self.expr.get(&self.exchange).is_some())
        });
    }
}

fn exchange() -> Exchange {
    Exchange::new(Conn {
        frontend: Arc::new(ProxyState::new("bench", 1, Kind::Frontend, true)),
        src: None,
        dst: None,
        peer: None,
        local: None,
        listener: Rc::from(""),
        listener_id: 1,
        transport: Transport::Tcp,
        vars: Vars::default(),
        accepted_at: SystemTime::now(),
        accepted: Instant::now(),
        requests: 1,
        trackers: Default::default(),
    })
}

const SIZES: [usize; 3] = [10, 1_000, 1_000_000];

#[divan::bench(args = SIZES)]
fn str(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map", "str", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn beg(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_beg", "beg", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn end(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_end", "end", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn dir(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_dir", "dir", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn ip(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_ip", "ip", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn net(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_ip", "net", count).bench(bencher);
}

#[divan::bench(args = SIZES)]
fn int(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_int", "int", count).bench(bencher);
}

#[divan::bench(args = [10, 1_000])]
fn sub(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_sub", "sub", count).bench(bencher);
}

#[divan::bench(args = [10, 1_000])]
fn reg(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_reg", "reg", count).bench(bencher);
}

/// A change of a value, and of one that is prefix-matched as well.
#[divan::bench(args = SIZES)]
fn change(bencher: Bencher<'_, '_>, count: usize) {
    let look = Look::new("map_beg", "beg", count);
    let list = maps::store(&look.common).current().find(&format!("beg-{count}")).expect("it was named");
    let mut at = 0;
    bencher.bench_local(|| {
        at += 1;
        let key = key("beg", spread(at % count));
        list.set(Which::Key(key.as_bytes()), at.to_string().as_bytes()).expect("it is there");
    });
}

#[divan::bench(args = ["map", "map_beg", "map_ip"], sample_count = 3, sample_size = 1)]
fn load_a_million(bencher: Bencher<'_, '_>, converter: &str) {
    let kind = converter.strip_prefix("map_").unwrap_or("str");
    bencher.bench_local(|| Look::new(converter, kind, 1_000_000).common);
}

fn main() {
    divan::main();
}
