//! The modules of examples/04-wasm, in front of servers of their own; and that they are what their sources say.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use portero_tests::{Folder, Origin, Peer, Proxy, Response, Stats, eventually, portero, repository};
use serde_json::Value;

const MODULES: [&str; 8] = ["header", "rewrite", "language", "bucket", "jwt", "canary", "redis", "zones"];

/// Bytes that a built module has at most.
const LARGEST: u64 = 150 << 10;

/// The folder.
fn folder() -> PathBuf {
    repository().join("examples/04-wasm")
}

/// The example at work.
struct Stand {
    proxy: Proxy,
    _origins: [Origin; 3],
}

/// A server of the site, which says its name and what it was asked.
fn site(name: &'static str) -> Origin {
    Origin::scripted(move |mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let text = format!("{name} of http://old.example.com/\n{}", head.0);
            answer(&mut peer, &text)?;
        }
    })
}

fn answer(peer: &mut Peer, text: &str) -> io::Result<()> {
    let length = text.len();
    peer.send(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}"
    ))
}

/// A server that speaks as Redis does.
fn redis() -> Origin {
    Origin::scripted(|mut peer| {
        assert_eq!(peer.exactly(6)?, b"PING\r\n");
        peer.send("+PONG\r\n")
    })
}

/// The example with modules of that folder; its bucket holds so many tokens.
fn start(modules: &Path, tokens: usize) -> Stand {
    let origins = [site("stable"), site("canary"), redis()];
    let config = std::fs::read_to_string(folder().join("haproxy.cfg")).expect("the example is there");
    let mut config = config
        .replace("*:8090", "${front}")
        .replace("clients 10 2", &format!("clients {tokens} 0"))
        .replace("inter 1s", "inter 50ms");
    for (port, origin) in [5001, 5002, 6379].iter().zip(&origins) {
        config = config.replace(&format!("127.0.0.1:{port}"), &origin.address().to_string());
    }
    config = config.replace("127.0.0.1:5003", &Origin::nobody().to_string());
    for module in MODULES {
        let file = modules.join(format!("{module}.wasm"));
        config = config.replace(&format!(" {module}.wasm"), &format!(" {}", file.display()));
    }
    let cache = std::env::temp_dir().join("portero-wasm-tests");
    let config = config.replace("global\n", &format!("global\n    wasm-cache {}\n", cache.display()));
    warm_up(&config);
    let statistics = "frontend statistics\n    bind ${stats}\n    stats enable\n    stats uri /\n";
    let config = config.replace("frontend door", &format!("{statistics}frontend door"));
    Stand { proxy: Proxy::with(&config).door("stats").start(), _origins: origins }
}

