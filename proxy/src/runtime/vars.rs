//! `get var`, `set var`: variables of the process.

use portero_api::{Sample, Scope, VarId, process_vars};

use super::call::{Answer, Call, done};
use crate::process_vars::{expression, format};

pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, String> {
    let name = call.arg(0).ok_or("A variable name is expected, such as 'proc.name'.")?;
    let id = VarId::parse(name).ok().filter(|id| id.scope == Scope::Proc);
    let value = id.and_then(|id| process_vars().get(id)).ok_or("Variable not found.")?;
    Ok(format!("{name}: {}\n", shown(&value)).into())
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Answer, String> {
    let name = call.arg(0).ok_or("A variable name is expected, such as 'proc.name'.")?;
    let id = VarId::parse(name)?;
    if id.scope != Scope::Proc {
        return Err(format!("'{name}' is no variable of the process: its name must begin with 'proc.'."));
    }
    let program = &call.daemon.program;
    let value = match (call.arg(1), call.arg(2)) {
        (Some("fmt"), Some(text)) => Some(format(program, text)?),
        (Some("expr"), Some(text)) | (Some(text), None) => expression(program, text)?,
        (Some(kind), Some(_)) => return Err(format!("'expr' or 'fmt' is expected, not '{kind}'.")),
        (None, _) => return Err("A value is expected.".to_owned()),
    };
    process_vars().set(id, value.ok_or("The expression has no value here.")?);
    done()
}

/// `type=str value=<a>`
fn shown(sample: &Sample<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (kind, value) = match sample {
        Sample::Bool(b) => ("bool", u8::from(*b).to_string()),
        Sample::Int(i) => ("sint", i.to_string()),
        Sample::Ip(ip) => (if ip.is_ipv4() { "ipv4" } else { "ipv6" }, ip.to_string()),
        Sample::Str(s) => ("str", text(s)),
        Sample::Bin(s) => ("bin", s.iter().map(|b| format!("{b:02X}")).collect()),
        Sample::Method(s) => ("meth", text(s)),
    };
    format!("type={kind} value=<{value}>")
}
