//! No bytes make the grammars panic. Bounded and seeded; `fuzz/` does the same without a bound.

use std::fs;
use std::path::Path;

use portero_grammar::cfg::{self, Settings};
use portero_grammar::{Sources, Span, Word, rules};

/// Pieces that mean something to a grammar, so that chance finds the interesting places.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "\\",
    "\\x4",
    "\\xff",
    "\\x00",
    "${",
    "${A",
    "${A[*]}",
    "${A-",
    "}",
    "$",
    "#",
    "\r",
    "\0",
    "\n",
    " ",
    "\t",
    "{",
    " { ",
    " } ",
    "(",
    ")",
    "!",
    "!(",
    " or ",
    "||",
    "&&",
    " if ",
    " unless ",
    ",",
    "%",
    "%[",
    "]",
    "%{",
    "%{+Q}o",
    "%(",
    "%%",
    ".if ",
    ".elif",
    ".else\n",
    ".endif\n",
    "acl a ",
    "http-request ",
    "tcp-request content ",
    "set-var(",
    "hdr(",
    "str(\"",
    "-m ",
    "-f ",
    "--",
    "é",
    "🦀",
    "\u{feff}",
    "defined(",
    "streq(",
    "version_atleast(",
    "1",
    "global\n",
    "setenv A ",
];

/// A small generator of numbers (xorshift), so that a failure can be run again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn text(&mut self) -> Vec<u8> {
        (0..self.below(24)).flat_map(|_| self.piece()).collect()
    }

    fn piece(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 => vec![self.below(256) as u8],
            _ => PIECES[self.below(PIECES.len())].as_bytes().to_vec(),
        }
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let end = (at + self.below(8)).min(text.len());
        let piece = if self.below(3) == 0 { Vec::new() } else { self.piece() };
        text.splice(at..end, piece);
    }
}

/// Reads the bytes in every way there is, and shows what is said of them.
fn read(bytes: Vec<u8>) {
    let mut sources = Sources::default();
    let (file, _) = cfg::add_bytes(&mut sources, "a", bytes);
    let text = sources.text(file).to_owned();
    let mut env = Settings::default();
    env.vars.insert("A".into(), "x  é y".into());
    cfg::parse(&sources, &[file], &mut env).diagnostics.render(&sources, false);
    rules::parse(&sources, file, &env).1.render(&sources, false);
    let word = Word::whole(text.as_str(), file);
    let errors = [
        rules::expr(&word).err(),
        rules::log_format(&word).err(),
        rules::condition(std::slice::from_ref(&word)).err(),
    ];
    errors.into_iter().flatten().flatten().for_each(|error| drop(error.render(&sources, false)));
    if let Err(error) = cfg::condition(&mut sources, &text, &env) {
        error.render(&sources, false);
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folders = ["cfg/ok", "cfg/err", "rules/ok", "rules/err", "format/ok", "format/err"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).expect("a folder"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let cases = paths.filter(|path| path.extension().is_some_and(|e| e != "expected"));
    let mut texts: Vec<Vec<u8>> = cases.map(|path| fs::read(path).expect("a text")).collect();
    texts.sort();
    texts
}

#[test]
fn random_pieces_do_not_panic() {
    for seed in 1..3000u64 {
        let text = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).text();
        read(text);
    }
}

#[test]
fn changed_cases_do_not_panic() {
    for (number, case) in corpus().into_iter().enumerate().filter(|(_, case)| case.len() < 1000) {
        let mut chance = Chance(number as u64 + 77);
        for _ in 0..12 {
            let mut text = case.clone();
            (0..=chance.below(4)).for_each(|_| chance.mutate(&mut text));
            read(text);
        }
    }
}

#[test]
fn very_long_lines_are_read() {
    for piece in
        ["a ", "\"x\" ", "\\ ", "( ", "! ", "{ } ", "a,", "a(", "%[a]", "'", "${A}", "{ path a } or "]
    {
        let many = piece.repeat(3_000);
        let mut sources = Sources::default();
        let file = sources.add("a", format!("http-request deny if {many}\n"));
        rules::parse(&sources, file, &Settings::default());
        let word = Word::plain(many.as_str(), Span { file, start: 0, end: 1 });
        _ = (rules::expr(&word).is_ok(), rules::log_format(&word).is_ok());
        _ = cfg::condition(&mut sources, &many, &Settings::default()).is_ok();
    }
}
