//! What the benches share: rules as text compiled, and a request to ask them with.

#![allow(dead_code, reason = "each bench uses its own part")]

use std::sync::Arc;

use portero_api::{Common, Conn, Directory, Exchange, Kind, ProxyState};
use portero_grammar::cfg::Settings;
use portero_grammar::rules::{self, Family, Rule, Statement};
use portero_grammar::{Diagnostics, Sources, Word};
use portero_policies::vocabulary::{Context, Files};
use portero_policies::{Compiler, Cond, Expr, RuleSet, Stage, Vocabulary};

/// Keys that are asked for in turn.
pub(crate) const ASKED: usize = 1 << 14;

/// Evaluations that are timed together: 100 such samples ask for every key.
pub(crate) const AT_ONCE: u32 = 200;

/// Numbers in no order, each once.
pub(crate) fn spread(i: usize) -> u32 {
    (i as u32).wrapping_mul(2_654_435_761)
}

/// What compiled rules share, and where their files come from.
pub(crate) struct World<F> {
    pub(crate) common: Arc<Common>,
    pub(crate) files: F,
}

/// No files.
pub(crate) struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("no such file".to_owned())
    }
}

impl<F: Files> World<F> {
    pub(crate) fn new(files: F) -> World<F> {
        World { common: Arc::default(), files }
    }

    /// An expression of a request.
    pub(crate) fn expr(&self, text: &str) -> Expr {
        let mut sources = Sources::default();
        let file = sources.add("bench", text);
        let word = Word::whole(text, file);
        let tree = rules::expr(&word).expect("the expression can be read");
        self.compile(&sources, |compiler| compiler.expr(&tree, Stage::Request)).expect("it compiles")
    }

    /// A condition of an `http-request` rule.
    pub(crate) fn condition(&self, text: &str) -> Cond {
        let (sources, rules) = parse(&format!("http-request deny if {text}\n"));
        let condition = rules[0].condition.as_ref().expect("it was written");
        self.compile(&sources, |compiler| compiler.condition(condition, Stage::Rule(Family::HttpRequest)))
            .expect("it compiles")
    }

    /// The `http-request` rules of a text.
    pub(crate) fn rules(&self, text: &str) -> RuleSet {
        let (sources, rules) = parse(text);
        self.compile(&sources, |compiler| compiler.rules(Family::HttpRequest, &rules))
    }

    /// What the compiler makes; mistakes end the bench with their message.
    fn compile<T>(&self, sources: &Sources, make: impl FnOnce(&Compiler<'_>) -> T) -> T {
        let (directory, vocabulary, mut found) =
            (Directory::default(), Vocabulary::new(&[]), Diagnostics::default());
        let context = Context {
            proxy: "bench",
            directory: &directory,
            common: &self.common,
            files: &self.files,
            here: None,
        };
        let made = make(&Compiler::new(&vocabulary, context, sources, &mut found));
        assert!(!found.has_errors(), "{}", found.render(sources, false));
        made
    }
}

fn parse(text: &str) -> (Sources, Vec<Rule>) {
    let mut sources = Sources::default();
    let file = sources.add("bench", text);
    let (statements, found) = rules::parse(&sources, file, &Settings::default());
    assert!(!found.has_errors(), "{}", found.render(&sources, false));
    let rule = |statement| match statement {
        Statement::Rule(rule) => rule,
        Statement::Acl(_) => panic!("no named ACLs here"),
    };
    (sources, statements.into_iter().map(rule).collect())
}

/// A request that a browser sends.
pub(crate) fn exchange() -> Exchange {
    let mut exchange = Exchange::new(Conn {
        src: "192.0.2.7:40000".parse().ok(),
        dst: "198.51.100.1:80".parse().ok(),
        listener_id: 1,
        requests: 1,
        ..Conn::of_nobody(Arc::new(ProxyState::new("bench", 1, Kind::Frontend, true)))
    });
    exchange.request.target = b"/shop/items/4711/page.html?lang=en&page=2".into();
    for (name, value) in [
        ("host", "www.example.org"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
        ("cookie", "theme=dark; session=0123456789abcdef; visits=12"),
        ("content-length", "1234"),
    ] {
        exchange.request.headers.add(name.as_bytes(), value.as_bytes());
    }
    exchange
}
