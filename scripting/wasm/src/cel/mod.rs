//! CEL, the expression language of Envoy's filters (`expr_create`), as far as they use it: attributes
//! (`request.headers['x']`), literals of all types, lists and maps, all operators, `has()`, and the functions of the table in
//! `functions`. Macros that walk lists (`all`, `exists`, `map`) and the types of protobuf are not there.
//!
//! An expression is bounded in its length, and nothing in it repeats: what it costs is known when it is read.

mod functions;
mod parse;
mod run;
#[cfg(test)]
mod tests;
mod tokens;
mod value;

use run::Run;
pub(crate) use value::Value;

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Expression(parse::Node);

/// What an attribute is worth, by the parts of its path; none where there is no such attribute.
pub(crate) type Find<'a> = &'a mut dyn FnMut(&[String]) -> Option<Value>;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Why it is none, as a part of a sentence.
    pub(crate) fn read(text: &str) -> Result<Expression, String> {
        parse::read(tokens::split(text)?).map(Expression)
    }

    /// Its value.
    ///
    /// # Errors
    ///
    /// Why it has none: an attribute or a key that is not there, an operator that does not fit its operands.
    pub(crate) fn value(&self, find: Find<'_>) -> Result<Value, String> {
        Run { find }.value(&self.0)
    }
}
