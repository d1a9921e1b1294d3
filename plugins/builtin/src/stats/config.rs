//! What the `stats` lines of a proxy say (HAProxy manual, 4.2).

use std::time::Duration;

use portero_api::{BadArg, Setup};

/// What is shown, to whom, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Config {
    /// `stats refresh`: how often a page without script loads itself anew.
    pub(super) refresh: Option<Duration>,
    /// `stats auth`: user and password, joined by a colon; nobody is asked when there are none.
    pub(super) users: Vec<String>,
    /// `stats realm`.
    pub(super) realm: String,
    /// `stats scope`: the names of proxies; all when there are none.
    pub(super) scope: Vec<String>,
    /// `stats show-version`; without it nothing says which version this is.
    pub(super) version: bool,
    /// `stats show-node`, and the name when it is not the process's own.
    pub(super) node: Option<Option<String>>,
    /// `stats show-desc`, and the text when it is not the process's own.
    pub(super) description: Option<Option<String>>,
    /// `stats show-legends`: addresses and modes.
    pub(super) legends: bool,
}

impl Config {
    /// Reads the lines: the first word of each is the one behind `stats`.
    pub(super) fn read(setup: &Setup<'_>) -> Result<Config, BadArg> {
        let mut config = Config {
            refresh: None,
            users: Vec::new(),
            realm: "HAProxy Statistics".into(),
            scope: Vec::new(),
            version: false,
            node: None,
            description: None,
            legends: false,
        };
        for (at, line) in setup.lines.iter().enumerate() {
            config.line(setup.proxy, at, line)?;
        }
        Ok(config)
    }

    fn line(&mut self, proxy: &str, at: usize, line: &[String]) -> Result<(), BadArg> {
        let (name, rest) = line.split_first().map_or(("", line), |(name, rest)| (name.as_str(), rest));
        let bad = |word: usize, message: String| BadArg::in_line(at, word, message);
        let one = || match rest {
            [word] => Ok(word.clone()),
            [] => Err(bad(0, format!("'{name}' needs a value"))),
            [_, surplus, ..] => Err(bad(2, format!("'{surplus}' is one word too many"))),
        };
        let joined = || (!rest.is_empty()).then(|| rest.join(" "));
        match name {
            "enable" => {}
            // The proxy looks at the URI; what comes here is meant for this page.
            "uri" => _ = one()?,
            "hide-version" => self.version = false,
            "show-version" => self.version = true,
            "show-legends" => self.legends = true,
            "show-node" => self.node = Some(joined()),
            "show-desc" => self.description = Some(joined()),
            "realm" => self.realm = one()?,
            "scope" => self.scope.push(Some(one()?).filter(|s| s != ".").unwrap_or_else(|| proxy.to_owned())),
            "refresh" => {
                let text = one()?;
                let time = duration(&text);
                self.refresh =
                    Some(time.ok_or_else(|| bad(1, format!("'{text}' is no time: '5s' or '500ms' is")))?);
            }
            "auth" => {
                let user = one()?;
                if !user.contains(':') {
                    return Err(bad(1, format!("'{user}' is no account: 'user:password' is")));
                }
                self.users.push(user);
            }
            _ => return Err(bad(0, format!("'stats {name}' is not supported"))),
        }
        Ok(())
    }
}

/// A time with its unit, seconds where there is none.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let micros = match &text[digits..] {
        "us" => 1,
        "ms" => 1_000,
        "" | "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    number.checked_mul(micros).map(Duration::from_micros)
}
