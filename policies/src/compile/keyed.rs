//! `<key> [table <table>]`: what rules on tables begin with.

use std::sync::Arc;

use portero_api::tables::Table;
use portero_grammar::{Diagnostic, Span, Word};

use super::expr::type_name;
use super::{Compiler, Reported};
use crate::Expr;
use crate::cast::castable;
use crate::tables::ask::sample_type;

/// What a key is made of, and the table that it is one of.
pub(crate) struct Keyed {
    pub(crate) key: Expr,
    pub(crate) table: Arc<dyn Table>,
}

impl Compiler<'_> {
    /// A key and its table, which is the proxy's own where none is named. `rule` is what the message points at where a word is
    /// missing.
    pub(crate) fn keyed(&self, words: &[Word], rule: Span) -> Result<Keyed, Reported> {
        let (key, name) = match words {
            [] => return Err(self.error(rule, "a key is missing: an expression such as 'src'")),
            [key] => (key, None),
            [key, table, name] if table.text == "table" => (key, Some(name)),
            [_, table] if table.text == "table" => {
                return Err(self.error(table.span, "the name of a table must follow 'table'"));
            }
            [_, table, _, extra, ..] if table.text == "table" => {
                return Err(self.error(extra.span, format!("unexpected '{}' behind the table", extra.text)));
            }
            [_, extra, ..] => {
                let error =
                    Diagnostic::error(extra.span, format!("unexpected '{}' behind the key", extra.text));
                return Err(self.fail(error.did_you_mean(&extra.text, ["table", "if", "unless"])));
            }
        };
        let (expr, table) = (self.expr_of(key), self.table(name, rule));
        let (expr, table) = (expr?, table?);
        let wanted = sample_type(table.schema().key);
        if !castable(expr.output(), wanted) {
            let (has, wants) = (type_name(expr.output()), type_name(wanted));
            let of = &table.schema().name;
            let message = format!("a key of the table '{of}' is made of {wants}, and this is {has}");
            return Err(self.error(key.span, message));
        }
        Ok(Keyed { key: expr, table })
    }

    fn table(&self, name: Option<&Word>, rule: Span) -> Result<Arc<dyn Table>, Reported> {
        let tables = &self.context.common.tables;
        let found = tables.get(name.map_or(self.context.proxy, |name| &name.text));
        found.ok_or_else(|| match name {
            Some(name) => {
                let known: Vec<_> = tables.all().iter().map(|table| table.schema().name.clone()).collect();
                let error = Diagnostic::error(name.span, format!("there is no table '{}'", name.text));
                self.fail(error.did_you_mean(&name.text, known.iter().map(|name| &**name)))
            }
            None => {
                let message = format!("'{}' has no table of its own", self.context.proxy);
                let help = "name one with 'table NAME', or give it a 'stick-table'";
                self.fail(Diagnostic::error(rule, message).help(help))
            }
        })
    }
}
