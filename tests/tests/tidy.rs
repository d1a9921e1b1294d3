//! The rules of the house, held by a test: what ARCHITECTURE.md calls an invariant is checked here where a program can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portero_tests::repository;
use serde_json::Value;

/// Lines of a file that nobody should need to exceed; the aim is 400.
const LONGEST_FILE: usize = 600;

/// Which of our crates a crate may use. `portero-tests` looks from outside and may use all.
const ARROWS: [(&str, &[&str]); 9] = [
    ("portero-grammar", &[]),
    ("portero-api", &[]),
    ("portero-policies", &["portero-grammar", "portero-api"]),
    ("portero-builtin", &["portero-api"]),
    ("portero-conformance", &["portero-api"]),
    ("portero-keys", &[]),
    ("portero-lua", &["portero-api", "portero-keys"]),
    ("portero-wasm", &["portero-api", "portero-keys"]),
    (
        "portero",
        &[
            "portero-grammar",
            "portero-policies",
            "portero-api",
            "portero-builtin",
            "portero-lua",
            "portero-wasm",
        ],
    ),
];

/// What only the daemon may know: sockets and what drives them.
const DAEMON_ONLY: [&str; 7] = ["tokio", "hyper", "hyper-util", "rustls", "tokio-rustls", "socket2", "mio"];

/// The files that may hold `unsafe`, each with its reason.
const UNSAFE_PLACES: [&str; 2] = [
    // a descriptor that was inherited is known by its number alone
    "proxy/src/inherit.rs",
    // socket options that no safe crate has: `tcp_info`, and the packet that `tcp-ss` keeps
    "proxy/src/net/sockopt.rs",
];

/// Names of plugins that mean other things as well, so that nothing follows from finding them.
const PLAIN_WORDS: [&str; 8] = ["tcp", "source", "hash", "uri", "first", "hdr", "stats", "trace"];

#[test]
fn dependencies_run_one_way() {
    let mut wrong = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().expect("a package has a name");
        if name == "portero-tests" {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
            panic!("{name} is a new crate: say in ARROWS what it may use");
        };
        for dependency in dependencies(&package) {
            if dependency.starts_with("portero") && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{name} must not know {dependency}"));
            }
            if name != "portero" && DAEMON_ONLY.contains(&dependency.as_str()) {
                wrong.push(format!("{name} must not know {dependency}: only the daemon does"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    assert!(read(&repository().join("Cargo.toml")).contains("unsafe_code = \"forbid\""));
    for package in packages() {
        let manifest = read(Path::new(package["manifest_path"].as_str().expect("a path")));
        // the daemon has them written out: it denies unsafe code, so that one file may allow it
        let own = package["name"] == "portero" && manifest.contains("unsafe_code = \"deny\"");
        assert!(own || manifest.contains("[lints]\nworkspace = true"), "{}", package["name"]);
    }
}

#[test]
fn unsafe_code_stands_only_in_named_places() {
    let unsafe_words = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
    for (path, text) in sources() {
        let place = relative(&path);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| unsafe_words.iter().any(|word| line.contains(word))).count();
        let named = UNSAFE_PLACES.contains(&place.as_str()) || place == "tests/tests/tidy.rs";
        assert!(found == 0 || named, "{place} holds `unsafe`");
    }
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), relative(&path)))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    assert_eq!(long, [], "over {LONGEST_FILE} lines: split by concern");
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!") && !text.is_empty())
        .map(|(path, _)| relative(&path))
        // unit tests beside the code and fuzz targets need no introduction of their own
        .filter(|path| !path.ends_with("tests.rs") && !path.contains("/fuzz/"))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_registered_plugin_is_a_folder_with_a_readme_of_the_same_parts() {
    let source = repository().join("plugins/builtin/src");
    let list = read(&source.join("lib.rs"));
    let mut count = 0;
    for call in list.lines().filter_map(|line| line.trim().strip_suffix("::plugin(),")) {
        let readme = source.join(call.replace("::", "/")).join("README.md");
        let text = fs::read_to_string(&readme).unwrap_or_else(|_| panic!("{} is missing", relative(&readme)));
        for part in ["## Name", "## Description", "## Syntax", "## Examples"] {
            assert!(text.contains(part), "{part} in {}", relative(&readme));
        }
        count += 1;
    }
    assert!(count >= 2, "the list of plugins is written otherwise than this test reads it");
}

