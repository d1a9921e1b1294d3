//! The library of policies in `examples/policies/`: its tests hold, its page says what it takes, and it works on the wire.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

use portero_tests::{Folder, Origin, Proxy, portero, repository};

fn library() -> PathBuf {
    repository().join("examples/policies")
}

/// The files of the library with an extension, by name.
fn files(extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(library()).expect("the library is there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn stem(path: &std::path::Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(portero()).args(arguments).current_dir(repository()).output().expect("it starts")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_policy_has_tests_and_they_hold() {
    let names = |extension| files(extension).iter().map(|path| stem(path)).collect::<BTreeSet<_>>();
    assert_eq!(names("cfg"), names("test"));
    let output = run(&["test", "examples/policies", "--coverage"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    let coverage = said.lines().find_map(|line| line.strip_prefix("coverage: ")).expect("it is said");
    let counts: Vec<_> =
        coverage.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    assert_eq!((counts[0], counts[2]), (counts[1], counts[3]), "{said}");
}

#[test]
fn every_policy_stands_in_the_file_of_its_name_and_is_laid_out() {
    for path in files("cfg") {
        let text = std::fs::read_to_string(&path).expect("text");
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("policy ")).collect();
        assert_eq!(names, [stem(&path)]);
        let output = run(&["fmt", "--check", &path.to_string_lossy()]);
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// The configuration in a file of tests, between `config` and `end`.
fn inline(tests: &str) -> String {
    let lines = tests.lines().skip_while(|line| *line != "config").skip(1);
    lines.take_while(|line| *line != "end").map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_tests_hold_for_the_toml_that_the_library_converts_to() {
    let folder = Folder::new();
    for path in [files("map"), files("html")].concat() {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        folder.write(&name, std::fs::read(&path).expect("it is there"));
    }
    for tests in files("test") {
        let text = std::fs::read_to_string(&tests).expect("text");
        let name = stem(&tests);
        let using = folder.write(&format!("{name}.cfg"), inline(&text));
        let library = tests.with_extension("cfg");
        let converted = run(&["convert", &library.to_string_lossy(), &using.to_string_lossy()]);
        assert!(converted.status.success(), "{}", said(&converted));
        let toml = folder.write(&format!("{name}.toml"), &converted.stdout);
        let shown = String::from_utf8_lossy(&converted.stdout);
        assert!(shown.contains(&format!("[policy.{name}]")), "{shown}");
        let output = run(&["test", &tests.to_string_lossy(), "-f", &toml.to_string_lossy()]);
        assert!(output.status.success(), "{}\n{shown}", said(&output));
    }
}

/// The part of docs/policies.md about the library: what stands above each policy and each of its parameters.
fn page() -> String {
    let mut page = String::new();
    for path in files("cfg") {
        let text = std::fs::read_to_string(&path).expect("text");
        let (mut comment, mut rows) = (String::new(), String::new());
        for line in text.lines().map(str::trim) {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["#", ..] => comment = format!("{comment} {}", &line[1..].trim()).trim().to_owned(),
                ["policy", name] => {
                    let _ = writeln!(page, "### {name}\n\n{comment}\n");
                    comment.clear();
                }
                ["param", name, kind, ref rest @ ..] => {
                    assert!(!comment.is_empty(), "nothing is said of '{name}' in {}", path.display());
                    let default = match rest {
                        ["default", words @ ..] => format!("`{}`", words.join(" ")),
                        _ => "must be given".to_owned(),
                    };
                    let _ = writeln!(rows, "| `{name}` | {kind} | {default} | {comment} |");
                    comment.clear();
                }
                _ => comment.clear(),
            }
        }
        let _ = writeln!(page, "| parameter | type | default | |\n|---|---|---|---|\n{rows}");
    }
    page
}

#[test]
fn the_page_says_what_each_policy_takes() {
    let path = repository().join("docs/policies.md");
    let text = std::fs::read_to_string(&path).expect("docs/policies.md");
    let (open, close) = ("<!-- library -->\n", "<!-- end -->");
    let (before, rest) = text.split_once(open).expect("the mark is there");
    let (_, after) = rest.split_once(close).expect("the mark is closed");
    let wanted = format!("{before}{open}{}{close}{after}", page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("docs/policies.md can be written");
    }
    let text = std::fs::read_to_string(&path).expect("docs/policies.md");
    assert!(
        text == wanted,
        "docs/policies.md is not what the library says: run this test with UPDATE_DOCS=1"
    );
}

/// A proxy with policies of the library beside its configuration.
fn with_library(names: &[&str], config: &str) -> portero_tests::Starting {
    let mut starting = Proxy::with(config).door("second");
    for name in names {
        let path = library().join(format!("{name}.cfg"));
        starting = starting.argument("-f").argument(&path.to_string_lossy());
    }
    starting
}

#[test]
fn one_policy_is_applied_in_two_frontends_with_other_values() {
    let origin = Origin::answering("app");
    let proxy = with_library(
        &["maintenance", "cors"],
        "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n\
         frontend shop\n bind ${front}\n\
         apply cors origins=https://shop.example max-age=60\n\
         apply maintenance retry-after=30 allow=192.0.2.1 if { path_beg /basket }\n default_backend app\n\
         frontend office\n bind ${second}\n\
         apply cors origins=https://office.example credentials=true\n\
         apply maintenance retry-after=900 allow=192.0.2.1 page=\"string closed\"\n default_backend app\n\
         backend app\n server a ${app}\n",
    )
    .set("app", origin.address())
    .start();

    let preflight = "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n\
                     Access-Control-Request-Method: PUT\r\n\r\n";
    let answer = proxy.connect().send(preflight).response();
    assert_eq!((answer.status(), answer.header("access-control-max-age")), (204, Some("60")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    let other = portero_tests::Client::to(proxy.door("second")).send(preflight).response();
    assert_eq!((other.status(), other.header("access-control-allow-origin")), (403, None));

    assert_eq!(proxy.get("/books").status(), 200);
    let basket = proxy.get("/basket");
    assert_eq!((basket.status(), basket.header("retry-after")), (503, Some("30")));
    let office = portero_tests::get(proxy.door("second"), "/books");
    assert_eq!((office.status(), office.header("retry-after")), (503, Some("900")));
    assert_eq!(office.text(), "closed");
}

#[test]
fn clients_are_limited_in_each_frontend_by_its_own_rate() {
    let origin = Origin::answering("app");
    let proxy = with_library(
        &["rate-limit", "rate-limit-key"],
        "\
         defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n\
         frontend shop\n bind ${front}\n apply rate-limit rate=2 period=1h\n\
         apply rate-limit-key rate=1 anonymous=1000 period=1h retry-after=3600\n default_backend app\n\
         frontend office\n bind ${second}\n apply rate-limit rate=4 period=1h retry-after=7\n default_backend app\n\
         backend app\n server a ${app}\n",
    )
    .set("app", origin.address())
    .start();

    let statuses = |door: &str, times: usize| -> Vec<u16> {
        (0..times).map(|_| portero_tests::get(proxy.door(door), "/").status()).collect()
    };
    let key = "GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: one\r\n\r\n";
    assert_eq!(proxy.connect().send(key).response().status(), 200);
    let again = proxy.connect().send(key).response();
    assert_eq!((again.status(), again.header("retry-after")), (429, Some("3600")), "the key is spent");
    assert_eq!(statuses("front", 1), [429], "and so is the rate of the client");
    assert_eq!(statuses("second", 5), [200, 200, 200, 200, 429], "which the office counts for itself");
    let refused = portero_tests::get(proxy.door("second"), "/");
    assert_eq!(refused.header("retry-after"), Some("7"));
}

#[test]
fn what_servers_say_and_what_the_proxy_says_gets_the_security_headers() {
    let origin = Origin::answering("app");
    let proxy = with_library(
        &["security-headers", "basic-auth"],
        "userlist team\n user anna insecure-password secret\n\
         defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n\
         frontend site\n bind ${front}\n bind ${second}\n\
         apply security-headers frame=SAMEORIGIN\n\
         apply basic-auth users=team if { path_beg /inside }\n default_backend app\n\
         backend app\n server a ${app}\n",
    )
    .set("app", origin.address())
    .start();

    let page = proxy.get("/");
    assert_eq!((page.status(), page.header("x-frame-options")), (200, Some("SAMEORIGIN")));
    let asked = proxy.get("/inside");
    assert_eq!((asked.status(), asked.header("x-content-type-options")), (401, Some("nosniff")));
    let request = "GET /inside HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YW5uYTpzZWNyZXQ=\r\n\r\n";
    assert_eq!(proxy.connect().send(request).response().status(), 200);
}

#[test]
fn a_configuration_of_either_kind_can_name_the_library_itself() {
    let (folder, library) = (Folder::new(), library().display().to_string());
    let cfg = format!(
        "global\n policy-path {library}\nfrontend f\n mode http\n bind :80\n timeout client 5s\n\
         apply maintenance\n http-request deny\n"
    );
    let toml = format!(
        "[global]\npolicy_path = '{library}'\n[frontend.f]\nbind = ':80'\ntimeouts.client = '5s'\n\
         apply = [{{ policy = 'maintenance', retry-after = 5 }}]\nrules = 'http-request deny'\n"
    );
    for (name, text) in [("haproxy.cfg", cfg), ("portero.toml", toml)] {
        let file = folder.write(name, text);
        let output = run(&["check", &file.to_string_lossy()]);
        assert!(output.status.success(), "{}", said(&output));
        let request = ["--request", "GET /", "--src", "192.0.2.1"];
        let output = run(&[&["explain", "-f", &file.to_string_lossy()][..], &request].concat());
        assert!(said(&output).contains("503"), "{}", said(&output));
    }
}

#[test]
fn a_mistake_shows_the_line_of_the_library_and_the_one_that_applies_it() {
    let folder = Folder::new();
    let file = folder.write(
        "haproxy.cfg",
        "frontend f\n    mode http\n    bind :0\n    timeout client 1s\n    apply canary backend=new key=nowhere\n",
    );
    let library = library().join("canary.cfg");
    let output = run(&["-c", "-f", &library.to_string_lossy(), "-f", &file.to_string_lossy()]);
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    for part in ["unknown fetch 'nowhere'", "canary.cfg:", "'canary' is applied here", "haproxy.cfg:5:5"] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
}
