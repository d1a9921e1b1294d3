//! The shape of the vocabulary tables: every fetch and converter that the rule language knows is one row in a table.
//!
//! The same rows feed the compiler, the "did you mean" of its messages, and the reference in `docs/`.

use std::sync::Arc;

use portero_api::{BadArg, Common, Convert, Directory, Fetch, Here, Message, SampleType, VarId};
use portero_grammar::Span;
use portero_grammar::rules::tree::Arg;

use crate::Cond;
use crate::users::Userlist;

/// A fetch of the language (HAProxy manual, section 7.3).
pub struct FetchKind {
    /// Its name: `req.hdr`.
    pub name: &'static str,
    /// Other names of the same: `hdr`, `req.fhdr` is another row.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes at least and at most.
    pub args: (usize, usize),
    /// What it gives.
    pub output: SampleType,
    /// What must be there for it to have a value.
    pub needs: Needs,
    /// One line for the reference and the editor.
    pub summary: &'static str,
    /// Makes it.
    pub make: fn(&Args<'_>) -> Result<Box<dyn Fetch>, BadArg>,
}

/// A converter of the language (HAProxy manual, section 7.3.1).
pub struct ConvertKind {
    /// Its name: `lower`.
    pub name: &'static str,
    /// How many arguments it takes at least and at most.
    pub args: (usize, usize),
    /// What it takes; samples are cast to it first.
    pub input: SampleType,
    /// What it gives.
    pub output: SampleType,
    /// One line for the reference and the editor.
    pub summary: &'static str,
    /// Makes it.
    pub make: fn(&Args<'_>) -> Result<Box<dyn Convert>, BadArg>,
}

/// What part of an exchange a fetch looks at: says in which rules it can have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: constants, dates, internal state.
    Nothing,
    /// The client's connection.
    Connection,
    /// Bytes from the client before a decision (`req.len`, `req.payload`).
    RequestBytes,
    /// An HTTP request head.
    Request,
    /// What is kept of a request until its end: method, version, captures, unique id.
    RequestKept,
    /// A request body that a rule waited for.
    RequestBody,
    /// A server.
    Server,
    /// An HTTP response head.
    Response,
    /// Bytes from the server.
    ResponseBytes,
    /// The whole exchange: log formats only.
    Log,
}

/// The arguments of a call while it is compiled, with what surrounds it.
pub struct Args<'a> {
    /// The arguments as written.
    pub list: &'a [Arg],
    /// What surrounds the call.
    pub context: &'a Context<'a>,
    /// The ACLs that an argument may name.
    pub acls: &'a dyn Acls,
}

/// Finds ACLs by name.
pub trait Acls {
    /// The ACL that an argument names, to be asked at the present stage. The error is a sentence for the user.
    fn acl(&self, name: &Arg) -> Result<Cond, String>;
}

/// What surrounds an expression or a rule while it is compiled.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The proxy it stands in.
    pub proxy: &'a str,
    /// All proxies.
    pub directory: &'a Directory,
    /// What all workers share.
    pub common: &'a Arc<Common>,
    /// Where files are read from.
    pub files: &'a dyn Files,
    /// The thread that will run it; none while a configuration is checked.
    pub here: Option<&'a Here>,
}

/// Reads files that rules name (`-f`, maps, `lf-file`), with the rules of `default-path`.
pub trait Files {
    /// The bytes of a file, or why not.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The bytes of a file; none when there is no such file.
    fn read_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.read(path).map(Some)
    }

    /// File and line of a place, for what is shown to the operator.
    fn place(&self, _span: Span) -> Option<(String, u32)> {
        None
    }

    /// The error page of an `http-errors` section for a status; none when the section has no page for it, an error
    /// when there is no such section (`errorfiles NAME`).
    fn error_page(&self, section: &str, _status: u16) -> Result<Option<Message>, String> {
        Err(format!("unknown http-errors section '{section}'"))
    }

    /// The value of an environment variable, as the configuration left it (`setenv`).
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// The section `userlist` of that name, or a sentence that says there is none.
    fn userlist(&self, name: &str) -> Result<Arc<Userlist>, String> {
        Err(format!("there is no userlist '{name}'"))
    }
}

impl<'a> Args<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The argument at a place; absent and empty are the same.
    pub fn text(&self, index: usize) -> Option<&'a str> {
        self.list.get(index).map(|a| &*a.text).filter(|t| !t.is_empty())
    }

    /// The argument at a place, which must be there; `what` names it in the message.
    pub fn required(&self, index: usize, what: &str) -> Result<&'a str, BadArg> {
        self.text(index)
            .ok_or_else(|| BadArg::at(index, format!("argument {} ({what}) is missing", index + 1)))
    }

    /// An integer, when the argument is there.
    pub fn int(&self, index: usize) -> Result<Option<i64>, BadArg> {
        let parse =
            |text: &str| text.parse().map_err(|_| BadArg::at(index, format!("'{text}' is no integer")));
        self.text(index).map(parse).transpose()
    }

    /// An ACL by name.
    pub fn acl(&self, index: usize) -> Result<Cond, BadArg> {
        self.required(index, "the name of an ACL")?;
        self.acls.acl(&self.list[index]).map_err(|message| BadArg::at(index, message))
    }

    /// A variable.
    pub fn var(&self, index: usize) -> Result<VarId, BadArg> {
        VarId::parse(self.required(index, "a variable")?).map_err(|e| BadArg::at(index, e))
    }
}
