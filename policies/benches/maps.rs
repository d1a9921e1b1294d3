//! Look-ups in maps of 10, 1,000 and 1,000,000 entries through whole expressions, changes, and loading.
//!
//! `cargo bench -p portero-policies --bench maps`. Each look-up asks for another key, so that large maps pay for the
//! cache lines that traffic would make them pay for.

use std::sync::Arc;

use divan::{Bencher, black_box};
use portero_api::{Common, Exchange};
use portero_policies::Expr;
use portero_policies::maps::{self, Which};
use portero_policies::vocabulary::Files;

use world::{ASKED, AT_ONCE, World, exchange, spread};

mod world;

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

fn key(kind: &str, i: u32) -> String {
    match kind {
        "ip" => std::net::Ipv4Addr::from(i).to_string() + "/32",
        "net" => format!("{}/24", std::net::Ipv4Addr::from(i << 8)),
        "int" => i.to_string(),
        "beg" => format!("/{:x}/", i.rotate_left(8)),
        "path" => format!("/{i:x}/{}", &LONG[..(i >> 8) as usize % LONG.len()]),
        "reg" => format!("^/{i}/[a-z]+$"),
        "dir" => format!("dir{i}"),
        "dom" => format!("host{i}.example"),
        _ => format!("/host{i}.example.org"),
    }
}

/// What paths go on with, some more and some less.
const LONG: &str =
    "shop/women/shoes/trainers/running/road/summer-sale-of-the-year/page/article-with-a-long-name";

/// What is looked up to find a key.
fn asked(kind: &str, i: u32) -> String {
    match kind {
        "ip" | "int" => key(kind, i).trim_end_matches("/32").to_owned(),
        "net" => std::net::Ipv4Addr::from(i << 8 | 7).to_string(),
        "beg" | "path" => key(kind, i) + "some/page.html",
        "reg" => format!("/{i}/page"),
        "dir" => format!("/a/dir{i}/page.html"),
        "dom" => format!("www.{}.org", key(kind, i)),
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
    common: Arc<Common>,
}

impl Look {
    fn new(converter: &str, kind: &str, count: usize) -> Look {
        let world = World::new(Made);
        let expr = world.expr(&format!("url,{converter}({kind}-{count})"));
        let asked = (0..ASKED).map(|i| asked(kind, spread(i.wrapping_mul(7919) % count)).into_bytes());
        Look { expr, exchange: exchange(), asked: asked.collect(), common: world.common }
    }

    fn bench(mut self, bencher: Bencher<'_, '_>) {
        self.exchange.request.target = self.asked[0].as_slice().into();
        assert!(self.expr.get(&self.exchange).is_some(), "a key is not found");
        let mut at = 0;
        bencher.bench_local(|| {
            at = (at + 1) % ASKED;
            self.exchange.request.target.clear();
            self.exchange.request.target.extend_from_slice(&self.asked[at]);
            black_box(self.expr.get(&self.exchange).is_some())
        });
    }
}

const SIZES: [usize; 3] = [10, 1_000, 1_000_000];
const MORE_SIZES: [usize; 5] = [10, 1_000, 10_000, 100_000, 1_000_000];

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn str(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map", "str", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn beg(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_beg", "beg", count).bench(bencher);
}

/// Prefixes of a hundred lengths.
#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn beg_long(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_beg", "path", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn end(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_end", "end", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn dir(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_dir", "dir", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn dom(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_dom", "dom", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn ip(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_ip", "ip", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn net(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_ip", "net", count).bench(bencher);
}

#[divan::bench(args = SIZES, sample_size = AT_ONCE)]
fn int(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_int", "int", count).bench(bencher);
}

#[divan::bench(args = MORE_SIZES, sample_size = AT_ONCE)]
fn sub(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_sub", "sub", count).bench(bencher);
}

#[divan::bench(args = [10, 1_000, 10_000, 100_000], sample_size = AT_ONCE)]
fn reg(bencher: Bencher<'_, '_>, count: usize) {
    Look::new("map_reg", "reg", count).bench(bencher);
}

/// A change of a value in a map that is asked for prefixes.
#[divan::bench(args = SIZES)]
fn change(bencher: Bencher<'_, '_>, count: usize) {
    change_of("beg", count, bencher);
}

#[divan::bench(args = MORE_SIZES, sample_count = 50)]
fn change_sub(bencher: Bencher<'_, '_>, count: usize) {
    change_of("sub", count, bencher);
}

fn change_of(kind: &str, count: usize, bencher: Bencher<'_, '_>) {
    let look = Look::new(&format!("map_{kind}"), kind, count);
    let list = maps::store(&look.common).current().find(&format!("{kind}-{count}")).expect("it was named");
    let mut at = 0;
    bencher.bench_local(|| {
        at += 1;
        let key = key(kind, spread(at % count));
        list.set(Which::Key(key.as_bytes()), at.to_string().as_bytes()).expect("it is there");
    });
}

#[divan::bench(args = ["map", "map_beg", "map_ip", "map_sub"], sample_count = 3, sample_size = 1)]
fn load_a_million(bencher: Bencher<'_, '_>, converter: &str) {
    let kind = converter.strip_prefix("map_").unwrap_or("str");
    bencher.bench_local(|| Look::new(converter, kind, 1_000_000).common);
}

fn main() {
    divan::main();
}
