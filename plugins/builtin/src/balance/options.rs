//! The lines of a backend that belong to its balancer: `hash-type`, `hash-balance-factor`, `hash-preserve-affinity`.
//!
//! They may stand beside any algorithm, as in HAProxy, and are checked beside any; only algorithms that hash go by
//! them (HAProxy manual, 4.2).

use portero_api::{BadArg, Setup};

/// What the lines say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// `hash-type`.
    pub hash: HashType,
    /// `hash-balance-factor`: the load a server may have in percent of the average; 0 for any.
    pub factor: u32,
    /// `hash-preserve-affinity maxconn`: full servers are passed over instead of waited for.
    pub skip_full: bool,
}

/// How keys become servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HashType {
    /// `consistent` instead of `map-based`.
    pub consistent: bool,
    /// The function, when one is named.
    pub function: Option<Function>,
    /// `avalanche`.
    pub avalanche: bool,
}

/// What turns bytes into a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Function {
    Sdbm,
    Djb2,
    Wt6,
    Crc32,
    /// The key is the number, in decimal digits.
    None,
}

/// Reads the lines.
pub fn parse(setup: &Setup<'_>) -> Result<Options, BadArg> {
    let mut options = Options::default();
    for (at, line) in setup.lines.iter().enumerate() {
        let (name, rest) = line.split_first().map_or(("", &[][..]), |(n, r)| (n.as_str(), r));
        let bad = |word, message| BadArg::in_line(at, word, message);
        let one = || match rest {
            [word] => Ok(word.as_str()),
            [] => Err(bad(0, format!("'{name}' needs a value"))),
            [_, surplus, ..] => Err(bad(2, format!("'{surplus}' is one word too many behind '{name}'"))),
        };
        match name {
            "hash-type" => options.hash = hash_type(rest).map_err(|(word, m)| bad(word + 1, m))?,
            "hash-balance-factor" => options.factor = factor(one()?).map_err(|m| bad(1, m))?,
            "hash-preserve-affinity" => options.skip_full = affinity(one()?).map_err(|m| bad(1, m))?,
            _ => return Err(bad(0, format!("'{name}' does not belong to a balancing algorithm"))),
        }
    }
    Ok(options)
}

/// Refuses arguments for an algorithm that takes none.
pub fn no_args(setup: &Setup<'_>) -> Result<(), BadArg> {
    match setup.args.first() {
        Some(word) => Err(BadArg::at(0, format!("'{word}': this algorithm takes no arguments"))),
        None => Ok(()),
    }
}

fn hash_type(words: &[String]) -> Result<HashType, (usize, String)> {
    let mut hash = HashType::default();
    let Some((method, rest)) = words.split_first() else {
        return Err((0, "'hash-type' needs 'map-based' or 'consistent'".into()));
    };
    match method.as_str() {
        "map-based" => {}
        "consistent" => hash.consistent = true,
        other => return Err((0, format!("'{other}' is no hash type: 'map-based' and 'consistent' are"))),
    }
    for (at, word) in rest.iter().enumerate() {
        match (at, word.as_str(), function(word)) {
            (0, _, Some(function)) => hash.function = Some(function),
            (0 | 1, "avalanche", _) if !hash.avalanche => hash.avalanche = true,
            (0, other, _) => {
                let known = "'sdbm', 'djb2', 'wt6', 'crc32' and 'none' are";
                return Err((1, format!("'{other}' is no hash function: {known}")));
            }
            (at, other, _) => {
                return Err((at + 1, format!("'{other}' is no modifier of a hash: 'avalanche' is")));
            }
        }
    }
    Ok(hash)
}

fn function(word: &str) -> Option<Function> {
    Some(match word {
        "sdbm" => Function::Sdbm,
        "djb2" => Function::Djb2,
        "wt6" => Function::Wt6,
        "crc32" => Function::Crc32,
        "none" => Function::None,
        _ => return None,
    })
}

fn factor(word: &str) -> Result<u32, String> {
    match word.parse() {
        Ok(0) => Ok(0),
        Ok(factor) if factor > 100 => Ok(factor),
        _ => Err(format!("'{word}' is no balance factor: 0 or a number above 100 is")),
    }
}

fn affinity(word: &str) -> Result<bool, String> {
    match word {
        "always" => Ok(false),
        "maxconn" => Ok(true),
        "maxqueue" => Err("'maxqueue' is not supported here: 'always' and 'maxconn' are".into()),
        _ => Err(format!("'{word}' is no affinity: 'always' and 'maxconn' are")),
    }
}

#[cfg(test)]
mod tests;
