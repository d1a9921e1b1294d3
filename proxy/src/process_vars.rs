//! Variables of the process (`proc.`): what the configuration sets at the start (`set-var`, `set-var-fmt` of the
//! global section), and expressions that are evaluated apart from any exchange.

use std::sync::Arc;

use portero_api::{Compile, Conn, Exchange, Kind, ProxyState, Sample, VarId, process_vars};
use portero_policies::format::Escape;
use portero_policies::{Compiler, Stage};

use crate::config::checked::{Checked, SetVar};
use crate::host::Program;

/// Evaluates the `set-var` lines of a configuration, which the program has turned to. They were compiled when it was
/// checked.
pub fn begin(program: &Program, checked: &Checked) {
    for (name, value) in &checked.global.set_vars {
        let sample = program.with_compiler(|compiler| evaluate(compiler, value));
        match (VarId::parse(&name.text), sample) {
            (Ok(id), Some(sample)) => process_vars().set(id, sample),
            (Ok(id), None) => drop(process_vars().unset(id)),
            (Err(why), _) => tracing::warn!("{why}"),
        }
    }
}

/// The value of an expression of the operator's; the error is a sentence.
pub fn expression(program: &Program, text: &str) -> Result<Option<Sample<'static>>, String> {
    program.with_compiler(|compiler| {
        let expression = compiler.expression(text).map_err(|bad| bad.message)?;
        let exchange = nobodys();
        let value = expression.value(&exchange);
        Ok(value.ok().flatten().map(Sample::into_owned))
    })
}

/// The text of a format of the operator's; the error is a sentence.
pub fn format(program: &Program, text: &str) -> Result<Sample<'static>, String> {
    program.with_compiler(|compiler| {
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

/// An exchange that is nobody's: all that an expression can see outside of traffic.
fn nobodys() -> Exchange {
    Exchange::new(Conn::of_nobody(Arc::new(ProxyState::new("GLOBAL", 1, Kind::Frontend, true))))
}
