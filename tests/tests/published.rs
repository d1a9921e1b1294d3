//! Backends that no rule chooses: `be-unpublished`, `force-be-switch`, `publish backend`.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    global
        stats socket ${dir}/api level admin
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 5s
    frontend front
        bind ${front}
        force-be-switch if { req.hdr(x-admin) -m found }
        use_backend new if { path_beg /new }
        use_backend old if { path_beg /new }
        default_backend new
    backend old
        server s1 ${old}
    backend new
        be-unpublished
        server s1 ${new}
    ";

/// What the runtime API answers.
fn ask(proxy: &Proxy, line: &str) -> String {
    let path = proxy.folder().path().join("api");
    let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
    stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers text and closes");
    answer
}

#[test]
fn a_backend_that_is_not_published_is_chosen_by_none_but_who_forces_it() {
    let (old, new) = (Origin::answering("old"), Origin::answering("new"));
    let proxy = Proxy::with(CONFIG).set("old", old.address()).set("new", new.address()).start();
    assert_eq!(proxy.get("/new").text(), "old", "the next rule counts");
    assert_eq!(proxy.get("/").status(), 503, "the default backend is none");
    let forced = "GET /new HTTP/1.1\r\nhost: a\r\nx-admin: 1\r\n\r\n";
    assert_eq!(proxy.connect().send(forced).response().text(), "new");
    assert_eq!(ask(&proxy, "publish backend new"), "Backend published.\n\n");
    assert_eq!(["/new", "/"].map(|path| proxy.get(path).text()), ["new", "new"]);
    assert_eq!(ask(&proxy, "unpublish backend new"), "Backend unpublished.\n\n");
    assert_eq!(proxy.get("/new").text(), "old");
    assert!(ask(&proxy, "publish backend nobody").contains("No such backend"));
}
