//! ACLs of a policy are its own: they get the name of the application in front, `cors/preflight`.
//!
//! Whose an ACL is tells the file that its name stands in. So a condition that an `apply` line hands over (`if internal`,
//! `except=internal`) means the ACLs of the section it is written in, wherever it comes to stand.

use portero_grammar::rules::Statement;
use portero_grammar::{Sources, Word};
use portero_policies::is_predefined;

use crate::config::defaults::each_name;

/// Gives the ACLs of a statement the names that they have in the section.
pub(in crate::config) fn rename(statement: &mut Statement, sources: &Sources) {
    let rename = |word: &mut Word| {
        if let Some(applied) = sources.applied(word.span.file).filter(|_| !is_predefined(&word.text)) {
            *word = Word::plain(applied.acl(&word.text), word.span);
        }
    };
    match statement {
        Statement::Acl(acl) => rename(&mut acl.name),
        Statement::Rule(rule) => {
            if let Some(condition) = &mut rule.condition {
                each_name(&mut condition.cond, &rename);
            }
        }
    }
}
