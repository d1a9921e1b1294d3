//! Every row against samples; what is expected was read off HAProxy 3.5 and its regression tests.

mod data;
mod packets;
mod secrets;
mod texts;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use portero_api::{Address, Common, Conn, Directory, Kind, ProxyState, ServerState, Value, VarId};
use portero_grammar::rules::tree::Arg;

use super::*;
use crate::cast::{cast, write_text};
use crate::vocabulary::{Acls, Context, Files};

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

fn rows() -> impl Iterator<Item = &'static ConvertKind> {
    CONVERTERS.iter().copied().flatten()
}

fn find(name: &str) -> &'static ConvertKind {
    rows().find(|r| r.name == name).unwrap_or_else(|| panic!("no converter '{name}'"))
}

/// A frontend, a backend with one server, and an exchange with a few variables.
fn world() -> (Directory, Exchange) {
    let directory = Directory::default();
    directory.insert(Arc::new(ProxyState::new("fe", 1, Kind::Frontend, true)));
    let be = ProxyState::new("be", 2, Kind::Backend, true);
    let addr = SocketAddr::from(([127, 0, 0, 1], 80));
    be.set_servers(vec![Arc::new(ServerState::new(&be, "s1", 1, Address::Ip(addr)))]);
    directory.insert(Arc::new(be));
    let x = Exchange::new(Conn {
        src: Some(addr),
        dst: Some(addr),
        peer: Some(addr),
        local: Some(addr),
        listener_id: 1,
        accepted_at: SystemTime::UNIX_EPOCH,
        requests: 1,
        ..Conn::of_nobody(directory.proxy("fe", false).expect("made above"))
    });
    for (name, value) in [
        ("txn.three", Value::Int(3)),
        ("txn.one", Value::Int(1)),
        ("txn.minus", Value::Int(-1)),
        ("txn.text", Value::Str(b"var_content".as_slice().into())),
        ("txn.key", Value::Str(b"a2V5".as_slice().into())),
    ] {
        x.vars.set(VarId::parse(name).expect("a name"), value);
    }
    (directory, x)
}

/// Makes a converter with these arguments, standing in backend `be`.
fn make(directory: &Directory, name: &str, args: &[&str]) -> Made {
    let span = portero_grammar::Span { file: portero_grammar::FileId(0), start: 0, end: 0 };
    let list: Vec<Arg> = args.iter().map(|a| Arg::plain(*a, span)).collect();
    let common = Arc::<Common>::default();
    let context = Context { proxy: "be", directory, common: &common, files: &NoFiles, here: None };
    (find(name).make)(&Args { list: &list, context: &context, acls: &NoAcls })
}

