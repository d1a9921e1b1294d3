//! Maps and lists of ACLs: files, and changes while traffic goes on.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;
use portero_tests::{Folder, Proxy, eventually};

const CONFIG: &str = "
    global
        nbthread 4
        stats socket ${dir}/api level admin
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        http-request set-map(virt@seen) %[req.hdr(x-note)] yes if { req.hdr(x-note) -m found }
        http-request deny if { req.hdr(user-agent) -f opt@${dir}/bots.lst }
        http-request return status 200 hdr x-color %[path,map_beg(${colors},none)] hdr x-seen %[path,map(virt@seen,no)] hdr x-mark one
    ";

/// A proxy whose map of colors lies in a folder.
fn start(folder: &Folder) -> Proxy {
    let map = folder.write("colors.map", "/a red\n/b green\n");
    Proxy::with(CONFIG).set("colors", map.display()).start()
}

/// What a line to the runtime API is answered, without the empty line at its end.
fn ask(proxy: &Proxy, line: &str) -> String {
    let path = proxy.folder().path().join("api");
    let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
    stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers text and closes");
    answer.trim_end().to_owned()
}

/// What many connections, and so all workers, are answered: all the same.
fn color(proxy: &Proxy, path: &str) -> String {
    let answers: Vec<String> =
        (0..24).map(|_| proxy.get(path).head.header("x-color").unwrap_or("-").to_owned()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    answers[0].clone()
}

#[test]
fn a_change_is_seen_by_all_workers_at_once() {
    let folder = Folder::new();
    let proxy = start(&folder);
    let map = folder.path().join("colors.map").display().to_string();
    assert_eq!((color(&proxy, "/a/x"), color(&proxy, "/c")), ("red".into(), "none".into()));
    assert_eq!(
        ask(&proxy, &format!("add map {map} /c blue; set map {map} /a black; del map {map} #0x2")),
        ""
    );
    assert_eq!(
        (color(&proxy, "/a/x"), color(&proxy, "/b"), color(&proxy, "/c")),
        ("black".into(), "none".into(), "blue".into())
    );
    assert_eq!(ask(&proxy, &format!("show map {map}")), "0x1 /a black\n0x3 /c blue");
    let found = "type=beg, case=sensitive, found=yes, idx=tree, key=\"/c\", value=\"blue\", type=\"str\"";
    assert_eq!(ask(&proxy, &format!("get map {map} /c/d")), found);
    assert_eq!(ask(&proxy, &format!("del map {map} /zzz")), "Key not found.");
}

#[test]
fn a_version_is_filled_beside_the_one_in_use_and_takes_its_place() {
    let folder = Folder::new();
    let proxy = start(&folder);
    let map = folder.path().join("colors.map").display().to_string();
    assert_eq!(ask(&proxy, &format!("prepare map {map}")), "New version created: 1");
    assert_eq!(ask(&proxy, &format!("add map @1 {map} <<\n/a dark blue\n/d white\n")), "");
    assert_eq!((color(&proxy, "/a"), color(&proxy, "/d")), ("red".into(), "none".into()));
    assert_eq!(ask(&proxy, &format!("commit map @1 {map}")), "");
    assert_eq!(
        (color(&proxy, "/a"), color(&proxy, "/b"), color(&proxy, "/d")),
        ("dark blue".into(), "none".into(), "white".into())
    );
    assert_eq!(ask(&proxy, &format!("commit map @1 {map}")), "Version number out of range.");
}

#[test]
fn a_list_of_an_acl_begins_empty_and_grows() {
    let folder = Folder::new();
    let proxy = start(&folder);
    let list = proxy.folder().path().join("bots.lst").display().to_string();
    let status = || {
        proxy.connect().send("GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Bad Bot;\r\n\r\n").response().status()
    };
    assert_eq!(status(), 200);
    assert_eq!(ask(&proxy, &format!("add acl {list} Bad\\ Bot\\;")), "");
    assert_eq!(status(), 403);
    assert!(
        ask(&proxy, "show acl")
            .contains(&format!("({list}) pattern loaded from file '{list}' used by acl at file"))
    );
    assert_eq!(ask(&proxy, &format!("clear acl {list}")), "");
    assert_eq!(status(), 200);
}

#[test]
fn a_reload_reads_files_anew_and_keeps_lists_without_a_file() {
    let folder = Folder::new();
    let proxy = start(&folder);
    let map = folder.path().join("colors.map").display().to_string();
    proxy.connect().send("GET / HTTP/1.1\r\nHost: x\r\nX-Note: /noted\r\n\r\n").response();
    ask(&proxy, &format!("set map {map} /a changed"));
    assert_eq!(
        (color(&proxy, "/a"), proxy.get("/noted").head.header("x-seen")),
        ("changed".into(), Some("yes"))
    );
    proxy.rewrite(&CONFIG.replace("x-mark one", "x-mark two"));
    proxy.signal(Signal::SIGUSR2);
    eventually("the new configuration", || {
        (proxy.get("/").head.header("x-mark") == Some("two")).then_some(())
    });
    assert_eq!((color(&proxy, "/a"), proxy.get("/noted").head.header("x-seen")), ("red".into(), Some("yes")));
}