/// Compiles the modules into the cache: a compiler that is not optimized takes longer than a client waits.
fn warm_up(config: &str) {
    let folder = Folder::new();
    let file = folder.write("a.cfg", config.replace("${front}", "127.0.0.1:0"));
    let output = Command::new(portero()).arg("check").arg(file).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Stand {
    fn ask(&self, target: &str, fields: &str) -> Response {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        self.proxy.connect().send(head).response()
    }

    fn statistics(&self) -> Stats {
        Stats::from_csv(&portero_tests::get(self.proxy.door("stats"), "/;csv").text())
    }
}

/// What the modules of a folder do.
fn do_what_they_say(modules: &Path) {
    let stand = start(modules, 1000);
    filters_change_what_passes(&stand);
    a_gate_opens_for_tokens(&stand);
    clients_keep_to_their_group(&stand);
    a_check_speaks_redis(&stand);
    a_zone_that_fails_is_left(&stand);
    a_bucket_runs_empty(&start(modules, 3));
}

fn filters_change_what_passes(stand: &Stand) {
    let answer = stand.ask("/", "Accept-Language: xx, fr;q=0.3, de-AT;q=0.8\r\n");
    assert_eq!((answer.status(), answer.header("x-served-by")), (200, Some("portero")), "{}", answer.text());
    let text = answer.text().to_lowercase();
    assert!(text.contains("x-served-by: portero") && text.contains("x-language: de"), "{text}");
    assert!(text.contains(" of https://new.example.com/") && !text.contains("old.example.com"), "{text}");
    assert!(stand.ask("/", "").text().to_lowercase().contains("x-language: en"));
}

fn a_gate_opens_for_tokens(stand: &Stand) {
    let closed = stand.ask("/private", "");
    assert_eq!((closed.status(), closed.text().as_str()), (401, "no token"));
    // {"alg":"HS256"}.{"sub":"ann"} with the key of the example, and the same with another
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.7TUn8NyatHgvbDP1dbz5xN4yAl1Q9bd0B1PCMo0ULxQ";
    let forged = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.LfHRsxOxWe4805MTHHInCgeoGUU7sb7beumgzIH23_A";
    let open = stand.ask("/private", &format!("Authorization: Bearer {token}\r\n"));
    assert_eq!(open.status(), 200, "{}", open.text());
    assert!(open.text().to_lowercase().contains("x-subject: ann"), "{}", open.text());
    let refused = stand.ask("/private", &format!("Authorization: Bearer {forged}\r\n"));
    assert_eq!((refused.status(), refused.text().as_str()), (401, "a wrong signature"));
}

fn clients_keep_to_their_group(stand: &Stand) {
    let group = |user: usize| {
        let text = stand.ask("/", &format!("X-User: user{user}\r\n")).text();
        text.split(' ').next().unwrap_or_default().to_owned()
    };
    let canaries: Vec<usize> = (0..100).filter(|&user| group(user) == "canary").collect();
    assert!((1..=30).contains(&canaries.len()), "a tenth of them: {canaries:?}");
    assert!(canaries.iter().all(|&user| group(user) == "canary"), "they stay where they are");
}

/// The zone in the east is not there: its clients are served in the west, in the end without a try in the east.
fn a_zone_that_fails_is_left(stand: &Stand) {
    for _ in 0..5 {
        let answer = stand.ask("/near", "X-Zone: east\r\n");
        assert_eq!(answer.status(), 200, "{}", answer.text());
    }
    assert_eq!(stand.statistics().number("near", "east-1", "wredis"), 3);
    stand.proxy.output_with("wasm zones: zone east is avoided");
}

fn a_bucket_runs_empty(stand: &Stand) {
    let statuses: Vec<u16> = (0..5).map(|_| stand.ask("/", "").status()).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}

fn a_check_speaks_redis(stand: &Stand) {
    eventually("the check passes", || {
        (stand.statistics().field("cache", "redis", "check_status") == "L7OK").then_some(())
    });
}

#[test]
fn the_modules_do_what_they_say() {
    do_what_they_say(&folder());
}

#[test]
fn the_modules_are_small() {
    for module in MODULES {
        let size = std::fs::metadata(folder().join(format!("{module}.wasm"))).expect("it is there").len();
        assert!(size <= LARGEST, "{module} has {size} bytes");
    }
}

/// Where the compilers are, what they make of the sources has the same imports and exports, and does the same.
/// `PORTERO_REBUILD=1` says that they are there, `PORTERO_REBUILD=FILE` that they are with the environment that this file of the
/// shell sets: the program under test is built without it.
#[test]
fn the_modules_are_those_of_their_sources() {
    let Some(environment) = std::env::var_os("PORTERO_REBUILD") else {
        eprintln!("not compared: PORTERO_REBUILD=1 says that the compilers are there");
        return;
    };
    let built = Folder::new();
    let mut command = Command::new("bash");
    command.arg("-c").arg(r#"[ "$1" = 1 ] || . "$1"; exec "$2" --into "$3""#);
    command.arg("rebuild").arg(environment).arg(folder().join("rebuild")).arg(built.path());
    assert!(command.status().expect("there is a shell").success(), "they cannot be built");
    for module in MODULES {
        let names = |folder: &Path| names(&folder.join(format!("{module}.wasm")));
        assert_eq!(names(built.path()), names(&folder()), "{module}: build it anew with ./rebuild");
    }
    do_what_they_say(built.path());
}

/// What a plugin imports and exports.
fn names(file: &Path) -> Vec<Value> {
    let mut command = Command::new(portero());
    let output = command.args(["wasm", "inspect", "--json"]).arg(file).output().expect("it runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it was built");
    ["imports", "callbacks", "other_exports"].map(|key| found[key].clone()).to_vec()
}
