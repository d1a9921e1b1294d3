//! The rule language for plugins at work: expressions are compiled when they are asked for, as of the newest configuration.

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{BadArg, Compile, Convert, Expression, Format, Here};
use portero_grammar::{Diagnostics, FileId, Span};
use portero_policies::vocabulary::Context;
use portero_policies::{Compiler, Vocabulary};

use crate::config::checked::Checked;
use crate::shared::Shared;

/// The words of a configuration, with all that a compiler needs.
pub(super) struct Language {
    shared: Arc<Shared>,
    checked: Arc<Checked>,
    words: Rc<Vocabulary>,
    here: Here,
}

impl Language {
    pub(super) fn new(
        shared: Arc<Shared>,
        checked: Arc<Checked>,
        words: Rc<Vocabulary>,
        here: Here,
    ) -> Language {
        Language { shared, checked, words, here }
    }

    /// Lends a compiler.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Compiler<'_>) -> T) -> T {
        compile_apart(&self.shared, &self.checked, &self.words, Some(&self.here), work)
    }
}

impl Compile for Language {
    fn expression(&self, text: &str) -> Result<Box<dyn Expression>, BadArg> {
        self.with(|compiler| compiler.expression(text))
    }

    fn format(&self, text: &str) -> Result<Box<dyn Format>, BadArg> {
        self.with(|compiler| Compile::format(compiler, text))
    }

    fn fetch(&self, name: &str, args: &[String]) -> Result<Box<dyn Expression>, BadArg> {
        self.with(|compiler| Compile::fetch(compiler, name, args))
    }

    fn converter(&self, name: &str, args: &[String]) -> Result<Box<dyn Convert>, BadArg> {
        self.with(|compiler| Compile::converter(compiler, name, args))
    }

    fn fetches(&self) -> Vec<String> {
        self.words.fetches().map(str::to_owned).collect()
    }

    fn converters(&self) -> Vec<String> {
        self.words.converters().map(str::to_owned).collect()
    }
}

/// Lends a compiler for what stands in no proxy.
pub fn compile_apart<T>(
    shared: &Shared,
    checked: &Checked,
    words: &Vocabulary,
    here: Option<&Here>,
    work: impl FnOnce(&Compiler<'_>) -> T,
) -> T {
    let files = checked.files_at(Span { file: FileId(0), start: 0, end: 0 });
    let (directory, common) = (&*shared.directory, &shared.common);
    let context = Context { proxy: "", directory, common, files: &files, here };
    let mut found = Diagnostics::default();
    let compiler = Compiler::new(words, context, &checked.sources, &mut found);
    work(&compiler)
}
