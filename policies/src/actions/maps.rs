//! Actions on maps and ACL lists: set-map, del-map, add-acl, del-acl (HAProxy manual, section 4.4).

use std::sync::Arc;

use portero_api::{Action, Answer, Exchange};
use portero_grammar::rules::Family;

use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::Reported;
use crate::format::Escape;
use crate::maps::{self, List, Which};

const ACL: &[Family] = families::HTTP_BOTH;
const MAP: &[Family] = families::HTTP;

pub(super) static ROWS: &[ActionKind] = &[
    row("set-map", MAP, "(<map>) <key fmt> <value fmt>", "add an entry to a map, or change its value", |w| {
        let (list, key) = list_and_key(w)?;
        let value = w.text("a log format for the value", Escape::None)?;
        Ok(Box::new(Set { list, key, value: Some(value) }))
    }),
    row("del-map", MAP, "(<map>) <key fmt>", "take an entry out of a map", delete),
    row(
        "add-acl",
        ACL,
        "(<list>) <key fmt>",
        "add an entry to the list of an ACL, unless it is there",
        |w| {
            let (list, key) = list_and_key(w)?;
            Ok(Box::new(Set { list, key, value: None }))
        },
    ),
    row("del-acl", ACL, "(<list>) <key fmt>", "take an entry out of the list of an ACL", delete),
];

const fn row(
    name: &'static str,
    families: &'static [Family],
    syntax: &'static str,
    summary: &'static str,
    make: fn(&mut Words<'_, '_>) -> Made,
) -> ActionKind {
    ActionKind { name, families, syntax, summary, ends: false, make }
}

struct Set {
    list: Arc<List>,
    key: Text,
    value: Option<Text>,
}

impl Action for Set {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let value = self.value.as_ref().map(|text| {
            let mut value = Vec::new();
            text.write(exchange, &mut value);
            value
        });
        // A key or a value that the list cannot hold changes nothing, as in HAProxy.
        self.key.with(exchange, |_, key| drop(self.list.put(key, value.as_deref())));
        Answer::Continue
    }
}

struct Delete {
    list: Arc<List>,
    key: Text,
}

impl Action for Delete {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        // an entry that is not there need not be taken out
        self.key.with(exchange, |_, key| drop(self.list.delete(Which::Key(key))));
        Answer::Continue
    }
}

fn delete(words: &mut Words<'_, '_>) -> Made {
    let (list, key) = list_and_key(words)?;
    Ok(Box::new(Delete { list, key }))
}

/// The list in the parentheses, which some other rule looks at, and the first word behind it.
fn list_and_key(words: &mut Words<'_, '_>) -> Result<(Arc<List>, Text), Reported> {
    let name = match words.params() {
        [name] if !name.text.is_empty() => name,
        [_, second, ..] => {
            let message = format!("'{}': one list is named in the parentheses, this is more", words.name());
            return Err(words.compiler.error(second.span, message));
        }
        _ => {
            return Err(
                words.fail("the name of a list in parentheses is missing, for instance '(hosts.map)'")
            );
        }
    };
    let list = maps::store(words.compiler.context.common).compiling().open(&name.text);
    Ok((list, words.text("a log format for the key", Escape::None)?))
}
