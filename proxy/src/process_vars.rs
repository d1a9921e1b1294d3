//! Variables of the process (`proc.`): what the configuration sets at the start (`set-var`, `set-var-fmt` of the
//! global section), and expressions that are evaluated apart from any exchange.

use std::sync::Arc;

use portero_api::{Compile, Conn, Exchange, Kind, ProxyState, Sample, VarId, process_vars};
use portero_grammar::{Diagnostics, FileId, Span};
use portero_policies::format::Escape;
use portero_policies::vocabulary::Context;
use portero_policies::{Compiler, Stage, Vocabulary};

use crate::config::checked::{Checked, SetVar};
use crate::config::files::ProxyFiles;
use crate::shared::Shared;

/// Evaluates the `set-var` lines of a configuration. They were compiled when it was checked.
pub fn begin(shared: &Shared, checked: &Checked) {
    for (name, value) in &checked.global.set_vars {
        let sample = with_compiler(shared, checked, |compiler| evaluate(compiler, value));
        match (VarId::parse(&name.text), sample) {
            (Ok(id), Some(sample)) => process_vars().set(id, sample),
            (Ok(id), None) => drop(process_vars().unset(id)),
            (Err(why), _) => tracing::warn!("{why}"),
        }
    }
}

/// The value of an expression of the operator's; the error is a sentence.
pub fn expression(shared: &Shared, checked: &Checked, text: &str) -> Result<Option<Sample<'static>>, String> {
    with_compiler(shared, checked, |compiler| {
        let expression = compiler.expression(text).map_err(|bad| bad.message)?;
        let exchange = nobodys();
        let value = expression.value(&exchange);
        Ok(value.ok().flatten().map(Sample::into_owned))
    })
}

/// The text of a format of the operator's; the error is a sentence.
pub fn format(shared: &Shared, checked: &Checked, text: &str) -> Result<Sample<'static>, String> {
    with_compiler(shared, checked, |compiler| {
        let format = Compile::format(compiler, text).map_err(|bad| bad.message)?;
        let mut line = Vec::new();
        format.render(&nobodys(), &mut line);
        Ok(Sample::text(line))
    })
}

fn evaluate(compiler: &Compiler<'_>, value: &SetVar) -> Option<Sample<'static>> {
    let exchange = nobodys();
    match value {
        SetVar::Expr(expr) => compiler.expr(expr, Stage::Request)?.get(&exchange).map(Sample::into_owned),
        SetVar::Format(format) => {
            let mut line = Vec::new();
            compiler.format_of(format, Stage::Request, Escape::None)?.write(&exchange, &mut line);
            Some(Sample::text(line))
        }
    }
}

/// Lends a compiler for what stands in no proxy.
pub fn with_compiler<T>(shared: &Shared, checked: &Checked, work: impl FnOnce(&Compiler<'_>) -> T) -> T {
    let vocabulary = Vocabulary::new(&shared.plugins);
    let files = ProxyFiles {
        default_path: checked.default_path.clone(),
        sources: checked.sources.clone(),
        at: Span { file: FileId(0), start: 0, end: 0 },
        pages: checked.http_errors.clone(),
        userlists: checked.userlists.clone(),
    };
    let (directory, common) = (&*shared.directory, &shared.common);
    let context = Context { proxy: "", directory, common, files: &files, here: None };
    let mut found = Diagnostics::default();
    let compiler = Compiler::new(&vocabulary, context, &checked.sources, &mut found);
    work(&compiler)
}

/// An exchange that is nobody's: all that an expression can see outside of traffic.
fn nobodys() -> Exchange {
    Exchange::new(Conn::of_nobody(Arc::new(ProxyState::new("GLOBAL", 1, Kind::Frontend, true))))
}
