//! Rules of several shapes. Each belongs to a number, which the request names.

use fastrand::Rng;

use crate::conditions::condition;
use crate::expressions::{Kind, expression, text};

/// One rule with the lines that show what it did.
pub(crate) struct Rule {
    /// What requests name it by.
    pub(crate) number: usize,
    /// Its lines.
    pub(crate) text: String,
}

impl Rule {
    /// A rule of any shape.
    pub(crate) fn random(number: usize, rng: &mut Rng) -> Rule {
        let mine = format!("{{ var(txn.rule) -m str r{number} }}");
        let text = match rng.u8(..10) {
            0..4 => show(&format!("%[{}]", text(rng)), &mine),
            4..7 => {
                let named = rng.bool();
                let (acls, condition) = condition(&format!("a{number}"), named, &mine, rng);
                acls + &answer("yes", &condition) + &answer("no", &mine)
            }
            7 => rewrite(rng, &mine),
            8 => redirect(rng, &mine),
            _ => variables(rng, &mine),
        };
        Rule { number, text }
    }
}

fn answer(word: &str, condition: &str) -> String {
    format!("    http-request return status 200 content-type text/plain string {word} if {condition}\n")
}

fn show(format: &str, condition: &str) -> String {
    format!(
        "    http-request return status 200 content-type text/plain lf-string '{format}' if {condition}\n"
    )
}

/// A rewrite, and what the request looks like behind it.
fn rewrite(rng: &mut Rng, mine: &str) -> String {
    let value = format!("'%[{}]'", expression(Kind::Str, rng));
    let action = match rng.u8(..9) {
        0 => format!("set-header x-new {value}"),
        1 => format!("add-header x-a {value}"),
        2 => "del-header x-a".to_owned(),
        3 => "replace-header x-list (.*),(.*) <\\\\2><\\\\1>".to_owned(),
        4 => "replace-value x-list ([a-z]+) <\\\\1>".to_owned(),
        5 => "replace-path /([^/]*)/?(.*) /\\\\2/\\\\1".to_owned(),
        6 => format!("set-path '/%[{},lower,url_enc]'", expression(Kind::Str, rng)),
        7 => "set-query a=1&%[query,lower]".to_owned(),
        _ => "set-uri /x%[path]?q=%[query]".to_owned(),
    };
    let shown =
        "%[method] %[url] %[req.hdr_cnt(x-a)] %[req.fhdr(x-a)] %[req.fhdr(x-list)] %[req.fhdr(x-new)]";
    format!("    http-request {action} if {mine}\n{}", show(shown, mine))
}

fn redirect(rng: &mut Rng, mine: &str) -> String {
    let (acls, condition) = condition("", false, mine, rng);
    let target = match rng.u8(..4) {
        0 => "prefix https://www.example.com".to_owned(),
        1 => "prefix https://www.example.com drop-query".to_owned(),
        2 => "location 'https://%[hdr(host),lower]/%[query]'".to_owned(),
        _ => "scheme https".to_owned(),
    };
    let code = rng.choice([301, 302, 303, 307, 308]).expect("there are some");
    format!(
        "{acls}    http-request redirect {target} code {code} if {condition}\n{}",
        answer("not-redirected", mine)
    )
}

/// Variables set by one rule and read by the next.
fn variables(rng: &mut Rng, mine: &str) -> String {
    let scope = rng.choice(["txn", "req", "sess"]).expect("there are some");
    let kinds = [(Kind::Str, "s"), (Kind::Int, "i"), (Kind::Ip, "p"), (Kind::Bin, "b")];
    let (kind, name) = *rng.choice(&kinds).expect("there are some");
    let (value, hex) = (expression(kind, rng), if kind == Kind::Bin { ",hex" } else { "" });
    let shown = format!("%[var({scope}.{name}){hex}] %[var({scope}.{name}),length] %[var(txn.none)]");
    format!("    http-request set-var({scope}.{name}) {value} if {mine}\n{}", show(&shown, mine))
}
