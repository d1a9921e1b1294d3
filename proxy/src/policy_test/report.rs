//! What is said of the tests, in the manner of `cargo test`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::coverage::Coverage;
use super::run::Verdict;
use super::tree::Case;
use super::{File, Options, formats};
use crate::explain::paint::Paint;
use crate::explain::text;

/// Says how the tests go.
pub struct Report {
    /// JSON takes the place of the text.
    quiet: bool,
    color: bool,
    junit: Option<PathBuf>,
}

/// The tests of a file, and how they went.
#[derive(Debug)]
pub struct Results {
    /// The tests that were run, by name.
    pub cases: Vec<(String, Verdict)>,
    /// Tests that were left out.
    pub filtered: usize,
    /// How long it took.
    pub took: Duration,
}

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

impl Results {
    /// None yet; so many are left out.
    pub fn new(filtered: usize) -> Results {
        Results { cases: Vec::new(), filtered, took: Duration::ZERO }
    }

    /// Tests that failed.
    pub fn failed(&self) -> impl Iterator<Item = &(String, Verdict)> {
        self.cases.iter().filter(|(_, verdict)| !verdict.failures.is_empty())
    }

    /// Requests that were sent.
    pub fn requests(&self) -> u64 {
        self.cases.iter().map(|(_, verdict)| verdict.requests).sum()
    }
}

impl Report {
    /// A report of a run with these options.
    pub fn new(options: &Options) -> Report {
        Report {
            quiet: options.json,
            color: std::io::stdout().is_terminal() && !options.json,
            junit: options.junit.clone(),
        }
    }

    /// True on a terminal.
    pub fn color(&self) -> bool {
        self.color
    }

    /// A file is begun.
    pub fn begin(&self, path: &Path, count: usize) {
        if !self.quiet {
            println!("     Running {}\n\nrunning {count} test{}", path.display(), plural(count));
        }
    }

    /// A test was run.
    pub fn case(&self, case: &Case, verdict: &Verdict) {
        if self.quiet {
            return;
        }
        match verdict.failures.is_empty() {
            true => println!("test {} ... {}", case.name, self.in_color(GREEN, "ok")),
            false => println!("test {} ... {}", case.name, self.in_color(RED, "FAILED")),
        }
    }

    /// A file has ended.
    pub fn end(&self, file: &File, results: &Results) {
        if self.quiet {
            return;
        }
        let failed = results.failed().count();
        if failed > 0 {
            println!("\nfailures:");
            for (name, verdict) in results.failed() {
                println!("\n---- {name} ----");
                for failure in &verdict.failures {
                    println!("{}", failure.render(&file.sources, self.color));
                }
                if !verdict.trace.is_empty() {
                    println!("\nwhat the request went through:");
                    println!("{}", text::steps(&verdict.trace, Paint::new(self.color)));
                }
            }
            println!("\nfailures:");
            results.failed().for_each(|(name, _)| println!("    {name}"));
        }
        let word = if failed == 0 { self.in_color(GREEN, "ok") } else { self.in_color(RED, "FAILED") };
        let (passed, requests) = (results.cases.len() - failed, results.requests());
        println!(
            "\ntest result: {word}. {passed} passed; {failed} failed; {} filtered out; {requests} request{}; finished in {:.2}s\n",
            results.filtered,
            plural(requests as usize),
            results.took.as_secs_f64()
        );
    }

    /// All files have ended; true when no test failed.
    pub fn finish(&self, all: &[(File, Results)], coverage: Option<&Coverage>) -> Result<bool, String> {
        if let Some(path) = &self.junit {
            std::fs::write(path, formats::junit(all))
                .map_err(|e| format!("error: '{}' cannot be written: {e}", path.display()))?;
        }
        if self.quiet {
            let mut json = formats::json(all);
            if let Some(coverage) = coverage {
                json["coverage"] = coverage.json();
            }
            println!("{json:#}");
        } else if let Some(coverage) = coverage {
            println!("{}", coverage.text(Paint::new(self.color)));
        }
        Ok(all.iter().all(|(_, results)| results.failed().next().is_none()))
    }

    fn in_color(&self, color: &str, word: &str) -> String {
        if self.color { format!("{color}{word}{PLAIN}") } else { word.to_owned() }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
