//! One test against a running Portero: what it says becomes a request over a socket and a response of an origin.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portero_tests::{Head, Origin, Proxy, Tally, Wire};

use crate::suite::{Cut, Phase, Test};

/// How long one end waits for what it sent to come out at the other, before it sends the next piece: a filter may keep it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What came of a test.
pub(crate) struct Played {
    /// The head that the origin got, and its body when that came whole.
    pub(crate) sent: Option<Seen>,
    /// What the client got, or why it got nothing.
    pub(crate) answer: Result<Seen, String>,
    /// What the plugin wrote into the log.
    pub(crate) log: Vec<String>,
}

/// A message as one end got it.
pub(crate) struct Seen {
    /// Names as they came, pseudo-fields for what stands in the first line.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A message to send: its head, and its body in pieces.
struct Outgoing {
    head: Vec<u8>,
    pieces: Vec<Vec<u8>>,
}

const CONFIG: &str = "
    global
        log stdout format raw daemon
        nbthread 1
        ${cache}
        wasm-load sample ${module} log-level trace timeout 5s ${config}
    defaults
        mode http
        timeout client 10s
        timeout server 10s
        timeout connect 5s
        option accept-unsafe-violations-in-http-request
    frontend front
        bind ${front}
        log global
        filter wasm sample
        default_backend app
    backend app
        server s1 ${app}
    ";

/// Plays a test. An error is the reason why it cannot be played over sockets.
pub(crate) fn play(test: &Test, module: &Path, config: Option<&Path>) -> Result<Played, String> {
    properties(test)?;
    let (request, response) = (request(test)?, response(test)?);
    let tally = Tallies::default();
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let origin = origin(response, &tally, &bodies);
    let mut proxy = start(&origin, module, config);
    let answer = ask(proxy.front(), &request, &tally);
    let log = proxy.last_words();
    let answer = answer.map_err(|error| format!("{error}; the program said {log:#?}"));
    let body = bodies.lock().expect("the origin never panics").pop().unwrap_or_default();
    let sent = origin.heads().first().map(|head| seen(head, body));
    let lines = log.iter().filter_map(|line| line.split_once("wasm sample: "));
    Ok(Played { sent, answer, log: lines.map(|(_, text)| text.to_owned()).collect() })
}

fn start(origin: &Origin, module: &Path, config: Option<&Path>) -> Proxy {
    let cache = std::env::var("PORTERO_WASM_CACHE").map(|folder| format!("wasm-cache {folder}"));
    let config = config.map(|file| format!("config-file {}", file.display()));
    let proxy = Proxy::with(CONFIG).set("cache", cache.unwrap_or_default()).set("app", origin.address());
    proxy.set("module", module.display()).set("config", config.unwrap_or_default()).start()
}

// === what is sent ===

/// A property can be given only the value that it has by itself.
fn properties(test: &Test) -> Result<(), String> {
    let path = field(test.request_headers.as_ref(), ":path").unwrap_or(b"/".to_vec());
    let mut parts = path.splitn(2, |byte| *byte == b'?');
    let (file, query) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    for (name, value) in &test.properties {
        let real: &[u8] = match name.as_str() {
            "request.path" => &path,
            "request.url_path" => file,
            "request.query" => query,
            "request.scheme" => b"http",
            "plugin_root_id" => b"",
            _ => return Err(format!("the property {name} is not to be had over a socket")),
        };
        if value != real {
            return Err(format!("the property {name} has another value here"));
        }
    }
    Ok(())
}

fn request(test: &Test) -> Result<Outgoing, String> {
    let phase = test.request_headers.as_ref();
    let text = |name, default: &str| field(phase, name).map_or(default.into(), |value| ascii(&value));
    if text(":scheme", "http") != "http" {
        return Err("it wants a client that speaks TLS".into());
    }
    let pieces = pieces(&test.request_body, test.cut);
    let method = text(":method", if pieces.is_empty() { "GET" } else { "POST" });
    let (path, host) = (text(":path", "/"), text(":authority", "sample.test"));
    outgoing(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n"), phase, pieces, method != "GET")
}

fn response(test: &Test) -> Result<Outgoing, String> {
    let phase = test.response_headers.as_ref();
    let status = field(phase, ":status").map_or("200".into(), |value| ascii(&value));
    let bodiless = status == "204" || status == "304";
    outgoing(&format!("HTTP/1.1 {status} \r\n"), phase, pieces(&test.response_body, test.cut), !bodiless)
}

/// A head with the fields of the phase, and a length unless the phase says how long it is.
fn outgoing(
    start: &str,
    phase: Option<&Phase>,
    mut pieces: Vec<Vec<u8>>,
    has_body: bool,
) -> Result<Outgoing, String> {
    let mut head = start.as_bytes().to_vec();
    for (name, value) in phase.iter().flat_map(|phase| &phase.headers) {
        if name.starts_with(':') {
            continue;
        }
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(format!("the value of {name} cannot be sent"));
        }
        head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    let length: usize = pieces.iter().map(Vec::len).sum();
    match field(phase, "content-length").map(|value| ascii(&value).parse()) {
        _ if field(phase, "transfer-encoding").is_some() => return Err("it frames its body itself".into()),
        Some(Ok(said)) if pieces.is_empty() => pieces.push(vec![b'.'; said]),
        Some(said) if said == Ok(length) => {}
        Some(_) => return Err("its Content-Length is not the length of its body".into()),
        None if has_body || length > 0 => {
            head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes())
        }
        None => {}
    }
    head.extend_from_slice(b"\r\n");
    Ok(Outgoing { head, pieces })
}

/// The pieces of a body: one for each phase, unless the test has a plan for the whole.
fn pieces(phases: &[Phase], cut: Cut) -> Vec<Vec<u8>> {
    let whole: Vec<u8> = phases.iter().flat_map(|phase| phase.body.clone()).collect();
    match cut {
        Cut::AsGiven => {
            phases.iter().map(|phase| phase.body.clone()).filter(|piece| !piece.is_empty()).collect()
        }
        Cut::Every(size) => whole.chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
        Cut::Into(count) => {
            let size = (whole.len() / count.max(1)).max(1);
            let mut pieces: Vec<_> = whole.chunks(size).map(<[u8]>::to_vec).collect();
            let surplus = pieces.split_off(count.min(pieces.len()));
            if let Some(last) = pieces.last_mut() {
                last.extend(surplus.concat());
            }
            pieces
        }
    }
}

fn field(phase: Option<&Phase>, name: &str) -> Option<Vec<u8>> {
    let headers = &phase?.headers;
    headers.iter().find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

fn ascii(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

// === the two ends ===

/// What the client and the origin have read so far.
#[derive(Clone, Default)]
struct Tallies {
    client: Arc<Tally>,
    origin: Arc<Tally>,
}

fn origin(response: Outgoing, tally: &Tallies, bodies: &Arc<Mutex<Vec<Vec<u8>>>>) -> Origin {
    let (tally, bodies) = (tally.clone(), bodies.clone());
    Origin::scripted(move |mut peer| {
        peer.count_into(&tally.origin);
        loop {
            let (_, body) = peer.request()?;
            bodies.lock().expect("nobody panics while holding this").push(body);
            send(&response, &tally.client, |bytes| peer.send(bytes))?;
        }
    })
}

fn ask(proxy: SocketAddr, request: &Outgoing, tally: &Tallies) -> io::Result<Seen> {
    let mut wire = Wire::new(TcpStream::connect(proxy)?);
    wire.count_into(&tally.client);
    // whoever is answered early may find the door closed to the rest of what it has to say
    let _ = send(request, &tally.origin, |bytes| wire.send(bytes));
    let head = wire.head()?;
    let status = head.start_line().split(' ').nth(1).unwrap_or_default();
    let body = match (status, request.head.starts_with(b"HEAD ")) {
        ("204" | "304", _) | (_, true) => Vec::new(),
        _ => match wire.framed_body(&head)? {
            Some((body, _)) => body,
            None => wire.rest()?,
        },
    };
    Ok(seen(&head, body))
}

/// Sends piece by piece: the next one goes when something of the last has come out at the other end.
fn send(
    message: &Outgoing,
    other_end: &Tally,
    mut out: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let (last, others) = message.pieces.split_last().unwrap_or((&message.head, &[]));
    let head = (!message.pieces.is_empty()).then_some(&message.head);
    for piece in head.into_iter().chain(others) {
        let known = other_end.bytes();
        out(piece)?;
        other_end.wait_for_more(known, PATIENCE);
    }
    out(last)
}

fn seen(head: &Head, body: Vec<u8>) -> Seen {
    let mut words = head.start_line().splitn(3, ' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = match first.starts_with("HTTP/") {
        true => vec![(":status".to_owned(), second.to_owned())],
        false => vec![(":method".to_owned(), first.to_owned()), (":path".to_owned(), second.to_owned())],
    };
    let request = headers.len() > 1;
    for (name, value) in head.0.lines().skip(1).filter_map(|line| line.split_once(':')) {
        let name = if request && name.eq_ignore_ascii_case("host") { ":authority" } else { name };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Seen { headers, body }
}
