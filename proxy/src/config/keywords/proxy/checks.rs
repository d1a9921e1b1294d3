//! How servers are checked: `option httpchk` and its kin, `http-check`, `tcp-check`.
//!
//! The probe is a plugin. What belongs to it goes there as words; here only the kind of check is chosen.

use portero_grammar::{Diagnostic, Word, rules};

use super::super::{Call, Form, MANY, Row, inverts, not_yet, row};
use super::BACK_DEF;
use crate::config::checked::PluginUse;
use crate::config::draft::Draft;

pub(super) const ROWS: &[Row<Draft>] = &[
    inverts(row("option httpchk", BACK_DEF, (0, MANY), kind)),
    inverts(row("option ldap-check", BACK_DEF, (0, 0), kind)),
    inverts(row("option lua-check", BACK_DEF, (1, MANY), script)),
    inverts(row("option mysql-check", BACK_DEF, (0, MANY), kind)),
    inverts(row("option pgsql-check", BACK_DEF, (0, MANY), kind)),
    inverts(row("option redis-check", BACK_DEF, (0, 0), kind)),
    inverts(row("option smtpchk", BACK_DEF, (0, MANY), kind)),
    inverts(row("option ssl-hello-chk", BACK_DEF, (0, 0), kind)),
    inverts(row("option tcp-check", BACK_DEF, (0, 0), kind)),
    inverts(row("option wasm-check", BACK_DEF, (1, MANY), script)),
    row("http-check", BACK_DEF, (1, MANY), line),
    row("tcp-check", BACK_DEF, (1, MANY), line),
    not_yet("option external-check", BACK_DEF),
    not_yet("option spop-check", BACK_DEF),
    not_yet("external-check command", BACK_DEF),
    not_yet("external-check path", BACK_DEF),
];

/// The second word of the option is the name of the plugin.
fn kind(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let name = c.name.trim_start_matches("option ");
    if c.form != Form::Plain {
        if c.target.check.as_ref().is_some_and(|k| k.name.text == name) {
            c.target.check = None;
        }
        return Ok(());
    }
    // the request is said anew: what defaults add to theirs does not belong to it
    c.target.check_lines.disinherit(|line| is_send(line));
    c.target.check_is_inherited = false;
    let name = Word::plain(name, c.span);
    c.target.check = Some(PluginUse { name, args: c.args.to_vec(), lines: Vec::new() });
    Ok(())
}

/// `option lua-check NAME [ARGUMENT ...]`, `option wasm-check NAME [ARGUMENT ...]`: a check that a script has registered or a
/// module offers, under the name of its plugin.
fn script(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let kind = if c.name.ends_with("wasm-check") { "wasm." } else { "lua." };
    if c.form != Form::Plain {
        if c.target.check.as_ref().is_some_and(|k| k.name.text.starts_with(kind)) {
            c.target.check = None;
        }
        return Ok(());
    }
    let name = c.word(0)?;
    let name = Word::plain(format!("{kind}{}", name.text), name.span);
    c.target.check = Some(PluginUse { name, args: c.args[1..].to_vec(), lines: Vec::new() });
    Ok(())
}

fn line(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let mut words = vec![Word::plain(c.name, c.span)];
    words.extend_from_slice(c.args);
    if let Err(errors) = rules::statement(&words) {
        c.reading.out.extend(errors);
        return Ok(());
    }
    if is_send(&words)
        && std::mem::take(&mut c.target.check_is_inherited)
        && let Some(check) = &mut c.target.check
    {
        // a request of the section's own: that of the defaults does not show through
        check.args.clear();
    }
    c.target.check_lines.push(words);
    Ok(())
}

/// `http-check send`
fn is_send(line: &[Word]) -> bool {
    line[0].text == "http-check" && line.get(1).is_some_and(|word| word.text == "send")
}
