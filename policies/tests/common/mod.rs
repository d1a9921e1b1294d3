//! A world for the tests: rules as text, an exchange as text, what came out.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use portero_api::tables::{Column, Data, KeyType, Limits, Schema, ServerName};
use portero_api::{
    Answer, Common, Conn, Directory, Exchange, Kind, Message, Method, Plugin, ProxyState, Reply, Version,
};
use portero_grammar::cfg::{Environment, Version as CfgVersion};
use portero_grammar::rules::{Acl, Family, Rule, Statement};
use portero_grammar::{Diagnostics, Sources, Word};
use portero_policies::tables::StickTable;
use portero_policies::users::Userlist;
use portero_policies::vocabulary::{Context, Files};
use portero_policies::{Compiler, Escape, Run, Stage, Vocabulary, errorfile};

pub(crate) struct World {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) userlists: BTreeMap<String, Arc<Userlist>>,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) directory: Directory,
    pub(crate) common: Arc<Common>,
}

impl Default for World {
    fn default() -> Self {
        let directory = Directory::default();
        directory.insert(Arc::new(ProxyState::new("web", 1, Kind::Listen, true)));
        let (files, userlists) = (BTreeMap::new(), BTreeMap::new());
        World { files, userlists, plugins: Vec::new(), directory, common: Arc::default() }
    }
}

impl Files for World {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| "no such file".to_owned())
    }

    fn error_page(&self, section: &str, status: u16) -> Result<Option<Message>, String> {
        match section {
            "site" => Ok(self.files.get(&status.to_string()).and_then(|raw| errorfile(raw.as_bytes()).ok())),
            _ => Err(format!("unknown http-errors section '{section}'")),
        }
    }

    fn userlist(&self, name: &str) -> Result<Arc<Userlist>, String> {
        self.userlists.get(name).cloned().ok_or_else(|| format!("there is no userlist '{name}'"))
    }
}

struct NoEnvironment;

impl Environment for NoEnvironment {
    fn var(&self, _: &str) -> Option<String> {
        None
    }
    fn vars(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
    fn version(&self) -> CfgVersion {
        CfgVersion::parse("3.5.0").expect("it is a version")
    }
    fn feature(&self, _: &str) -> bool {
        false
    }
    fn enabled(&self, _: &str) -> bool {
        false
    }
}

/// What the lines say, in the order of their families.
struct Parsed {
    sources: Sources,
    acls: Vec<Acl>,
    rules: Vec<Rule>,
    found: Diagnostics,
}

fn parse(lines: &str) -> Parsed {
    let mut sources = Sources::default();
    let file = sources.add("test.cfg", lines);
    let (statements, found) = portero_grammar::rules::parse(&sources, file, &NoEnvironment);
    let (mut acls, mut rules) = (Vec::new(), Vec::new());
    for statement in statements {
        match statement {
            Statement::Acl(acl) => acls.push(acl),
            Statement::Rule(rule) => rules.push(rule),
        }
    }
    Parsed { sources, acls, rules, found }
}

/// What evaluation did.
pub(crate) struct Outcome {
    pub(crate) exchange: Exchange,
    /// How the last rule set that ran ended.
    pub(crate) run: Run,
    /// The target that `use_backend` rules gave.
    pub(crate) backend: Option<String>,
}

impl Outcome {
    /// `deny 403`, `reply 200`, `close`, `wait data`, `stop`, `-`: what the rules asked of the road.
    pub(crate) fn verdict(&self) -> String {
        match &self.run {
            Run::Finished => "-".to_owned(),
            Run::Stopped => "stop".to_owned(),
            Run::Answer(_, Answer::Deny(reply)) => format!("deny {}", status(reply)),
            Run::Answer(_, Answer::Reply(reply)) => format!("reply {}", status(reply)),
            Run::Answer(_, Answer::Fail) => "fail".to_owned(),
            Run::Answer(_, Answer::Close(close)) => format!("close {close:?}"),
            Run::Answer(_, other) => format!("{other:?}"),
        }
    }

    /// The message that the rules answered with.
    pub(crate) fn message(&self) -> &Message {
        match &self.run {
            Run::Answer(
                _,
                Answer::Deny(Reply::Message(message))
                | Answer::Reply(Reply::Message(message))
                | Answer::Wait(portero_api::Wait::Tarpit(_, Reply::Message(message))),
            ) => message,
            other => panic!("no message in {other:?}"),
        }
    }

    /// The header fields of the request, one a line.
    pub(crate) fn request_headers(&self) -> String {
        lines(self.exchange.request.headers.iter())
    }

    /// The header fields of the response, one a line.
    pub(crate) fn response_headers(&self) -> String {
        lines(self.exchange.response.headers.iter())
    }
}

/// The status of a reply.
pub(crate) fn status(reply: &Reply) -> u16 {
    match reply {
        Reply::Status(status) | Reply::StatusWith(status, _) => *status,
        Reply::Message(message) => message.status,
    }
}

/// Header fields, one a line.
pub(crate) fn lines<'h>(fields: impl Iterator<Item = (&'h [u8], &'h [u8])>) -> String {
    let line =
        |(n, v): (&[u8], &[u8])| format!("{}: {}", String::from_utf8_lossy(n), String::from_utf8_lossy(v));
    fields.map(line).collect::<Vec<_>>().join("\n")
}

