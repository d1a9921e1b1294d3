//! Every row against an exchange; what is expected was read off HAProxy 3.5 with the same requests.

mod http;
mod raw;
mod sockets;
mod states;

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portero_api::{Address, Common, Conn, Directory, Kind, Method, ProxyState, ServerState, Version};
use portero_grammar::rules::tree::Arg;
use portero_grammar::{FileId, Span};

use super::*;
use crate::vocabulary::{Acls, Context, Files};

const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

struct NoAcls;

impl Acls for NoAcls {
    fn acl(&self, name: &Arg) -> Result<crate::Cond, String> {
        Err(format!("there is no ACL '{}' in this test", name.text))
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no file '{path}' in this test"))
    }
}

/// What expressions are compiled in.
struct World {
    directory: Directory,
    common: Arc<Common>,
}

impl World {
    /// A frontend `fe` and a backend `be` with the servers s1 (limit 10) and s2.
    fn new() -> World {
        let directory = Directory::default();
        directory.insert(Arc::new(ProxyState::new("fe", 1, Kind::Frontend, true)));
        let be = ProxyState::new("be", 2, Kind::Backend, true);
        let servers = [("s1", 1), ("s2", 2)].map(|(name, id)| {
            Arc::new(ServerState::new(&be, name, id, Address::Ip(SocketAddr::from(([127, 0, 0, 1], 80)))))
        });
        servers[0].set_max_sessions(10);
        servers[0].queue.set(3);
        be.set_servers(servers.to_vec());
        directory.insert(Arc::new(be));
        World { directory, common: Arc::default() }
    }

    /// Makes the fetch of an expression such as `req.hdr(host,1)`, standing in this proxy.
    fn make_in(&self, proxy: &str, text: &str) -> Made {
        let (name, args) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').expect("a closing parenthesis")),
            None => (text, ""),
        };
        let list: Vec<Arg> = match args {
            "" => Vec::new(),
            args => args.split(',').map(|a| Arg::plain(a, NOWHERE)).collect(),
        };
        let context =
            Context { proxy, directory: &self.directory, common: &self.common, files: &NoFiles, here: None };
        (find(name).make)(&Args { list: &list, context: &context, acls: &NoAcls })
    }

    fn make(&self, text: &str) -> Made {
        self.make_in("be", text)
    }

    fn exchange(&self) -> Exchange {
        let src: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
        let dst: SocketAddr = "127.0.0.1:80".parse().expect("an address");
        Exchange::new(Conn {
            src: Some(src),
            dst: Some(dst),
            peer: Some(src),
            local: Some(dst),
            listener: "sock1".into(),
            listener_id: 1,
            accepted_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
            requests: 1,
            ..Conn::of_nobody(self.directory.proxy("fe", false).expect("made above"))
        })
    }

    /// An exchange with a request, written as lines without their ends.
    fn request(&self, head: &str) -> Exchange {
        let mut x = self.exchange();
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let words: Vec<&str> = line.split(' ').collect();
        x.request.method = Method::from_bytes(words[0].as_bytes());
        x.request.target = words[1].into();
        x.request.version = if words[2] == "HTTP/1.0" { Version::Http10 } else { Version::Http11 };
        x.log.request_line = line.into();
        for field in lines {
            let (name, value) = field.split_once(':').expect("a colon");
            x.request.headers.add(name.as_bytes(), value.trim().as_bytes());
        }
        x
    }

    fn response(&self, fields: &[(&str, &str)]) -> Exchange {
        let mut x = self.request("GET /x?y=1 HTTP/1.1\nHost: h\nCookie: k=1");
        x.response.status = 200;
        for (name, value) in fields {
            x.response.headers.add(name.as_bytes(), value.as_bytes());
        }
        x
    }

    /// The value as text, `-` for none, `?` for not yet.
    fn value(&self, x: &Exchange, text: &str) -> String {
        let fetch = self.make(text).unwrap_or_else(|e| panic!("{text}: {}", e.message));
        match fetch.fetch(x) {
            Ok(Some(sample)) => show(&sample),
            Ok(None) => "-".into(),
            Err(_) => "?".into(),
        }
    }

    /// All values, with the same marks.
    fn each(&self, x: &Exchange, text: &str) -> String {
        let fetch = self.make(text).unwrap_or_else(|e| panic!("{text}: {}", e.message));
        let mut all = Vec::new();
        let end = fetch.each(x, &mut |sample| {
            all.push(show(&sample));
            ControlFlow::Continue(())
        });
        all.join("|") + if end.is_err() { "?" } else { "" }
    }

    fn check(&self, x: &Exchange, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(self.value(x, text), *expected, "{text}");
        }
    }
}