/// Checks (sample, converter, arguments, expected text); `-` stands for no value, bytes are shown in hexadecimal.
fn check(cases: &[(Sample<'static>, &str, &[&str], &str)]) {
    let (directory, x) = world();
    for (sample, name, args, expected) in cases {
        let converter = make(&directory, name, args)
            .unwrap_or_else(|e| panic!("{name}({}): {}", args.join(","), e.message));
        let input = cast(sample.clone(), find(name).input);
        let result = input.and_then(|input| converter.convert(input, &x));
        let text = result.map_or("-".into(), |result| match result {
            Sample::Bin(bytes) => String::from_utf8(encodings::hex(&bytes)).expect("digits"),
            other => {
                let mut text = Vec::new();
                write_text(&other, &mut text);
                String::from_utf8(text).expect("text")
            }
        });
        assert_eq!(text, *expected, "{sample:?},{name}({})", args.join(","));
    }
}

fn s(text: &'static str) -> Sample<'static> {
    Sample::str(text)
}

fn i(n: i64) -> Sample<'static> {
    Sample::Int(n)
}

fn b(bytes: &'static [u8]) -> Sample<'static> {
    Sample::bytes(bytes)
}

fn ip(text: &str) -> Sample<'static> {
    Sample::Ip(text.parse().expect("an address"))
}

#[test]
fn proxies_and_servers_are_found_by_name() {
    check(&[
        (s("fe"), "fe_exists", &[], "1"),
        (s("be"), "fe_exists", &[], "0"),
        (s("be"), "nbsrv", &[], "1"),
        (s("fe"), "nbsrv", &[], "-"),
        (s("s1"), "srv_is_up", &[], "1"),
        (s("be/s1"), "srv_queue", &[], "0"),
        (s("be/s9"), "srv_is_up", &[], "-"),
    ]);
}

#[test]
fn a_variable_is_set_when_all_conditions_hold() {
    let (directory, x) = world();
    let value = |name: &str| x.vars.get(VarId::parse(name).expect("a name"));
    let run = |args: &[&str], sample: Sample<'static>| {
        let converter = make(&directory, "set-var", args).unwrap_or_else(|e| panic!("{}", e.message));
        assert_eq!(converter.convert(sample.clone(), &x), Some(sample), "the sample goes on as it is");
    };
    run(&["txn.new", "ifexists"], i(1));
    assert_eq!(value("txn.new"), None);
    run(&["txn.new", "ifnotset"], i(5));
    assert_eq!(value("txn.new"), Some(Value::Int(5)));
    run(&["txn.new", "ifset", "iflt"], i(4));
    assert_eq!(value("txn.new"), Some(Value::Int(5)), "5 is not less than 4");
    run(&["txn.new", "ifgt"], i(4));
    assert_eq!(value("txn.new"), Some(Value::Int(4)), "5 is greater than 4");
    run(&["txn.new", "ifnotempty"], s(""));
    assert_eq!(value("txn.new"), Some(Value::Int(4)));
    run(&["txn.new", "ifempty"], s(""));
    assert_eq!(value("txn.new"), Some(Value::Str(b"".as_slice().into())));
    let unset = make(&directory, "unset-var", &["txn.new"]).unwrap_or_else(|e| panic!("{}", e.message));
    assert_eq!(unset.convert(i(1), &x), Some(i(1)));
    assert_eq!(value("txn.new"), None);
}

#[test]
fn wrong_arguments_are_refused_and_the_guilty_one_is_named() {
    let (directory, _) = world();
    let cases: &[(&str, &[&str], usize)] = &[
        ("field", &["0", "_"], 0),
        ("field", &["1"], 1),
        ("field", &["txn.three", "_"], 0),
        ("word", &["1", ""], 1),
        ("sha2", &["1"], 0),
        ("digest", &["foo"], 0),
        ("hmac", &["sha256"], 1),
        ("hmac", &["sha256", "***"], 1),
        ("url_enc", &["foo"], 0),
        ("url_dec", &["x"], 0),
        ("iif", &["a"], 1),
        ("regsub", &["", "b"], 0),
        ("regsub", &["a"], 1),
        ("regsub", &["[", "b"], 0),
        ("regsub", &["a", "b", "z"], 2),
        ("regsub", &["a", r"\x4"], 1),
        ("json", &["x"], 0),
        ("protobuf", &["0"], 0),
        ("protobuf", &["1", "string"], 1),
        ("json_query", &["$."], 0),
        ("json_query", &["$.a", "foo"], 1),
        ("add", &["x"], 0),
        ("add", &["1x"], 0),
        ("be2dec", &[":", "9"], 1),
        ("be2dec", &[":", "0"], 1),
        ("be2hex", &[":", "-1"], 1),
        ("be2hex", &[":"], 1),
        ("bytes", &["-1"], 0),
        ("bytes", &["0", "0"], 1),
        ("ipmask", &["33"], 0),
        ("ipmask", &["24", "129"], 1),
        ("ipmask", &["x"], 0),
        ("http_date", &["x"], 0),
        ("http_date", &["1", "m"], 1),
        ("utime", &["%H", "x"], 1),
        ("param", &["a", "bc"], 1),
        ("concat", &["", "bad"], 1),
        ("strcmp", &["bad"], 0),
        ("secure_memcmp", &["x"], 0),
        ("add_item", &[","], 1),
        ("set-var", &["txn.a", "foo"], 1),
        ("has_ctl", &["bogus"], 0),
        ("capture-req", &["x"], 0),
        ("capture-res", &["-1"], 0),
        ("has_ctl", &["0x400000000"], 0),
    ];
    for (name, args, guilty) in cases {
        let text = format!("{name}({})", args.join(","));
        let error = make(&directory, name, args).err().unwrap_or_else(|| panic!("{text} was taken"));
        assert_eq!(error.arg, Some(*guilty), "{text}: {}", error.message);
    }
}

#[test]
fn no_arguments_and_no_sample_make_a_row_panic() {
    let (directory, x) = world();
    let words = ["", "x", "0", "1", "-1", "99999999999999999999", "txn.three", "\u{e9}", "%", "\\", "$.a[0]"];
    let samples =
        [s(""), s("a=b;c, [::1]:8%"), i(i64::MIN), i(i64::MAX), b(&[0, 255]), ip("::1"), ip("1.2.3.4")];
    for row in rows() {
        for count in 0..=row.args.1 + 1 {
            for word in words {
                let Ok(converter) = make(&directory, row.name, &vec![word; count]) else { continue };
                for sample in &samples {
                    let _ = cast(sample.clone(), row.input).and_then(|input| converter.convert(input, &x));
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_none_is_both_there_and_not_yet() {
    let mut names: Vec<&str> = rows().map(|r| r.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands twice");
    assert!(NOT_YET.iter().all(|name| !names.contains(name)));
    assert!(NOT_YET.is_sorted());
}
