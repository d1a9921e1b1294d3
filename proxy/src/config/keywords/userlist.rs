//! The section `userlist` (HAProxy manual, section 12.2).

use portero_grammar::{Diagnostic, Word};
use portero_policies::users::{Crypt, Secret};

use super::{Call, MANY, Place, Row, row};
use crate::config::userlists::{Member, UserlistDraft};

pub(in crate::config) const ROWS: &[Row<UserlistDraft>] =
    &[row("group", Place::ANY, (1, MANY), group), row("user", Place::ANY, (1, MANY), user)];

/// `user NAME [password HASH | insecure-password TEXT] [groups NAME,NAME]`
fn user(c: &mut Call<'_, UserlistDraft>) -> Result<(), Diagnostic> {
    let name = unused(c, |list| &list.users)?;
    let (mut secret, mut groups) = (None, Vec::new());
    for pair in c.args[1..].chunks(2) {
        let [keyword, value] = pair else {
            return Err(c.about(&pair[0], format!("a word is missing behind '{}'", pair[0].text)));
        };
        match keyword.text.as_str() {
            "password" | "insecure-password" if secret.is_some() => {
                return Err(c.about(keyword, "a user has one password"));
            }
            "password" => {
                secret = Some(Secret::Crypt(Crypt::parse(&value.text).map_err(|why| c.about(value, why))?));
            }
            "insecure-password" => secret = Some(Secret::Plain(value.text.clone())),
            "groups" => groups.extend(names(value)),
            other => {
                let error = c.about(keyword, format!("unexpected '{other}'"));
                return Err(error.did_you_mean(other, ["password", "insecure-password", "groups"]));
            }
        }
    }
    c.target.users.push(Member { name: name.clone(), secret, others: groups });
    Ok(())
}

/// `group NAME [users NAME,NAME]`
fn group(c: &mut Call<'_, UserlistDraft>) -> Result<(), Diagnostic> {
    let name = unused(c, |list| &list.groups)?;
    let mut users = Vec::new();
    for pair in c.args[1..].chunks(2) {
        match pair {
            [keyword, value] if keyword.text == "users" => users.extend(names(value)),
            [keyword] if keyword.text == "users" => {
                return Err(c.about(keyword, "names are missing behind 'users'"));
            }
            [keyword, ..] => {
                let error = c
                    .about(keyword, format!("'users' and its names must stand here, not '{}'", keyword.text));
                return Err(error.did_you_mean(&keyword.text, ["users"]));
            }
            [] => {}
        }
    }
    c.target.groups.push(Member { name: name.clone(), secret: None, others: users });
    Ok(())
}

/// The name of a user or a group, which must be new.
fn unused<'c>(
    c: &Call<'c, UserlistDraft>,
    list: fn(&UserlistDraft) -> &Vec<Member>,
) -> Result<&'c Word, Diagnostic> {
    let name = c.word(0)?;
    match list(c.target).iter().any(|member| member.name.text == name.text) {
        true => Err(c.about(name, format!("there are two of the name '{}'", name.text))),
        false => Ok(name),
    }
}

/// Names between commas, each at its place.
fn names(word: &Word) -> impl Iterator<Item = Word> {
    word.text.split(',').filter(|name| !name.is_empty()).map(|name| Word::plain(name, word.span))
}
