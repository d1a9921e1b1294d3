//! `policy-path DIR` in `global`: where policies are looked for that are applied and stand in none of the files, each in a
//! file of its name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portero_grammar::cfg::{Environment, Section, add_bytes, parse};
use portero_grammar::{Diagnostic, Sources, Word};

use super::{APPLY, POLICY};
use crate::config::files;
use crate::config::reading::Reading;

/// The keyword.
pub(in crate::config) const POLICY_PATH: &str = "policy-path";

/// The folder that a word names: relative ones start from the folder of the file that the word stands in.
pub(in crate::config) fn folder(word: &Word, sources: &Sources) -> PathBuf {
    let file = Path::new(sources.name(word.span.file));
    file.parent().unwrap_or(Path::new("")).join(&word.text)
}

/// Adds the policies that are applied and missing, as far as a folder has them; then those that these apply.
pub(in crate::config) fn complete(
    sections: &mut Vec<Section>,
    reading: &mut Reading,
    env: &mut dyn Environment,
) {
    let folders = folders(sections, &reading.sources);
    let mut asked = BTreeSet::new();
    while !folders.is_empty() {
        let missing: Vec<String> =
            missing(sections).into_iter().filter(|name| !asked.contains(name)).collect();
        if missing.is_empty() {
            return;
        }
        for name in missing {
            let path =
                folders.iter().map(|folder| folder.join(format!("{name}.cfg"))).find(|path| path.is_file());
            if let Some(path) = path {
                sections.extend(read(&path, reading, env));
            }
            asked.insert(name);
        }
    }
}

fn folders(sections: &[Section], sources: &Sources) -> Vec<PathBuf> {
    let global = sections.iter().filter(|section| section.header.keyword() == "global");
    let lines = global.flat_map(|section| &section.lines).filter(|line| line.keyword() == POLICY_PATH);
    lines.filter_map(|line| Some(folder(line.words.get(1)?, sources))).collect()
}

/// The names that are applied somewhere and defined nowhere.
fn missing(sections: &[Section]) -> BTreeSet<String> {
    let name = |words: &[Word]| words.get(1).map(|word| word.text.clone());
    let policies = sections.iter().filter(|section| section.header.keyword() == POLICY);
    let defined: BTreeSet<String> = policies.filter_map(|section| name(&section.header.words)).collect();
    let lines = sections.iter().flat_map(|section| &section.lines).filter(|line| line.keyword() == APPLY);
    let applied = lines.filter_map(|line| name(&line.words));
    applied.filter(|name| !defined.contains(name) && !name.contains(['/', '\\'])).collect()
}

/// The policies of a file. Nothing else may stand in it: nobody has named it.
fn read(path: &Path, reading: &mut Reading, env: &mut dyn Environment) -> Vec<Section> {
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(message) => {
            reading.out.push(Diagnostic::error(None, message));
            return Vec::new();
        }
    };
    let (file, diagnostic) = add_bytes(&mut reading.sources, path.to_string_lossy(), bytes);
    reading.out.extend(diagnostic);
    let parsed = parse(&reading.sources, &[file], env);
    reading.out.extend(parsed.diagnostics.iter().cloned());
    let (policies, others): (Vec<_>, Vec<_>) =
        parsed.sections.into_iter().partition(|section| section.header.keyword() == POLICY);
    for section in others {
        let message = format!("'{}' cannot stand in a library of policies", section.header.keyword());
        reading.out.push(Diagnostic::error(section.header.words[0].span, message));
    }
    policies
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::load::{Options, load};

    /// Loads a configuration beside a folder `lib` with these files.
    fn said(name: &str, library: &[(&str, &str)], global: &str) -> (bool, String) {
        let folder = std::env::temp_dir().join(format!("portero-library-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("lib")).expect("a folder");
        for (file, text) in library {
            fs::write(folder.join("lib").join(file), text).expect("written");
        }
        let config = folder.join("haproxy.cfg");
        let text = format!(
            "global\n {global}\nfrontend f\n mode http\n bind :80\n timeout client 1s\n apply outer\n http-request deny\n"
        );
        fs::write(&config, text).expect("written");
        let loaded = load(&[config], &Options::default());
        fs::remove_dir_all(&folder).expect("removed");
        (loaded.checked.is_some(), loaded.diagnostics.render(&loaded.sources, false))
    }

    #[test]
    fn policies_are_found_by_name_and_those_that_they_apply() {
        let library = [
            ("outer.cfg", "policy outer\n apply inner\n"),
            ("inner.cfg", "policy inner\n http-request set-header A 1\n"),
            ("broken.cfg", "this is not read\n"),
        ];
        let (works, said) = said("found", &library, "policy-path lib");
        assert!(works, "{said}");
    }

    #[test]
    fn what_no_folder_has_is_not_there() {
        let (works, text) = said("lost", &[("outer.cfg", "policy outer\n apply inner\n")], "policy-path lib");
        assert!(!works && text.contains("there is no policy 'inner'"), "{text}");
        let (_, text) = said("nowhere", &[], "policy-path nowhere");
        assert!(text.contains("nowhere' is no folder"), "{text}");
    }

    #[test]
    fn nothing_but_policies_stands_in_a_library() {
        let library = [("outer.cfg", "policy outer\n http-request set-header A 1\nglobal\n maxconn 5\n")];
        let (works, said) = said("others", &library, "policy-path lib");
        assert!(!works && said.contains("'global' cannot stand in a library"), "{said}");
    }
}
