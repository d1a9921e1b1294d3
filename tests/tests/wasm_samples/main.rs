//! Filters of other people, as their own suites say that they work, over real sockets.
//!
//! A sample is a folder: a suite (`NAME.textpb`, Google's runner.proto as text), the configuration of the plugin where it
//! has one (`NAME.config`), and the plugin in as many languages as there are (`*.wasm`, `*.wat`), each of which has to pass
//! every suite. Our own samples are in `samples/`. `PORTERO_WASM_SAMPLES` names a folder of fetched ones, which are never
//! part of the repository: see CONTRIBUTING.md.

mod judge;
mod play;
mod suite;
mod textpb;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use portero_tests::repository;

use judge::judge;
use play::play;
use suite::{Suite, Test};

/// What came of the suites of a folder.
#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
    text: String,
}

#[test]
fn our_own_samples_pass_their_suites() {
    let report = samples(&ours(), "textpb");
    assert_eq!(report.failed, 0, "\n{}", report.text);
    assert!(report.passed >= 10, "\n{}", report.text);
    // one of them wants what a socket does not have, so that skipping is seen to be told
    assert_eq!(report.skipped, 1, "\n{}", report.text);
    assert!(report.text.contains("the property source.region is not to be had"), "\n{}", report.text);
}

#[test]
fn what_a_filter_does_otherwise_than_its_suite_says_is_seen() {
    let report = samples(&ours(), "wrong");
    assert_eq!((report.passed, report.skipped), (0, 0), "\n{}", report.text);
    for found in [
        "x-one is \"1\", expected \"2\"",
        "no x-three, expected \"3\"",
        "x-one is \"1\", expected none",
        "no fields with not \"x-one: 1\"",
        "the body is \"one+\" (4 bytes), expected \"two\"",
        "the body is \"1+2+\" (4 bytes), expected \"1+\" and \"2\"",
        "the body is \"refused\" (7 bytes), expected not \"refused\"",
        "the status is 403, expected 404",
        "the origin has the request for /, which was to be answered at once",
        "no request at the origin, the client has 403",
        "the log lacks what matches",
        "the log lacks not \"refused\"",
    ] {
        assert!(report.text.contains(found), "{found}:\n{}", report.text);
    }
}

#[test]
#[ignore = "samples that were fetched: name their folder in PORTERO_WASM_SAMPLES"]
fn fetched_samples_pass_their_suites() {
    let folder = std::env::var("PORTERO_WASM_SAMPLES").expect("PORTERO_WASM_SAMPLES names a folder");
    let report = samples(Path::new(&folder), "textpb");
    println!("{}", report.text);
    assert_eq!(report.failed, 0, "of {} tests", report.failed + report.passed);
    assert!(report.passed > 0, "there is nothing in {folder}");
}

fn ours() -> PathBuf {
    repository().join("tests/tests/wasm_samples/samples")
}

/// Plays all suites (files with that extension) of all samples below a folder on all of their modules.
fn samples(folder: &Path, suites: &str) -> Report {
    let mut report = Report::default();
    for sample in entries(folder, |path| path.is_dir()) {
        let modules = entries(&sample, |path| is(path, "wasm") || is(path, "wat"));
        for suite in entries(&sample, |path| is(path, suites)) {
            for module in &modules {
                report.suite(&suite, module);
            }
        }
    }
    let Report { passed, failed, skipped, .. } = report;
    let _ = writeln!(report.text, "{passed} passed, {failed} failed, {skipped} skipped");
    report
}

impl Report {
    /// Plays a suite on a module, and adds a line for it with what is to be said of its tests.
    fn suite(&mut self, path: &Path, module: &Path) {
        let suite = Suite::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let config = path.with_extension("config");
        let config = config.exists().then_some(config);
        let before = (self.passed, self.failed, self.skipped);
        let mut said = String::new();
        for test in &suite.tests {
            self.test(test, module, config.as_deref(), &mut said);
        }
        let name = path.parent().and_then(Path::file_name).unwrap_or_default().display();
        let (suite, module) = (path.file_stem().unwrap_or_default().display(), module.file_name());
        let module = module.unwrap_or_default().display();
        let _ = writeln!(
            self.text,
            "{name} {suite} {module}: {} passed, {} failed, {} skipped\n{said}",
            self.passed - before.0,
            self.failed - before.1,
            self.skipped - before.2,
        );
    }

    fn test(&mut self, test: &Test, module: &Path, config: Option<&Path>, said: &mut String) {
        let played = match play(test, module, config) {
            Ok(played) => played,
            Err(reason) => {
                self.skipped += 1;
                let _ = writeln!(said, "  skipped {}: {reason}", test.name);
                return;
            }
        };
        let judgement = judge(test, &played);
        for unseen in &judgement.unseen {
            let _ = writeln!(said, "  {}: not seen from outside: {unseen}", test.name);
        }
        for wrong in &judgement.wrong {
            let _ = writeln!(said, "  FAILED {}: {wrong}", test.name);
        }
        match judgement.wrong.is_empty() {
            true => self.passed += 1,
            false => self.failed += 1,
        }
    }
}

/// What of a folder is wanted, by name.
fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| wanted(path)).collect();
    found.sort();
    found
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|is| is == extension)
}
