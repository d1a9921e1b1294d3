//! What a configuration file may ask about the process that reads it: variables, versions, features.

use std::collections::{BTreeMap, BTreeSet};

use super::Line;
use crate::Diagnostic;

/// Answers what variables and the predicates of `.if` ask (HAProxy manual, sections 2.3 and 2.4).
pub trait Environment {
    /// The value of a variable, `None` where it does not exist.
    fn var(&self, name: &str) -> Option<String>;

    /// All variables, for what reads them later.
    fn vars(&self) -> BTreeMap<String, String>;

    /// Told of each line once it is cut, before the next one is, so that `setenv` can take effect.
    /// `section` is the first word of the section's header. An error is reported beside the others.
    fn line(&mut self, section: &str, line: &Line) -> Result<(), Diagnostic> {
        let _ = (section, line);
        Ok(())
    }

    /// The version of HAProxy that is spoken.
    fn version(&self) -> Version;

    /// Whether a feature is built in (`feature(OPENSSL)`).
    fn feature(&self, name: &str) -> bool;

    /// Whether an option is on at run time (`enabled(SPLICE)`).
    fn enabled(&self, option: &str) -> bool;

    /// Name and version (in OpenSSL's counting) of the TLS library.
    fn ssl_library(&self) -> Option<(String, Version)> {
        None
    }

    /// The API number of AWS-LC, where that is the TLS library.
    fn awslc_api(&self) -> Option<u32> {
        None
    }

    /// Whether the TLS library runs in FIPS mode.
    fn fips_mode(&self) -> bool {
        false
    }

    /// Whether `.diag` messages are wanted (`-dD`).
    fn diagnostic_mode(&self) -> bool {
        false
    }
}

/// A version such as `3.5.1`, `2.4-dev19` or `1.1.1a`; missing numbers are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u32; 3],
    stage: Stage,
}

/// What stands behind the numbers, in the order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// `-dev19`, `-rc1`
    Before(u32),
    #[default]
    Release,
    /// OpenSSL's letter, `a` as 1.
    Letter(u32),
}

impl Version {
    /// A released version.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Version {
        Version { numbers: [major, minor, patch], stage: Stage::Release }
    }

    /// Reads a version as `haproxy -v` or `openssl version` write it. A build's suffix (`-50872d`) is left out.
    pub fn parse(text: &str) -> Option<Version> {
        let (numbers, suffix) = match text.split_once('-') {
            Some((numbers, suffix)) => (numbers, Some(suffix)),
            None => (text, None),
        };
        let trimmed = numbers.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let mut version = Version::default();
        for (i, number) in trimmed.split('.').enumerate() {
            *version.numbers.get_mut(i)? = number.parse().ok()?;
        }
        version.stage = match (&numbers[trimmed.len()..], suffix) {
            ("", None) => Stage::Release,
            ("", Some(suffix)) => before(suffix),
            (letter, _) if letter.len() == 1 => Stage::Letter(u32::from(letter.as_bytes()[0] - b'a' + 1)),
            _ => return None,
        };
        Some(version)
    }
}

fn before(suffix: &str) -> Stage {
    let number = |prefix: &str| {
        let rest = suffix.strip_prefix(prefix)?;
        let digits = rest.split('-').next().unwrap_or_default();
        if digits.is_empty() { Some(0) } else { digits.parse().ok() }
    };
    // Release candidates come after every dev version.
    let candidates = || number("rc").map(|n| u32::from(u16::MAX).saturating_add(n));
    let named = ["dev", "pre", "alpha", "beta"].into_iter().find_map(number);
    named.or_else(candidates).map_or(Stage::Release, Stage::Before)
}

/// An [`Environment`] held in memory.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The variables. `setenv`, `presetenv`, `unsetenv` and `resetenv` of a `global` section change them.
    pub vars: BTreeMap<String, String>,
    /// The version of HAProxy that is spoken.
    pub version: Version,
    /// The features built in.
    pub features: BTreeSet<String>,
    /// The run-time options that are on.
    pub enabled: BTreeSet<String>,
    /// Name and version of the TLS library.
    pub ssl_library: Option<(String, Version)>,
    /// Whether `.diag` messages are wanted.
    pub diagnostic_mode: bool,
}

impl Environment for Settings {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn vars(&self) -> BTreeMap<String, String> {
        self.vars.clone()
    }

    fn line(&mut self, section: &str, line: &Line) -> Result<(), Diagnostic> {
        if section != "global" {
            return Ok(());
        }
        let args: Vec<&str> = line.words.iter().skip(1).map(|w| w.text.as_str()).collect();
        match (line.keyword(), args.as_slice()) {
            ("setenv", [name, value]) => {
                self.vars.insert((*name).to_owned(), (*value).to_owned());
            }
            ("presetenv", [name, value]) => {
                self.vars.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
            }
            ("unsetenv", names @ [_, ..]) => names.iter().for_each(|name| drop(self.vars.remove(*name))),
            ("resetenv", names) => self.vars.retain(|name, _| names.contains(&name.as_str())),
            (word @ ("setenv" | "presetenv"), _) => {
                return Err(Diagnostic::error(line.span, format!("'{word}' takes a name and a value")));
            }
            ("unsetenv", []) => {
                return Err(Diagnostic::error(line.span, "'unsetenv' takes at least one name"));
            }
            _ => {}
        }
        Ok(())
    }

    fn version(&self) -> Version {
        self.version
    }

    fn feature(&self, name: &str) -> bool {
        self.features.contains(name)
    }

    fn enabled(&self, option: &str) -> bool {
        self.enabled.contains(option)
    }

    fn ssl_library(&self) -> Option<(String, Version)> {
        self.ssl_library.clone()
    }

    fn diagnostic_mode(&self) -> bool {
        self.diagnostic_mode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_they_were_released() {
        let order = [
            "1.1.1",
            "1.1.1a",
            "2.4-dev1",
            "2.4-dev19",
            "2.4-rc1",
            "2.4",
            "2.4.1",
            "3.5-dev5-50872daa6",
            "3.5",
        ];
        let versions: Vec<Version> = order.iter().map(|v| Version::parse(v).expect(v)).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
        assert_eq!(Version::parse("2.4"), Version::parse("2.4.0"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "abc", "1..2", "1.2.3.4", "1.2ab", "-1", "99999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
