//! The words of `filter trace`, and where its lines go.

use std::io::Write;

use portero_api::{BadArg, Setup};

/// What a use of the filter was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// What lines begin with: the name and the proxy.
    prefix: String,
    /// `quiet`
    pub(super) quiet: bool,
    /// `random-forwarding`
    pub(super) random: bool,
    /// `max-fwd`; 0 for no limit.
    pub(super) max_forward: usize,
    /// `hexdump`
    pub(super) hexdump: bool,
}

const WORDS: [&str; 5] = ["name", "quiet", "random-forwarding", "max-fwd", "hexdump"];

impl Options {
    /// Those of a line.
    pub(super) fn read(setup: &Setup<'_>) -> Result<Options, BadArg> {
        let mut name = "TRACE";
        let mut options =
            Options { prefix: String::new(), quiet: false, random: false, max_forward: 0, hexdump: false };
        let mut at = 0;
        while let Some(word) = setup.args.get(at) {
            let value = |what: &str| {
                let missing = || BadArg::at(at, format!("'{word}' needs {what} behind it"));
                setup.args.get(at + 1).ok_or_else(missing)
            };
            match word.as_str() {
                "quiet" => options.quiet = true,
                "random-forwarding" => options.random = true,
                "hexdump" => options.hexdump = true,
                "name" => {
                    name = value("a name")?;
                    at += 1;
                }
                "max-fwd" => {
                    let most = value("a number of bytes")?;
                    let bad = |_| BadArg::at(at + 1, format!("'{most}' is not a number of bytes"));
                    options.max_forward = most.parse().map_err(bad)?;
                    at += 1;
                }
                other => {
                    let words = WORDS.map(|word| format!("'{word}'")).join(", ");
                    return Err(BadArg::at(
                        at,
                        format!("unexpected '{other}' behind 'trace': it takes {words}"),
                    ));
                }
            }
            at += 1;
        }
        options.prefix = format!("[{name}/{}]", setup.proxy);
        Ok(options)
    }

    /// Writes a line, unless it is to be quiet.
    pub(super) fn say(&self, what: &str, how: &str) {
        if !self.quiet {
            let gap = if how.is_empty() { "" } else { " " };
            self.write(&format!("{} {what}{gap}{how}\n", self.prefix));
        }
    }

    /// Writes text as it is, at once: lines of several workers stay whole.
    pub(super) fn write(&self, text: &str) {
        // who closed our standard error wants no lines
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}
