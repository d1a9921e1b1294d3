//! ACLs: declared, predefined, and the derivatives of fetches (HAProxy manual, sections 7.1 and 7.4).

use std::cell::Cell;
use std::rc::Rc;

use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, FileId, Span, Word};

use super::{Compiler, Reported};
use crate::Cond;
use crate::cond::{Node, Test};
use crate::matching::Method;
use crate::trace::{About, Shape};
use crate::vocabulary::{Acls, Needs};

/// A named ACL.
pub(crate) struct Acl {
    pub(crate) tests: Vec<Alternative>,
    /// Where its name stands first.
    pub(crate) span: Span,
    pub(crate) used: Cell<bool>,
    /// True when a line of it has a mistake: nothing more is said about it.
    pub(crate) broken: bool,
}

/// One line of an ACL.
#[derive(Clone)]
pub(crate) struct Alternative {
    pub(crate) test: Rc<Test>,
    pub(crate) needs: Needs,
    /// The fetch as written.
    pub(crate) fetch: String,
    /// How it was written.
    pub(crate) about: Rc<About>,
}

/// The predefined ACLs and what they stand for. `RDP_COOKIE` is known and refused.
pub(crate) const PREDEFINED: [(&str, &str); 22] = [
    ("FALSE", "always_false"),
    ("HTTP", "req.proto_http"),
    ("HTTP_1.0", "req.ver 1.0"),
    ("HTTP_1.1", "req.ver 1.1"),
    ("HTTP_2.0", "req.ver 2.0"),
    ("HTTP_3.0", "req.ver 3.0"),
    ("HTTP_CONTENT", "req.hdr_val(content-length) gt 0"),
    ("HTTP_URL_ABS", "url_reg ^[^/:]*://"),
    ("HTTP_URL_SLASH", "url_beg /"),
    ("HTTP_URL_STAR", "url *"),
    ("LOCALHOST", "src 127.0.0.1/8 ::1"),
    ("METH_CONNECT", "method CONNECT"),
    ("METH_DELETE", "method DELETE"),
    ("METH_GET", "method GET HEAD"),
    ("METH_HEAD", "method HEAD"),
    ("METH_OPTIONS", "method OPTIONS"),
    ("METH_POST", "method POST"),
    ("METH_PUT", "method PUT"),
    ("METH_TRACE", "method TRACE"),
    ("REQ_CONTENT", "req.len gt 0"),
    ("TRUE", "always_true"),
    ("WAIT_END", "wait_end"),
];

/// The words that take a suffix (`path_beg`), and the fetches behind them.
const DERIVED: [(&str, &str); 14] = [
    ("base", "base"),
    ("cook", "req.cook"),
    ("hdr", "req.hdr"),
    ("path", "path"),
    ("req.cook", "req.cook"),
    ("req.hdr", "req.hdr"),
    ("res.cook", "res.cook"),
    ("res.hdr", "res.hdr"),
    ("scook", "res.cook"),
    ("shdr", "res.hdr"),
    ("ssl_fc_sni", "ssl_fc_sni"),
    ("url", "url"),
    ("url_param", "url_param"),
    ("urlp", "url_param"),
];

/// The suffixes and the methods they mean.
const SUFFIXES: [(&str, Method); 7] = [
    ("_beg", Method::Beg),
    ("_dir", Method::Dir),
    ("_dom", Method::Dom),
    ("_end", Method::End),
    ("_len", Method::Len),
    ("_reg", Method::Reg),
    ("_sub", Method::Sub),
];

/// The fetch and the method of an ACL word such as `path_beg`.
pub(crate) fn derivative(name: &str) -> Option<(&'static str, Method)> {
    SUFFIXES.iter().find_map(|&(suffix, method)| {
        let stem = name.strip_suffix(suffix)?;
        DERIVED.iter().find(|(word, _)| *word == stem).map(|&(_, fetch)| (fetch, method))
    })
}

/// All ACL words with a suffix.
pub(crate) fn derivatives() -> impl Iterator<Item = String> {
    DERIVED.iter().flat_map(|(stem, _)| SUFFIXES.iter().map(move |(suffix, _)| format!("{stem}{suffix}")))
}