impl World {
    /// A world with a file.
    pub(crate) fn with_file(mut self, name: &str, text: &str) -> World {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    /// A world with a table of that name, whose entries live for an hour.
    pub(crate) fn with_table(self, name: &str, key: KeyType, columns: &[(Data, u8, u32)]) -> World {
        let mut columns: Vec<_> =
            columns.iter().map(|&(data, len, period)| Column { data, len, period }).collect();
        columns.sort_by_key(|column| column.data);
        let schema = Schema { name: name.into(), key, columns, brates_factor: 1 };
        let expire = Some(Duration::from_secs(3600));
        let limits = Limits { size: 100, expire, nopurge: false, srvkey: ServerName::Name };
        self.common.tables.insert(Arc::new(StickTable::new(schema, &limits)));
        self
    }

    /// Everything that is said about the lines, rendered.
    pub(crate) fn check(&self, text: &str) -> String {
        let parsed = parse(text);
        let mut found = parsed.found.clone();
        self.compile(&parsed, &mut found, |_, _| ());
        found.render(&parsed.sources, false)
    }

    /// Runs the lines, which must be without mistakes, over an exchange.
    pub(crate) fn run(&self, text: &str, exchange: Exchange) -> Outcome {
        let parsed = parse(text);
        let mut found = parsed.found.clone();
        let outcome =
            self.compile(&parsed, &mut found, |compiler, rules| evaluate(compiler, rules, exchange));
        assert!(!found.has_errors(), "{}", found.render(&parsed.sources, false));
        outcome
    }

    fn compile<T>(
        &self,
        parsed: &Parsed,
        found: &mut Diagnostics,
        then: impl FnOnce(&Compiler<'_>, &[Rule]) -> T,
    ) -> T {
        let vocabulary = Vocabulary::new(&self.plugins);
        let context = Context {
            proxy: "web",
            directory: &self.directory,
            common: &self.common,
            files: self,
            here: None,
        };
        let mut compiler = Compiler::new(&vocabulary, context, &parsed.sources, found);
        compiler.acls(&parsed.acls);
        let result = then(&compiler, &parsed.rules);
        // What `then` did not compile is compiled for its mistakes.
        for family in [Family::TcpRequestConnection, Family::TcpRequestContent, Family::HttpRequest] {
            compiler.rules(family, &parsed.rules);
        }
        for family in
            [Family::HttpResponse, Family::HttpAfterResponse, Family::TcpResponseContent, Family::Redirect]
        {
            compiler.rules(family, &parsed.rules);
        }
        compiler.targets(Family::UseBackend, &parsed.rules);
        compiler.finish();
        result
    }

    /// The text of a log format for an exchange.
    pub(crate) fn format(&self, format: &str, stage: Stage, escape: Escape, exchange: &Exchange) -> String {
        let mut sources = Sources::default();
        let file = sources.add("format", format);
        let mut found = Diagnostics::default();
        let vocabulary = Vocabulary::new(&self.plugins);
        let context = Context {
            proxy: "web",
            directory: &self.directory,
            common: &self.common,
            files: self,
            here: None,
        };
        let compiled = {
            let compiler = Compiler::new(&vocabulary, context, &sources, &mut found);
            let word = Word::whole(format, file);
            compiler.format(&word, stage, escape)
        };
        let compiled = compiled.unwrap_or_else(|| panic!("{}", found.render(&sources, false)));
        let mut text = Vec::new();
        compiled.write(exchange, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn evaluate(compiler: &Compiler<'_>, rules: &[Rule], mut exchange: Exchange) -> Outcome {
    let mut run = Run::Finished;
    for family in
        [Family::TcpRequestConnection, Family::TcpRequestContent, Family::HttpRequest, Family::Redirect]
    {
        if matches!(run, Run::Finished) {
            run = compiler.rules(family, rules).run(&mut exchange, 0);
        }
    }
    let backend = compiler.targets(Family::UseBackend, rules).pick(&exchange).map(|name| name.into_owned());
    if exchange.response.status > 0 && matches!(run, Run::Finished) {
        run = compiler.rules(Family::HttpResponse, rules).run(&mut exchange, 0);
    }
    if exchange.response.status > 0 {
        let after = compiler.rules(Family::HttpAfterResponse, rules).run(&mut exchange, 0);
        if matches!(run, Run::Finished) {
            run = after;
        }
    }
    Outcome { exchange, run, backend }
}

/// An exchange for a request head, `GET / HTTP/1.1` and header lines. A response head may follow an empty line.
pub(crate) fn exchange(text: &str) -> Exchange {
    let conn = Conn {
        src: "192.0.2.7:40000".parse().ok(),
        dst: "198.51.100.1:80".parse().ok(),
        peer: "192.0.2.7:40000".parse().ok(),
        local: "198.51.100.1:80".parse().ok(),
        listener: Rc::from("door"),
        listener_id: 1,
        accepted_at: UNIX_EPOCH,
        requests: 1,
        ..Conn::of_nobody(Arc::new(ProxyState::new("web", 1, Kind::Listen, true)))
    };
    let mut exchange = Exchange::new(conn);
    let text: Vec<&str> = text.trim().lines().map(str::trim).collect();
    let mut heads = text.split(|line| line.is_empty());
    if let Some([first, fields @ ..]) = heads.next() {
        let mut words = first.split(' ');
        exchange.request.method = Method::from_bytes(words.next().unwrap_or("GET").as_bytes());
        exchange.request.target = words.next().unwrap_or("/").into();
        exchange.request.version = match words.next() {
            Some("HTTP/1.0") => Version::Http10,
            _ => Version::Http11,
        };
        exchange.log.request_line = first.as_bytes().to_vec();
        add(&mut exchange.request.headers, fields);
    }
    if let Some([first, fields @ ..]) = heads.next() {
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
        exchange.response.status = status.expect("a response has a status");
        add(&mut exchange.response.headers, fields);
    }
    exchange
}

fn add(headers: &mut portero_api::Headers, fields: &[&str]) {
    for (name, value) in fields.iter().filter_map(|line| line.split_once(':')) {
        headers.add(name.as_bytes(), value.trim().as_bytes());
    }
}
