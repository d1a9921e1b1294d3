//! Sections `userlist`: groups that name users and users that name groups, put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use portero_grammar::{Diagnostic, Word};
use portero_policies::users::{Secret, User, Userlist};

use super::reading::Reading;

/// A section as written.
#[derive(Default)]
pub(super) struct UserlistDraft {
    pub(super) users: Vec<Member>,
    pub(super) groups: Vec<Member>,
}

/// A user with its groups, or a group with its users.
pub(super) struct Member {
    pub(super) name: Word,
    /// The password of a user.
    pub(super) secret: Option<Secret>,
    pub(super) others: Vec<Word>,
}

/// The lists by name. Users and groups that are named but not there are reported.
pub(super) fn build(
    drafts: &BTreeMap<String, UserlistDraft>,
    reading: &mut Reading,
) -> BTreeMap<String, Arc<Userlist>> {
    drafts.iter().map(|(name, draft)| (name.clone(), Arc::new(list(name, draft, reading)))).collect()
}

fn list(name: &str, draft: &UserlistDraft, reading: &mut Reading) -> Userlist {
    let user =
        |user: &Member| (user.name.text.clone(), User { secret: user.secret.clone(), groups: Vec::new() });
    let mut list = Userlist { users: draft.users.iter().map(user).collect() };
    let from_users = draft.users.iter().flat_map(|user| user.others.iter().map(|group| (&user.name, group)));
    let from_groups =
        draft.groups.iter().flat_map(|group| group.others.iter().map(|user| (user, &group.name)));
    for (user, group) in from_users.chain(from_groups) {
        if !draft.groups.iter().any(|known| known.name.text == group.text) {
            reading.out.push(missing("group", group, name, &draft.groups));
            continue;
        }
        match list.users.get_mut(&user.text) {
            Some(user) if user.groups.contains(&group.text) => {}
            Some(user) => user.groups.push(group.text.clone()),
            None => reading.out.push(missing("user", user, name, &draft.users)),
        }
    }
    list
}

fn missing(kind: &str, word: &Word, list: &str, known: &[Member]) -> Diagnostic {
    let error =
        Diagnostic::error(word.span, format!("there is no {kind} '{}' in the userlist '{list}'", word.text));
    error.did_you_mean(&word.text, known.iter().map(|member| member.name.text.as_str()))
}
