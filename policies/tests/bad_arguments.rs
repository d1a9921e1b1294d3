//! What is said of bad arguments: `bad_arguments.txt` has a line for each word, `name(arguments) => message`, where a
//! converter stands behind `str(x),`. Actions have theirs in `mistakes.rs`.
//!
//! `UPDATE_EXPECTED=1` writes the messages anew, and adds a line for each word that has none: look at what it says.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::World;
use portero_policies::converters::CONVERTERS;
use portero_policies::fetches::FETCHES;

/// How many arguments a word takes at the least and at the most.
type Counts = (usize, usize);

/// All words with their kinds: fetches by every name, converters as they are written behind a fetch.
fn words() -> BTreeMap<String, Counts> {
    let fetches = FETCHES.iter().copied().flatten();
    let fetches = fetches
        .flat_map(|kind| kind.aliases.iter().chain([&kind.name]).map(|name| (name.to_string(), kind.args)));
    let converters = CONVERTERS.iter().copied().flatten();
    fetches.chain(converters.map(|kind| (format!("str(x),{}", kind.name), kind.args))).collect()
}

/// The first error that is said of an expression, without its place; none when there is none.
fn message(expression: &str) -> Option<String> {
    let found = World::default().check(&format!("http-request set-var(txn.x) \"{expression}\""));
    let line = found.lines().find_map(|line| line.strip_prefix("error: "))?;
    Some(line.to_owned())
}

/// An expression with bad arguments for a word: what is wrong in itself if anything is, else one argument too many.
fn bad((word, (least, most)): (&String, &Counts)) -> String {
    let rubbish = ["?", "-1", "?,?", "1,?", "x,?", "1,1,?", "a,?,?", "x,y,?"];
    let tries = rubbish.iter().filter(|args| (*least..=*most).contains(&args.split(',').count()));
    let of_place = |text: &String| message(text).is_some_and(|m| !m.contains("has no value in"));
    tries.map(|args| format!("{word}({args})")).find(of_place).unwrap_or_else(|| {
        match *most {
            // what takes any number of anything must have at least one
            most if most > 20 => format!("{word}()"),
            most => format!("{word}({})", vec!["1"; most + 1].join(",")),
        }
    })
}

/// The word that a case is about: what stands in front of its arguments.
fn word_of(expression: &str) -> &str {
    let start = expression.find("str(x),").map_or(0, |at| at + 7);
    let end = expression[start..].find('(').map_or(expression.len(), |at| start + at);
    &expression[..end]
}

#[test]
fn bad_arguments_of_every_fetch_and_converter_are_named() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_arguments.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut cases: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once(" => "))
        .map(|(expression, said)| (expression.to_owned(), said.to_owned()))
        .collect();
    let words = words();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        let missing = words.iter().filter(|(word, _)| !cases.iter().any(|(e, _)| word_of(e) == *word));
        let new: Vec<_> = missing.map(|word| (bad(word), String::new())).collect();
        cases.extend(new);
        cases.retain(|(expression, _)| words.contains_key(word_of(expression)));
        cases.sort();
        let lines = cases.iter().map(|(e, _)| format!("{e} => {}\n", message(e).unwrap_or_default()));
        std::fs::write(&path, lines.collect::<String>()).expect("the file can be written");
        return;
    }
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(expression, said)| message(expression).as_deref() != Some(said))
        .map(|(e, said)| format!("{e}\n  should say: {said}\n  says: {}", message(e).unwrap_or_default()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for word in words.keys() {
        let there = cases.iter().any(|(expression, _)| word_of(expression) == word);
        assert!(there, "bad_arguments.txt has no case for '{word}': UPDATE_EXPECTED=1 adds one");
    }
}
