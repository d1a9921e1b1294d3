//! Passwords as crypt(3) writes them down: MD5 (`$1$`), SHA-256 (`$5$`) and SHA-512 (`$6$`).

use md5::{Digest, Md5};
use sha_crypt::{Sha256Params, Sha512Params, sha256_crypt_b64, sha512_crypt_b64};

use super::is_same;

/// A password that was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypt {
    /// As written: `$6$salt$hash`.
    text: String,
    scheme: Scheme,
    salt: String,
    hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Md5,
    /// With the number of rounds.
    Sha256(usize),
    Sha512(usize),
}

/// The rounds of SHA-crypt where nothing is said, and its bounds (Drepper, "Unix crypt using SHA-256 and SHA-512").
const ROUNDS: usize = 5_000;
const LEAST_ROUNDS: usize = 1_000;
const MOST_ROUNDS: usize = 999_999_999;

impl Crypt {
    /// Takes a hash apart. The error is a sentence.
    pub fn parse(text: &str) -> Result<Crypt, String> {
        let mut parts = text.strip_prefix('$').ok_or_else(old)?.split('$');
        let scheme = parts.next().unwrap_or_default();
        let mut salt = parts.next().unwrap_or_default();
        let rounds = salt.strip_prefix("rounds=").filter(|_| scheme != "1");
        let rounds = match rounds {
            None => ROUNDS,
            Some(number) => {
                salt = parts.next().unwrap_or_default();
                let number = number.parse().map_err(|_| format!("'{number}' is no number of rounds"))?;
                usize::clamp(number, LEAST_ROUNDS, MOST_ROUNDS)
            }
        };
        let (scheme, length, longest_salt) = match scheme {
            "1" => (Scheme::Md5, 22, 8),
            "5" => (Scheme::Sha256(rounds), 43, 16),
            "6" => (Scheme::Sha512(rounds), 86, 16),
            other => {
                return Err(format!(
                    "passwords of the kind '${other}$' are not supported: $1$, $5$ and $6$ are"
                ));
            }
        };
        let hash = parts.next().unwrap_or_default();
        if hash.len() != length || parts.next().is_some() {
            return Err(format!("the hash is not one of {length} characters behind the salt"));
        }
        let salt = salt.get(..longest_salt.min(salt.len())).unwrap_or_default().to_owned();
        Ok(Crypt { text: text.to_owned(), scheme, salt, hash: hash.to_owned() })
    }

    /// The hash as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the password. Slow on purpose.
    pub fn verify(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        let hash = match self.scheme {
            Scheme::Md5 => Some(md5(password, salt)),
            Scheme::Sha256(rounds) => {
                let rounds = Sha256Params::new(rounds).ok();
                rounds.and_then(|rounds| sha256_crypt_b64(password, salt, &rounds).ok())
            }
            Scheme::Sha512(rounds) => {
                let rounds = Sha512Params::new(rounds).ok();
                rounds.and_then(|rounds| sha512_crypt_b64(password, salt, &rounds).ok())
            }
        };
        hash.is_some_and(|hash| is_same(hash.as_bytes(), self.hash.as_bytes()))
    }
}

fn old() -> String {
    "this is no hash such as '$6$salt$...'; the DES-based ones of old are not supported".to_owned()
}

/// The MD5-based crypt of FreeBSD, a thousand rounds.
fn md5(password: &[u8], salt: &[u8]) -> String {
    let mut inner = Md5::new();
    inner.update([password, salt, password].concat());
    let inner = inner.finalize();
    let mut first = Md5::new();
    first.update([password, b"$1$", salt].concat());
    for chunk in password.chunks(inner.len()) {
        first.update(&inner[..chunk.len()]);
    }
    let mut bits = password.len();
    while bits > 0 {
        // a zero, or the first character: what the original does, and so every other
        first.update(if bits & 1 == 1 { &[0][..] } else { &password[..1] });
        bits >>= 1;
    }
    let mut digest = first.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        next.update(if round % 2 == 1 { password } else { &digest[..] });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if round % 2 == 1 { &digest[..] } else { password });
        digest = next.finalize();
    }
    encode(&digest.into())
}

/// The order of bytes and the alphabet are crypt's own.
fn encode(digest: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut text = String::with_capacity(22);
    let mut put = |mut number: u32, count: usize| {
        for _ in 0..count {
            text.push(char::from(ALPHABET[(number & 63) as usize]));
            number >>= 6;
        }
    };
    for [a, b, c] in ORDER {
        put(u32::from_be_bytes([0, digest[a], digest[b], digest[c]]), 4);
    }
    put(u32::from(digest[11]), 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_system() {
        let long = "a".repeat(40);
        for (hash, password) in [
            ("$1$abcd$Wqks0P95icUgZ.CWRRzfc.", "elgato"),
            ("$1$saltsalt$xbcEYb2v/vQerF.rDxN620", &long),
            ("$1$$qRPK7m23GJusamGpoGLby/", ""),
            ("$5$saltsalt$P13CJL4JNBIg8HgYEFUgRz7rmpO1rVPUrsJQjiBLY79", "elgato"),
            ("$5$rounds=1000$saltsalt$J10GIogn.cWPzHdo5KC/wFeje1rU3MUYtZUMLGlWM69", "elgato"),
            (
                "$6$k6y3o.eP$igsQ78VXKk9l2wz.QFQagpKvYHWFNvg0DOkd1VmMynF60v8nKVbmNrY7rIn2yimPK6tKljx287YlyBOj9X8Gk/",
                "elgato",
            ),
        ] {
            let crypt = Crypt::parse(hash).expect("it is a hash");
            assert!(crypt.verify(password.as_bytes()), "{hash}");
            assert!(!crypt.verify(b"elgata"), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_by_its_kind() {
        for (text, message) in [
            ("elgato", "DES-based"),
            ("$2y$05$abc", "'$2y$' are not supported"),
            ("$y$j9T$abc$def", "'$y$' are not supported"),
            ("$6$salt$short", "86 characters"),
            ("$5$rounds=x$salt$y", "'x' is no number of rounds"),
        ] {
            let said = Crypt::parse(text).expect_err(text);
            assert!(said.contains(message), "{text}: {said}");
        }
    }
}
