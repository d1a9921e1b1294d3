//! No heap allocation per request in the steady state of a keep-alive connection, counted by the allocator itself; few where a
//! filter of WASM looks at it.
//!
//! The daemon runs in this process, with one worker, and so do the origin and the client: those use buffers of a fixed
//! size, so that whatever is counted is the daemon's.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests until all buffers, tables and pools have the size that they keep.
const WARM_UP: usize = 200;
const MEASURED: usize = 1_000;
/// The tasks of each second (sweeping buffers, pools and tables) may allocate, whatever the number of requests.
const IN_BACKGROUND: usize = 10;

const REQUEST: &[u8] = b"GET /some/path?a=b HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: steady/1.0\r\n\
    Accept: text/html,application/json\r\nAccept-Encoding: gzip\r\nCookie: a=1; b=2\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

/// Ten rules, of the kinds that stand in most configurations; none of them ends the request.
const RULES: &str = "
    acl api path_beg /api /v1 /v2
    acl static path_end .css .js .png
    acl host_ours hdr(host) -i www.example.org example.org
    acl robot hdr_sub(user-agent) -i bot crawler
    acl local src 10.0.0.0/8 192.168.0.0/16
    acl writes method POST PUT DELETE
    acl old req.ver 1.0
    acl long url_len gt 2000
    acl wants_json hdr(accept) -m sub application/json
    acl odd path_reg ^/[0-9]+$
    http-request deny if api robot
    http-request deny if static writes
    http-request deny unless host_ours
    http-request deny if robot
    http-request deny if local
    http-request deny if writes
    http-request deny if old
    http-request deny if long
    http-request set-header x-json yes if wants_json
    http-request deny if odd
";

/// Each client is counted, in a table that more than one data type is stored in.
const TRACKING: &str = "
    stick-table type ip size 100k expire 10m store conn_cur,http_req_rate(10s),http_err_cnt,bytes_out_cnt,gpc0
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc0_http_req_rate gt 100000000 }
    http-request sc-inc-gpc0(0)
    http-request set-header x-rate %[sc0_http_req_rate]
";

/// A filter of WASM that reads one header, sets one, and sees the bodies.
const MODULE: &str = r#"(module
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (func (export "proxy_abi_version_0_2_1"))
  (memory (export "memory") 1)
  (data (i32.const 0) "user-agentx-seen")
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $get (i32.const 0) (i32.const 0) (i32.const 10) (i32.const 32) (i32.const 36)))
    (call $set (i32.const 0) (i32.const 10) (i32.const 6) (i32.load (i32.const 32)) (i32.load (i32.const 36))))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))
  (func (export "proxy_on_log") (param i32))
  (func (export "proxy_on_delete") (param i32)))"#;
/// What such a filter may allocate for a request: what it knows of the exchange.
const PER_FILTERED: usize = 1;

// One test: the allocator counts for the whole process.
#[test]
fn a_request_on_a_warm_connection_allocates_nothing_and_with_a_filter_of_wasm_little() {
    let origin = TcpListener::bind("127.0.0.1:0").expect("an origin");
    let server = origin.local_addr().expect("its address");
    thread::spawn(move || serve(&origin));
    let log = UdpSocket::bind("127.0.0.1:0").expect("a log server");
    let log_server = log.local_addr().expect("its address");
    let (plain, ruled, tracked, filtered) = (Front::open(), Front::open(), Front::open(), Front::open());
    let module = written("wat", MODULE);
    start(&format!(
        "global\n    nbthread 1\n    wasm-load mark {}\n\
         defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n\
         frontend plain\n    bind fd@{}\n    default_backend servers\n\
         frontend ruled\n    bind fd@{}\n    log {log_server} local0\n    option httplog\n    {RULES}    default_backend servers\n\
         frontend tracked\n    bind fd@{}\n    {TRACKING}    default_backend servers\n\
         frontend filtered\n    bind fd@{}\n    filter wasm mark\n    default_backend servers\n\
         backend servers\n    server s1 {server}\n",
        module.display(),
        plain.fd,
        ruled.fd,
        tracked.fd,
        filtered.fd
    ));
    let fronts =
        [(plain, "without rules"), (ruled, "with ten rules and a log"), (tracked, "with a tracked table")];
    for (front, what) in fronts {
        let count = front.allocations();
        assert!(count <= IN_BACKGROUND, "{what}: {count} allocations in {MEASURED} requests");
    }
    let count = filtered.allocations();
    // rounded down: what happens in the background is less than one for each
    assert!(
        count / MEASURED <= PER_FILTERED,
        "with a filter of WASM: {count} allocations in {MEASURED} requests"
    );
}

/// A listening socket that the daemon takes over: clients can connect before it accepts.
struct Front {
    fd: i32,
    address: SocketAddr,
}

impl Front {
    fn open() -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a frontend");
        let address = listener.local_addr().expect("its address");
        Front { fd: listener.into_raw_fd(), address }
    }

    /// Allocations of the process during the measured requests on one connection.
    fn allocations(&self) -> usize {
        let mut client = TcpStream::connect(self.address).expect("the kernel accepts");
        client.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        (0..WARM_UP).for_each(|_| exchange(&mut client));
        let before = ALLOCATOR.stats();
        (0..MEASURED).for_each(|_| exchange(&mut client));
        let made = ALLOCATOR.stats() - before;
        made.allocations + made.reallocations
    }
}

/// Runs the daemon on a thread of its own, until the process ends.
fn start(config: &str) {
    let path = written("cfg", config);
    let args = ["-q".into(), "-f".into(), path.into_os_string()];
    thread::spawn(move || portero::cli::main(args.into_iter()));
}

/// A file of its own.
fn written(kind: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("steady-{}.{kind}", std::process::id()));
    std::fs::write(&path, text).expect("a file can be written");
    path
}

fn exchange(client: &mut TcpStream) {
    client.write_all(REQUEST).expect("the request is sent");
    read_until(client, b"hello").expect("a response");
}

/// Answers every request on every connection, one after the other.
fn serve(origin: &TcpListener) {
    for connection in origin.incoming() {
        let mut connection = connection.expect("a connection");
        thread::spawn(move || {
            while read_until(&mut connection, b"\r\n\r\n").is_some() {
                connection.write_all(RESPONSE).expect("the response is sent");
            }
        });
    }
}

/// Reads one message, which ends like this; none when the peer has closed.
fn read_until(from: &mut TcpStream, end: &[u8]) -> Option<()> {
    let (mut buffer, mut len) = ([0; 1024], 0);
    while !buffer[..len].ends_with(end) {
        match from.read(&mut buffer[len..]) {
            Ok(n) if n > 0 => len += n,
            _ => return None,
        }
    }
    Some(())
}
