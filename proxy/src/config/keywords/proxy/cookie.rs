//! `cookie NAME ...`: persistence by a cookie.

use portero_grammar::Diagnostic;

use super::super::Call;
use crate::config::checked::{Cookie, CookieMode};
use crate::config::draft::Draft;

pub(super) fn cookie(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let mut cookie = blank(c.word(0)?.bytes());
    let mut at = 1;
    while let Some(word) = c.args.get(at) {
        let mut takes = 1;
        match word.text.as_str() {
            "rewrite" => set_mode(c, at, &mut cookie, CookieMode::Rewrite)?,
            "insert" => set_mode(c, at, &mut cookie, CookieMode::Insert)?,
            "prefix" => set_mode(c, at, &mut cookie, CookieMode::Prefix)?,
            "indirect" => cookie.indirect = true,
            "nocache" => cookie.nocache = true,
            "postonly" => cookie.postonly = true,
            "preserve" => cookie.preserve = true,
            "httponly" => cookie.httponly = true,
            "secure" => cookie.secure = true,
            "dynamic" => return Err(c.not_yet(word)),
            with_value => {
                takes = 2;
                match with_value {
                    "domain" => cookie.domains.push(c.word(at + 1)?.bytes().to_vec()),
                    "attr" => cookie.attributes.push(c.word(at + 1)?.bytes().to_vec()),
                    "maxidle" => cookie.maxidle = Some(c.seconds(at + 1)?),
                    "maxlife" => cookie.maxlife = Some(c.seconds(at + 1)?),
                    other => {
                        let error =
                            Diagnostic::error(word.span, format!("unknown '{other}' behind 'cookie'"));
                        return Err(error.did_you_mean(other, WORDS.iter().copied()));
                    }
                }
            }
        }
        at += takes;
    }
    c.target.cookie = Some(cookie);
    Ok(())
}

const WORDS: &[&str] = &[
    "rewrite", "insert", "prefix", "indirect", "nocache", "postonly", "preserve", "httponly", "secure",
    "domain", "attr", "maxidle", "maxlife", "dynamic",
];

fn set_mode(c: &Call<'_, Draft>, at: usize, cookie: &mut Cookie, mode: CookieMode) -> Result<(), Diagnostic> {
    if cookie.mode != CookieMode::Passive {
        let word = c.word(at)?;
        return Err(c.about(
            word,
            format!("'{}': only one of 'rewrite', 'insert' and 'prefix' can be chosen", word.text),
        ));
    }
    cookie.mode = mode;
    Ok(())
}

fn blank(name: &[u8]) -> Cookie {
    Cookie {
        name: name.to_vec(),
        mode: CookieMode::Passive,
        indirect: false,
        nocache: false,
        postonly: false,
        preserve: false,
        httponly: false,
        secure: false,
        domains: Vec::new(),
        attributes: Vec::new(),
        maxidle: None,
        maxlife: None,
    }
}