impl Compiler<'_> {
    pub(super) fn add_acl(&mut self, acl: &tree::Acl) {
        let name = &acl.name.text;
        let own = shown(name);
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if let Some((at, bad)) = own.char_indices().find(|&(_, c)| !good(c)) {
            let place = acl.name.part(at, at + bad.len_utf8());
            self.push(
                Diagnostic::error(place, format!("'{bad}' cannot be part of the name of an ACL"))
                    .help("letters, digits, '-', '_', '.' and ':' can"),
            );
        }
        let built = self.alternative(&acl.test, own);
        let entry = self.acls.entry(name.clone()).or_insert_with(|| Acl {
            tests: Vec::new(),
            span: acl.name.span,
            used: Cell::new(false),
            broken: false,
        });
        match built {
            Ok(alternative) => entry.tests.push(alternative),
            Err(Reported) => entry.broken = true,
        }
    }

    /// The lines of an ACL by name; marks it as used.
    pub(super) fn named(&self, name: &Word) -> Result<Vec<Alternative>, Reported> {
        if let Some(acl) = self.acls.get(&name.text) {
            acl.used.set(true);
            return if acl.broken { Err(Reported) } else { Ok(acl.tests.clone()) };
        }
        if let Some(&(_, text)) = PREDEFINED.iter().find(|(n, _)| *n == name.text) {
            return self.predefined(name, text).map(|one| vec![one]);
        }
        if name.text == "RDP_COOKIE" {
            return Err(self.error(name.span, "predefined ACL 'RDP_COOKIE' is not supported yet"));
        }
        let own = shown(&name.text);
        let scope = &name.text[..name.text.len() - own.len()];
        let mut known: Vec<&str> = self.acls.keys().filter_map(|known| known.strip_prefix(scope)).collect();
        known.retain(|known| !known.contains('/'));
        PREDEFINED.iter().for_each(|&(name, _)| known.push(name));
        let near = nearest_any_case(own, &known);
        let error = Diagnostic::error(name.span, format!("no such ACL: '{own}'"));
        Err(self.fail(match near {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error,
        }))
    }

    /// True for an ACL of the proxy or a predefined one.
    fn is_acl(&self, name: &str) -> bool {
        self.acls.contains_key(name) || is_predefined(name)
    }

    fn predefined(&self, name: &Word, text: &str) -> Result<Alternative, Reported> {
        if let Some(known) = self.predefined.borrow().get(text) {
            return Ok(known.clone());
        }
        let nowhere = Span { file: FileId(u32::MAX), start: 0, end: 0 };
        let words: Vec<Word> = text.split(' ').map(|w| Word::plain(w, nowhere)).collect();
        let test = self.parsed(tree::test(&words, name.span))?;
        let built = self.alternative(&test, &name.text)?;
        if let Some(&(_, key)) = PREDEFINED.iter().find(|(_, t)| *t == text) {
            self.predefined.borrow_mut().insert(key, built.clone());
        }
        Ok(built)
    }
}

impl Acls for Compiler<'_> {
    fn acl(&self, name: &tree::Arg) -> Result<Cond, String> {
        let named = match self.sources.applied(name.span.file) {
            Some(applied) if !is_predefined(&name.text) => applied.acl(&name.text),
            _ => name.text.clone(),
        };
        if !self.is_acl(&named) {
            return Err(format!("no such ACL: '{}'", name.text));
        }
        let word = Word::plain(named, name.span);
        let alternatives = self.named(&word).map_err(|_| format!("ACL '{}' has a mistake", name.text))?;
        let who = format!("ACL '{}'", name.text);
        let here = alternatives.into_iter().map(|one| self.here(one, &who, name.span));
        let (nodes, probes) = here.unzip();
        Ok(Cond { node: Node::any(nodes), shape: Some(Rc::new(Shape::acl(Some(&word), probes))) })
    }
}

/// Whether an ACL of this name is there without being declared.
pub fn is_predefined(name: &str) -> bool {
    PREDEFINED.iter().any(|(known, _)| *known == name)
}

/// An ACL's name as it is written: that of a policy has the name of the application in front, `cors/preflight`.
pub(super) fn shown(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The nearest name, without regard to case.
fn nearest_any_case<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let same = names.iter().copied().find(|n| n.eq_ignore_ascii_case(word));
    same.or_else(|| portero_grammar::nearest(word, names.iter().copied()))
}
