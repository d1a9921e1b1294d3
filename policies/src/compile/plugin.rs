//! The rule language for plugins: expressions and formats from a text.

use portero_api::{BadArg, Compile, Expression, Format};
use portero_grammar::{Diagnostics, FileId, Severity, Word};

use super::expr::whole;
use super::{Compiler, Reported};
use crate::format::Escape;

impl Compile for Compiler<'_> {
    fn expression(&self, text: &str) -> Result<Box<dyn Expression>, BadArg> {
        self.apart(text, |compiler, word| Ok(Box::new(compiler.expr_of(word)?) as Box<dyn Expression>))
    }

    fn format(&self, text: &str) -> Result<Box<dyn Format>, BadArg> {
        self.apart(text, |compiler, word| {
            Ok(Box::new(compiler.build_format(word, Escape::None)?) as Box<dyn Format>)
        })
    }
}

impl Compiler<'_> {
    /// Compiles a text that stands in no source: the first mistake becomes the answer instead of a diagnostic.
    fn apart<T>(
        &self,
        text: &str,
        build: impl FnOnce(&Compiler<'_>, &Word) -> Result<T, Reported>,
    ) -> Result<T, BadArg> {
        let mut found = Diagnostics::default();
        let word = Word::plain(text, whole(text, FileId(u32::MAX)));
        let built = {
            let compiler = Compiler::new(self.vocabulary, self.context, self.sources, &mut found);
            compiler.at(self.stage(), || build(&compiler, &word))
        };
        built.map_err(|_| {
            let first = found.iter().find(|d| d.severity == Severity::Error);
            BadArg::new(first.map_or_else(|| format!("'{text}' cannot be used"), |d| d.message.clone()))
        })
    }
}