fn rows() -> impl Iterator<Item = &'static FetchKind> {
    FETCHES.iter().copied().flatten()
}

fn find(name: &str) -> &'static FetchKind {
    rows()
        .find(|r| r.name == name || r.aliases.contains(&name))
        .unwrap_or_else(|| panic!("no fetch '{name}'"))
}

fn show(sample: &Sample<'_>) -> String {
    match sample {
        Sample::Bin(bytes) => bytes.iter().map(|b| format!("{b:02X}")).collect(),
        other => {
            let mut text = Vec::new();
            crate::cast::write_text(other, &mut text);
            String::from_utf8(text).expect("text")
        }
    }
}

#[test]
fn without_an_http_request_its_fetches_have_no_value() {
    let world = World::new();
    let x = world.exchange();
    let http = rows().filter(|r| matches!(r.needs, Needs::Request | Needs::RequestBody | Needs::Response));
    for row in http.filter(|r| r.args.0 == 0 && !r.name.contains(".timer") && r.name != "http_first_req") {
        assert_eq!(world.value(&x, row.name), "-", "{}", row.name);
        assert_eq!(world.each(&x, row.name), "", "{}", row.name);
    }
}

#[test]
fn wrong_arguments_are_refused_and_the_guilty_one_is_named() {
    let world = World::new();
    let cases = [
        ("bool(yes)", 0),
        ("int(a)", 0),
        ("ipv4(1)", 0),
        ("ipv6(1.2.3.4)", 0),
        ("bin(012)", 0),
        ("uuid(5)", 0),
        ("date(1,x)", 1),
        ("req.hdr(a,b)", 1),
        ("query(x)", 0),
        ("capture.req.hdr", 0),
        ("capture.req.hdr(-1)", 0),
        ("var(x)", 0),
        ("var(foo.x)", 0),
        ("nbsrv(nope)", 0),
        ("fe_conn(be)", 0),
        ("srv_conn(x)", 0),
        ("srv_conn(nope/s1)", 0),
        ("req.payload(1)", 1),
        ("req.payload(-1,2)", 0),
        ("req.payload_lv(0,9)", 1),
        ("req.payload_lv(0,1,-2)", 2),
        ("urlp(a,?,x)", 2),
        ("rand(-1)", 0),
    ];
    for (text, guilty) in cases {
        let error = world.make(text).err().unwrap_or_else(|| panic!("{text} was taken"));
        assert_eq!(error.arg, Some(guilty), "{text}: {}", error.message);
    }
    let error = world.make_in("fe", "nbsrv").err().expect("a frontend has no servers");
    assert!(error.message.contains("'fe'"), "{}", error.message);
}

#[test]
fn no_arguments_make_a_row_panic() {
    let world = World::new();
    let x = world.request(http::LISTS);
    let words = ["", "x", "0", "-1", "99999999999999999999", "txn.a", "\u{e9}", "9223372036854775807"];
    for row in rows() {
        for count in 0..=row.args.1 + 1 {
            for word in words {
                let text = format!("{}({})", row.name, vec![word; count].join(","));
                if let Ok(fetch) = world.make(&text) {
                    let _ = fetch.fetch(&x);
                    let _ = fetch.each(&x, &mut |_| ControlFlow::Continue(()));
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_none_is_both_there_and_not_yet() {
    let mut names: Vec<&str> = rows().flat_map(|r| r.aliases.iter().chain([&r.name])).copied().collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands twice");
    assert!(NOT_YET.iter().all(|name| !names.contains(name)));
    assert!(NOT_YET.is_sorted());
}
