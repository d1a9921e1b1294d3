//! The tree of the rule language.

use crate::{Span, Word};

/// One statement: a line that the rule language owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `acl NAME TEST`
    Acl(Acl),
    /// Any rule: keyword, action, condition.
    Rule(Rule),
}

/// `acl api path_beg -i /api /v2`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Its name; several with one name are alternatives (HAProxy manual, section 7.1).
    pub name: Word,
    /// What it asks.
    pub test: Test,
    /// The whole line.
    pub span: Span,
}

/// An expression and what its samples are matched against: `path_beg -i /api /v2`, `hdr(host),lower -m str a b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The samples.
    pub expr: Expr,
    /// `-i`, `-f FILE`, `-m METHOD`, `-n`, `-u ID`, `-M`, in the order written.
    pub flags: Vec<Flag>,
    /// The patterns, with integer operators (`gt`, `le`) standing among them as written.
    pub patterns: Vec<Word>,
    /// From the expression to the last pattern.
    pub span: Span,
}

/// A flag of a test, with its argument where it takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// `-i`, `-f`, `-m`, `-n`, `-u` or `-M`.
    pub name: Word,
    /// The file, method or id.
    pub arg: Option<Word>,
}

/// A sample expression: `req.hdr(host),lower,field(1,.)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// Where the sample comes from.
    pub fetch: Call,
    /// What is made of it, in order.
    pub converters: Vec<Call>,
    /// The whole expression.
    pub span: Span,
}

/// A name with arguments: `field(1,.)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub name_span: Span,
    /// The arguments; `None` when there are no parentheses, empty arguments kept (`f(,x)` has two).
    pub args: Option<Vec<Arg>>,
    /// Name and arguments.
    pub span: Span,
}

/// An argument of a call, quotes and escapes taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its text. Bytes that are no UTF-8 stand as U+FFFD here and as themselves in [`Arg::bytes`].
    pub text: String,
    /// Its place.
    pub span: Span,
    /// The bytes, where they are not those of `text`.
    pub raw: Option<Box<[u8]>>,
}

impl Arg {
    /// An argument that is just its text.
    pub fn plain(text: impl Into<String>, span: Span) -> Arg {
        Arg { text: text.into(), span, raw: None }
    }

    /// The bytes that the argument stands for.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }
}

/// `if ...` or `unless ...` at the end of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// True for `unless`.
    pub unless: bool,
    /// What decides.
    pub cond: Cond,
    /// From the keyword to the end.
    pub span: Span,
}

/// The inside of a condition. `or` binds weaker than the implicit and, `!` binds strongest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cond {
    /// One must hold.
    Any(Vec<Cond>),
    /// All must hold.
    All(Vec<Cond>),
    /// It must not hold.
    Not(Box<Cond>, Span),
    /// A named or predefined ACL.
    Named(Word),
    /// An anonymous ACL in braces.
    Test(Test),
}

/// The families of rules, each evaluated at its own moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are those of the configuration
pub enum Family {
    TcpRequestConnection,
    TcpRequestSession,
    TcpRequestContent,
    TcpResponseContent,
    HttpRequest,
    HttpResponse,
    HttpAfterResponse,
    UseBackend,
    UseServer,
    Redirect,
    StickOn,
    StickMatch,
    StickStoreRequest,
    StickStoreResponse,
    HttpCheck,
    TcpCheck,
    MonitorFail,
    ForcePersist,
    IgnorePersist,
    ForceBeSwitch,
}

/// A rule: family, action, condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When it is evaluated, and what its action may be.
    pub family: Family,
    /// What it does. For families without an action word (`use_backend X`) the name is empty and the words are X.
    pub action: Action,
    /// When it applies; always, where absent.
    pub condition: Option<Condition>,
    /// The whole line.
    pub span: Span,
}

/// The action of a rule: `set-header X-A "%[src]"`, `set-var(txn.a) path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The name without its parentheses: `set-var`, `track-sc0`, `lua.x`.
    pub name: Word,
    /// What stands in the parentheses behind the name, cut at commas.
    pub params: Option<Vec<Arg>>,
    /// The words behind it, up to the condition. Their meaning belongs to the action.
    pub words: Vec<Word>,
    /// From the name to the last word.
    pub span: Span,
}

/// A log-format string, parsed: `%ci:%cp %{+Q}[req.hdr(host)]`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogFormat {
    /// Its parts in order.
    pub parts: Vec<LogPart>,
    /// Flags set for the whole format by a leading `%{+X}o`.
    pub global: LogFlags,
}

/// One part of a log format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPart {
    /// Literal text.
    Text(Vec<u8>),
    /// `%ci`, `%{+Q}r`, `%(name:type)ST`: an alias.
    Alias {
        /// The letters behind the percent sign.
        name: String,
        /// Its flags, the global ones included.
        flags: LogFlags,
        /// The name in `%(name)`, used by the json and cbor encodings.
        label: Option<String>,
        /// The type in `%(name:type)`, used by the same.
        cast: Option<Cast>,
        /// Its place.
        span: Span,
    },
    /// `%[expr]`
    Expr {
        /// The expression.
        expr: Expr,
        /// Its flags, the global ones included.
        flags: LogFlags,
        /// The name in `%(name)`.
        label: Option<String>,
        /// The type in `%(name:type)`.
        cast: Option<Cast>,
        /// Its place.
        span: Span,
    },
}

/// The type that an encoding gives an item: `%(name:sint)ci`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the configuration
pub enum Cast {
    Str,
    Sint,
    Bool,
    Raw,
}

/// The flags of a log-format part (HAProxy manual, section 8.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LogFlags {
    /// `+Q`: in double quotes.
    pub quote: bool,
    /// `+X`: hexadecimal.
    pub hex: bool,
    /// `+E`: escape double quotes, backslashes and closing brackets.
    pub escape: bool,
    /// `+M`: a dash when empty (mandatory fields).
    pub mandatory: bool,
    /// `+json`.
    pub json: bool,
    /// `+cbor`.
    pub cbor: bool,
    /// `+bin`.
    pub bin: bool,
}
