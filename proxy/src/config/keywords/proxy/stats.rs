//! `stats ...` of a proxy: the statistics page.

use portero_grammar::rules::{Rule, Statement};
use portero_grammar::{Diagnostic, Word, rules};

use super::super::{Call, MANY, Row, gone, http, moot, row};
use super::{ALL, PROXY};
use crate::config::draft::Draft;

#[rustfmt::skip]
pub(super) const ROWS: &[Row<Draft>] = &[
    http(row("stats admin", PROXY, (2, MANY), admin)),
    http(row("stats auth", ALL, (1, 1), line)),
    http(row("stats enable", ALL, (0, 0), line)),
    http(row("stats hide-version", ALL, (0, 0), line)),
    http(row("stats http-request", PROXY, (1, MANY), http_request)),
    http(row("stats realm", ALL, (1, 1), line)),
    http(row("stats refresh", ALL, (1, 1), |c| { c.seconds(0)?; line(c) })),
    http(row("stats scope", ALL, (1, 1), line)),
    http(row("stats show-desc", ALL, (0, MANY), sentence)),
    http(row("stats show-legends", ALL, (0, 0), line)),
    http(row("stats show-modules", ALL, (0, 0), line)),
    http(row("stats show-node", ALL, (0, 1), line)),
    http(row("stats show-version", ALL, (0, 0), line)),
    http(row("stats uri", ALL, (1, 1), |c| {
        c.target.stats.uri = Some(c.word(0)?.bytes().to_vec());
        c.target.stats.wanted = Some(c.line);
        Ok(())
    })),
    moot("stats bind-process", ALL, "there is one process"),
    gone("stats socket", "it belongs to the section 'global'"),
];

/// A line that the page reads itself.
fn line(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let keyword = c.name.trim_start_matches("stats ");
    let mut words = vec![Word::plain(keyword, c.span)];
    words.extend_from_slice(c.args);
    c.target.stats.lines.push(words);
    c.target.stats.wanted = Some(c.line);
    Ok(())
}

/// A line whose words are one text.
fn sentence(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    line(c)?;
    if let (Some(words), [first, .., last]) = (c.target.stats.lines.last_mut(), c.args) {
        let text = words.drain(1..).map(|word| word.text).collect::<Vec<_>>().join(" ");
        words.push(Word::plain(text, first.span.to(last.span)));
    }
    Ok(())
}

/// `stats admin if COND`: whose requests may change servers.
fn admin(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    match rules::condition(c.args) {
        Ok(condition) => c.target.stats.admin.extend(condition),
        Err(errors) => c.reading.out.extend(errors),
    }
    c.target.stats.wanted = Some(c.line);
    Ok(())
}

/// `stats http-request allow|deny|auth ...`: a rule of its own set.
fn http_request(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let action = c.word(0)?;
    if !matches!(&*action.text, "allow" | "deny" | "auth") {
        let error = Diagnostic::error(
            action.span,
            format!("'{}' cannot be done by 'stats http-request'", action.text),
        );
        return Err(error.did_you_mean(&action.text, ["allow", "deny", "auth"]));
    }
    let mut words = vec![Word::plain("http-request", c.span)];
    words.extend_from_slice(c.args);
    match rules::statement(&words) {
        Ok(Statement::Rule(rule)) => c.target.stats.rules.push(Rule { span: c.line, ..rule }),
        Ok(Statement::Acl(_)) => {}
        Err(errors) => c.reading.out.extend(errors),
    }
    c.target.stats.wanted = Some(c.line);
    Ok(())
}
