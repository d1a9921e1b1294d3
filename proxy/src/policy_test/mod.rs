//! `portero test`: tests of policies, written beside them and run without a socket (docs/testing.md).
//!
//! `read` makes a [`tree::TestFile`] of a text, `run` plays each test on a stage of its own ([`crate::offline`]), `check`
//! compares what came of it with what was expected, `report` says so.

mod check;
mod coverage;
mod expect;
mod formats;
mod read;
mod report;
mod run;
mod tables;
mod tree;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use portero_grammar::cfg::add_bytes;
use portero_grammar::{Diagnostics, Sources};

use crate::config::checked::Checked;
use crate::config::{environment, load};
use coverage::Coverage;
use report::{Report, Results};
use run::Watcher;
use tree::{Case, Config, TestFile};

/// What is to be tested, and how it is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Files of tests, and folders of them.
    pub files: Vec<PathBuf>,
    /// `-f`: the configuration, in the place of the one that the tests name.
    pub config: Vec<PathBuf>,
    /// Only tests whose names contain one of these.
    pub filters: Vec<String>,
    /// `--junit`: where to write the results as JUnit XML.
    pub junit: Option<PathBuf>,
    /// `--json`: the results as JSON on standard output, in the place of the text.
    pub json: bool,
    /// `--coverage`: which rules and ACLs were never met.
    pub coverage: bool,
}

/// Runs all tests. Fails when one fails, when a file cannot be read, or when there is nothing to test.
pub fn main(options: &Options) -> ExitCode {
    match try_main(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn try_main(options: &Options) -> Result<bool, String> {
    let report = Report::new(options);
    let mut coverage = options.coverage.then(Coverage::default);
    let mut configs = Configs { options, known: HashMap::new() };
    let mut all = Vec::new();
    for path in paths(&options.files)? {
        let mut sources = Sources::default();
        let mut found = Diagnostics::default();
        let file = open(&path, &mut sources, &mut found)?;
        let known = match found.has_errors() {
            true => Err(found.render(&sources, report.color())),
            false => configs.of(&file, &sources, report.color()),
        };
        let tests = File { path, sources, tree: file };
        let results = tests.run(known?, options, &report, &mut coverage);
        all.push((tests, results));
    }
    report.finish(&all, coverage.as_ref())
}

/// A file of tests with its text.
struct File {
    path: PathBuf,
    sources: Sources,
    tree: TestFile,
}

impl File {
    fn run(
        &self,
        checked: Arc<Checked>,
        options: &Options,
        report: &Report,
        coverage: &mut Option<Coverage>,
    ) -> Results {
        let start = Instant::now();
        let wanted = |case: &&Case| {
            options.filters.is_empty() || options.filters.iter().any(|f| case.name.contains(f.as_str()))
        };
        let cases: Vec<&Case> = self.tree.cases.iter().filter(wanted).collect();
        report.begin(&self.path, cases.len());
        let mut results = Results::new(self.tree.cases.len() - cases.len());
        for case in cases {
            let watcher = coverage.as_mut().map_or(Watcher::Nobody, Watcher::Coverage);
            let mut verdict = run::run(&checked, case, watcher);
            if !verdict.failures.is_empty() {
                // once more, to see what happened
                verdict.trace = run::run(&checked, case, Watcher::Trace).trace;
            }
            report.case(case, &verdict);
            results.cases.push((case.name.clone(), verdict));
        }
        results.took = start.elapsed();
        report.end(self, &results);
        results
    }
}

fn open(path: &Path, sources: &mut Sources, found: &mut Diagnostics) -> Result<TestFile, String> {
    let bytes =
        std::fs::read(path).map_err(|e| format!("error: '{}' cannot be read: {e}", path.display()))?;
    let (file, diagnostic) = add_bytes(sources, path.to_string_lossy(), bytes);
    found.extend(diagnostic);
    Ok(read::read(sources, file, found))
}

/// The files that the paths name: themselves, or all that end in `.test` in a folder and those below it.
fn paths(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for path in named {
        match path.is_dir() {
            true => below(path, &mut all)
                .map_err(|e| format!("error: '{}' cannot be read: {e}", path.display()))?,
            false => all.push(path.clone()),
        }
    }
    match all.is_empty() {
        true => Err("error: there is no file whose name ends in '.test'".to_owned()),
        false => Ok(all),
    }
}

fn below(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type()?.is_dir() {
            true => below(&path, into)?,
            false if path.extension().is_some_and(|e| e == "test") => into.push(path),
            false => {}
        }
    }
    Ok(())
}

/// The configurations that were loaded so far.
struct Configs<'a> {
    options: &'a Options,
    known: HashMap<Vec<PathBuf>, Arc<Checked>>,
}

impl Configs<'_> {
    /// The configuration that a file of tests is about; the error is what there is to say about it.
    fn of(&mut self, file: &TestFile, sources: &Sources, color: bool) -> Result<Arc<Checked>, String> {
        let named = match &file.config {
            _ if !self.options.config.is_empty() => &self.options.config,
            Config::Files(files) => files,
            Config::Inline { files, text } => {
                let mut env = environment::process(None, false);
                let name = sources.name(file.file);
                let loaded = load::load_beside(files, name, text, &mut env, &load::Options::default());
                return usable(loaded, color);
            }
            Config::Unsaid => {
                let name = sources.name(file.file);
                return Err(format!(
                    "error: '{name}' names no configuration: write 'config FILE' in it, or '-f FILE' here"
                ));
            }
        };
        if let Some(known) = self.known.get(named) {
            return Ok(known.clone());
        }
        let checked = usable(load::load(named, &load::Options::default()), color)?;
        self.known.insert(named.clone(), checked.clone());
        Ok(checked)
    }
}

fn usable(loaded: load::Loaded, color: bool) -> Result<Arc<Checked>, String> {
    let said = || loaded.diagnostics.render(&loaded.sources, color);
    loaded.checked.map(Arc::new).ok_or_else(said)
}