#[test]
fn the_daemon_names_no_plugin() {
    let list = read(&repository().join("plugins/builtin/src/lib.rs"));
    let calls = list.lines().filter_map(|line| line.trim().strip_suffix("::plugin(),"));
    let names: Vec<_> = calls.filter_map(|call| call.rsplit("::").next()).collect();
    let mut named = Vec::new();
    for (path, text) in sources() {
        let place = relative(&path);
        // the language has some of the names as words of its own (`option httpchk`), and a default for `balance`
        let language =
            ["proxy/src/config/", "proxy/src/convert/"].iter().any(|folder| place.starts_with(folder));
        if !place.starts_with("proxy/src/") || language || place.contains("test") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in names.iter().filter(|name| !PLAIN_WORDS.contains(name)) {
            if code.contains(&format!("\"{name}\"")) || code.contains(&format!("portero_builtin::{name}")) {
                named.push(format!("{place} names {name}"));
            }
        }
    }
    assert_eq!(named, Vec::<String>::new(), "a plugin is looked up by the name in the configuration");
}

#[test]
fn every_example_is_started_by_a_test() {
    let stories: String =
        files(&repository().join("tests/tests"), "rs").iter().map(|path| read(path)).collect();
    let folders = fs::read_dir(repository().join("examples")).expect("there are examples");
    for folder in folders.flatten().filter(|entry| entry.path().is_dir()) {
        let name = format!("examples/{}", folder.file_name().display());
        assert!(stories.contains(&name), "no test starts {name}");
        assert!(folder.path().join("README.md").exists(), "{name} has no README.md");
    }
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for path in files(repository(), "md") {
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            let folder = path.parent().expect("a file is in a folder");
            if !outside && !target.is_empty() && !folder.join(target).exists() {
                broken.push(format!("{} -> {link}", relative(&path)));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_walking_order_in_architecture_md_is_that_of_real_files() {
    let text = read(&repository().join("ARCHITECTURE.md"));
    let order = text.lines().find(|line| line.contains(" -> ")).expect("the road stands on top");
    let names: Vec<_> = sources().into_iter().map(|(path, _)| relative(&path)).collect();
    for step in order.split(" -> ") {
        let step = step.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let (file, module) = (format!("/{step}.rs"), format!("/{step}/mod.rs"));
        let there = |name: &String| {
            name.starts_with("proxy/src") && (name.ends_with(&file) || name.ends_with(&module))
        };
        assert!(names.iter().any(there), "{step} is no file of proxy/src");
    }
}

#[test]
fn banned_crates_are_not_in_the_lock_file() {
    let (bans, lock) = (read(&repository().join("deny.toml")), read(&repository().join("Cargo.lock")));
    // what a named crate may still use of it, `cargo deny` checks
    let outright = bans
        .split("{ crate = \"")
        .skip(1)
        .filter(|rest| !rest.lines().next().is_some_and(|line| line.contains("wrappers")));
    let banned: Vec<_> = outright.filter_map(|rest| rest.split('"').next()).collect();
    assert!(banned.contains(&"ring"), "deny.toml is written otherwise than this test reads it");
    for name in banned {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name} is banned by deny.toml");
    }
}

/// The packages of the workspace as cargo sees them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(repository())
        .output()
        .expect("cargo starts");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("a list").clone()
}

/// What a package is built with; what only its own tests use is left out.
fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().expect("a list").iter();
    let built = all.filter(|dependency| dependency["kind"].as_str() != Some("dev"));
    built.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect()
}

/// All Rust files of ours, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let all = files(repository(), "rs");
    assert!(all.len() > 50, "the walk found {} files only", all.len());
    all.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Files below a folder with this extension, build products left out.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let skipped = name.to_string_lossy().starts_with('.') || name == "target";
        if path.is_dir() && !skipped {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}
