//! Users, their passwords and groups: the section `userlist` (HAProxy manual, section 12.2).

mod crypt;

use std::cell::RefCell;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

pub use crypt::Crypt;

/// The users of one section.
#[derive(Clone, Debug, Default)]
pub struct Userlist {
    /// By name.
    pub users: BTreeMap<String, User>,
}

/// A user.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// What must be known to be this user; nobody is without one.
    pub secret: Option<Secret>,
    /// The groups that the user is in.
    pub groups: Vec<String>,
}

/// A password as it is written down.
#[derive(Clone, Debug)]
pub enum Secret {
    /// `insecure-password`: as it is.
    Plain(String),
    /// `password`: by crypt(3).
    Crypt(Crypt),
}

impl Userlist {
    /// The user of that name, if this is the password.
    pub fn login(&self, name: &[u8], password: &[u8], memory: &Memory) -> Option<(&str, &User)> {
        let (name, user) = self.users.get_key_value(std::str::from_utf8(name).ok()?)?;
        let right = match user.secret.as_ref()? {
            Secret::Plain(secret) => is_same(secret.as_bytes(), password),
            Secret::Crypt(crypt) => memory.knows(crypt, password),
        };
        right.then_some((name, user))
    }
}

/// The passwords that were found right last: crypt(3) is slow on purpose, and a client sends its password with every
/// request. What is kept is a digest.
#[derive(Debug, Default)]
pub struct Memory(RefCell<Vec<[u8; 32]>>);

/// So many passwords are remembered; the one found right first makes room.
const REMEMBERED: usize = 64;

impl Memory {
    fn knows(&self, crypt: &Crypt, password: &[u8]) -> bool {
        let digest: [u8; 32] =
            Sha256::new().chain_update(crypt.text()).chain_update(password).finalize().into();
        if self.0.borrow().contains(&digest) {
            return true;
        }
        let right = crypt.verify(password);
        if right {
            let mut known = self.0.borrow_mut();
            if known.len() == REMEMBERED {
                known.remove(0);
            }
            known.push(digest);
        }
        right
    }
}

/// Compares without telling by the time it takes where two texts differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Userlist {
        let crypt = Crypt::parse("$1$abcd$Wqks0P95icUgZ.CWRRzfc.").expect("it is a hash");
        let user = |secret, group: &str| User { secret, groups: vec![group.to_owned()] };
        Userlist {
            users: BTreeMap::from([
                ("plain".to_owned(), user(Some(Secret::Plain("elgato".to_owned())), "g")),
                ("crypt".to_owned(), user(Some(Secret::Crypt(crypt)), "g")),
                ("none".to_owned(), user(None, "g")),
            ]),
        }
    }

    #[test]
    fn a_user_is_who_knows_the_password() {
        let (list, memory) = (list(), Memory::default());
        for _ in 0..2 {
            for (user, password, known) in [
                ("plain", "elgato", true),
                ("plain", "elgata", false),
                ("plain", "elgat", false),
                ("crypt", "elgato", true),
                ("crypt", "Elgato", false),
                ("none", "", false),
                ("nobody", "elgato", false),
            ] {
                let login = list.login(user.as_bytes(), password.as_bytes(), &memory);
                assert_eq!(login.is_some(), known, "{user}:{password}");
            }
        }
        assert_eq!(memory.0.borrow().len(), 1, "only what was right is remembered, once");
    }

    #[test]
    fn the_memory_has_a_bound() {
        let memory = Memory(RefCell::new(vec![[0; 32]; REMEMBERED]));
        assert!(list().login(b"crypt", b"elgato", &memory).is_some());
        assert_eq!(memory.0.borrow().len(), REMEMBERED);
    }
}
