//! The rule language for plugins: expressions and formats from a text.

use portero_api::{BadArg, Compile, Convert, Exchange, Expression, Format, Sample, SampleType};
use portero_grammar::rules::{Arg, Call};
use portero_grammar::{Diagnostics, FileId, Severity, Word};

use super::{Compiler, Reported};
use crate::Expr;
use crate::expr::{Step, convert};
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

    fn fetch(&self, name: &str, args: &[String]) -> Result<Box<dyn Expression>, BadArg> {
        self.apart(name, |compiler, word| {
            let (fetch, output, _) = compiler.fetch(&call(word, args))?;
            Ok(Box::new(Expr { fetch, steps: Box::default(), output }) as Box<dyn Expression>)
        })
    }

    fn converter(&self, name: &str, args: &[String]) -> Result<Box<dyn Convert>, BadArg> {
        self.apart(name, |compiler, word| {
            let call = call(word, args);
            let mut steps = Vec::new();
            compiler.converter(&call, SampleType::Any, &call, &mut steps)?;
            Ok(Box::new(Steps(steps.into())) as Box<dyn Convert>)
        })
    }

    fn fetches(&self) -> Vec<String> {
        self.vocabulary.fetches().map(str::to_owned).collect()
    }

    fn converters(&self) -> Vec<String> {
        self.vocabulary.converters().map(str::to_owned).collect()
    }
}

/// A converter behind the cast that it needs.
struct Steps(Box<[Step]>);

impl Convert for Steps {
    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        convert(&self.0, sample, exchange)
    }
}

/// A call that stands in no source.
fn call(name: &Word, args: &[String]) -> Call {
    let arg = |text: &String| Arg { text: text.clone(), span: name.span, raw: None };
    let args = (!args.is_empty()).then(|| args.iter().map(arg).collect());
    Call { name: name.text.clone(), name_span: name.span, args, span: name.span }
}

impl Compiler<'_> {
    /// Compiles a text that stands in no source: the first mistake becomes the answer instead of a diagnostic.
    fn apart<T>(
        &self,
        text: &str,
        build: impl FnOnce(&Compiler<'_>, &Word) -> Result<T, Reported>,
    ) -> Result<T, BadArg> {
        let mut found = Diagnostics::default();
        let word = Word::whole(text, FileId(u32::MAX));
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
