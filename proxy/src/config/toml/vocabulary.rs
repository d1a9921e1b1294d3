//! What can be said in TOML: one row per key, with the keyword of `haproxy.cfg` that it stands for.
//!
//! A key is the keyword in snake case, its words joined by dots: `stats hide-version` is `stats.hide_version`, and
//! `timeout client` is `timeouts.client`. The rows drive four things: reading, converting, the JSON Schema and the
//! suggestions; what a keyword *means* stands in `config::keywords` alone.

use std::borrow::Cow;

/// A key of a section.
pub(crate) struct Key {
    /// The keyword of `haproxy.cfg`.
    pub(crate) keyword: &'static str,
    pub(crate) shape: Shape,
}

/// How the words behind a keyword stand in TOML.
pub(crate) enum Shape {
    /// One word: a string or a number.
    Word(Kind),
    /// `true` is the keyword alone.
    Switch(Off),
    /// `true` is the keyword alone, anything else is the word behind it.
    SwitchOr(Kind),
    /// Words: a string that is cut into them, or a list of them.
    Words,
    /// Lines: a string or a list of strings, each the words of one line.
    Lines,
    /// A table of words: `{ 503 = "/etc/errors/503.http" }` is one line per entry.
    Map,
    /// The words of one line as a string, or as a table.
    Record(&'static Record),
    /// Several of these in a list.
    Records(&'static Record),
    /// A table of these by name.
    Named(&'static Record),
}

/// What `false` says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    /// The keyword behind `no`.
    No,
    /// Nothing.
    Silent,
    /// Another keyword.
    Word(&'static str),
}

/// What a word is, for editors. `config::keywords` judges it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    /// `500`, `30s`, `2h`
    Time,
    /// `16384`, `16k`
    Size,
    OneOf(&'static [&'static str]),
}

/// A line as a table: words at fixed places in front and behind, parameters in any order between them.
pub(crate) struct Record {
    /// What the schema calls it.
    pub(crate) name: &'static str,
    pub(crate) head: &'static [Field],
    pub(crate) params: &'static [Field],
    pub(crate) tail: &'static [Field],
}

/// A key of a record.
pub(crate) struct Field {
    /// The word of `haproxy.cfg`, for the words at fixed places their name.
    pub(crate) word: &'static str,
    /// The key, where it is not the word in snake case.
    pub(crate) key: Option<&'static str>,
    pub(crate) form: Form,
}

/// How a parameter is written.
pub(crate) enum Form {
    /// A word of its own, or several.
    Flag(Off),
    /// A word with a value behind it.
    Value(Kind),
    /// The same, any number of times: a string or a list.
    Many,
    /// A word with one or several values behind it, up to the end of the line.
    Rest,
    /// `check`: a flag, or a table of what belongs to it.
    Check,
    /// A word with one value behind it, whose parts are joined by commas: a string or a list.
    Joined,
    /// A word with a name and a value behind it, any number of times: a table.
    Pairs,
    /// A word with a text behind it: a string as it stands, anything else as JSON.
    Json,
}

impl Key {
    /// The key with its tables: `timeouts.client`.
    pub(crate) fn path(&self) -> String {
        let path = snake(self.keyword).replace(' ', ".");
        match path.strip_prefix("timeout.") {
            Some(rest) => format!("timeouts.{rest}"),
            None => path,
        }
    }
}

impl Field {
    pub(crate) fn key(&self) -> Cow<'static, str> {
        self.key.map_or_else(|| snake(self.word).into(), Cow::Borrowed)
    }
}

/// The keys of a kind of section.
pub(crate) fn keys(section: &str) -> &'static [Key] {
    match section {
        "global" => super::keys::GLOBAL,
        "http-errors" => super::keys::HTTP_ERRORS,
        "userlist" => super::keys::USERLIST,
        "policy" => super::keys::POLICY,
        "peers" => super::keys::PEERS,
        "table" => super::keys::TABLE,
        _ => super::keys::PROXY,
    }
}

/// Whether a kind of section is a proxy, or the defaults of proxies.
pub(crate) fn is_proxy(kind: &str) -> bool {
    matches!(kind, "defaults" | "frontend" | "backend" | "listen" | "proxy")
}

/// Keys of a kind of section that are no keywords: they are lowered by hand.
pub(crate) fn own_keys(section: &str) -> &'static [&'static str] {
    match section {
        "policy" => &["lines", "rules"],
        _ if is_proxy(section) => &["apply", "check", "from", "lines", "options", "rules"],
        _ => &["lines"],
    }
}

/// `http-request` to `http_request`
pub(crate) fn snake(word: &str) -> String {
    word.replace('-', "_")
}

/// A keyword that takes one word.
pub(super) const fn word(keyword: &'static str, kind: Kind) -> Key {
    Key { keyword, shape: Shape::Word(kind) }
}

/// A keyword of the given shape.
pub(super) const fn key(keyword: &'static str, shape: Shape) -> Key {
    Key { keyword, shape }
}

/// A parameter that has a value.
pub(super) const fn value(word: &'static str, kind: Kind) -> Field {
    Field { word, key: None, form: Form::Value(kind) }
}

/// A parameter that stands alone.
pub(super) const fn flag(word: &'static str, off: Off) -> Field {
    Field { word, key: None, form: Form::Flag(off) }
}

/// A parameter that may come several times.
pub(super) const fn many(word: &'static str) -> Field {
    Field { word, key: None, form: Form::Many }
}

/// A parameter under a name of our own.
pub(super) const fn named(key: &'static str, word: &'static str, kind: Kind) -> Field {
    Field { word, key: Some(key), form: Form::Value(kind) }
}

/// A parameter of another form.
pub(super) const fn formed(word: &'static str, form: Form) -> Field {
    Field { word, key: None, form }
}
