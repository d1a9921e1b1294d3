//! What is wrong with a configuration while it is typed: the same messages as those of `portero check`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use portero_api::{Common, Directory, Plugin};
use portero_grammar::rules::{self, Family, Statement};
use portero_grammar::{Diagnostic, Diagnostics, FileId, Sources};
use portero_policies::vocabulary::{Context, Files};
use portero_policies::{Compiler, Vocabulary};

use super::document::{Document, Kind};
use crate::config::resolve::Resolve;
use crate::config::{environment, load};

/// What a look at a configuration found.
pub(super) struct Found {
    /// What is to be said of its texts, for each of them in order.
    pub(super) said: Vec<Vec<Diagnostic>>,
    /// The plugins that it may name, those of its scripts among them; none while it has mistakes.
    pub(super) plugins: Option<Arc<[Plugin]>>,
}

/// Looks at texts that are one configuration together.
pub(super) fn check(documents: &[&Document]) -> Found {
    let rules = documents.iter().any(|document| document.kind == Kind::Rules);
    match documents {
        [document] if rules => Found { said: vec![of_rules(document)], plugins: None },
        _ => of_configuration(documents),
    }
}

fn of_configuration(documents: &[&Document]) -> Found {
    let texts: Vec<_> = documents.iter().map(|d| (d.path.as_str(), d.text.as_str())).collect();
    let options =
        load::Options { ignore_unresolved: true, resolver: Arc::new(Anything), ..load::Options::default() };
    let loaded = load::load_texts(&texts, &mut environment::process(None, false), &options);
    let mut all = vec![Vec::new(); documents.len()];
    for diagnostic in loaded.diagnostics.iter() {
        let file = diagnostic.span.map_or(FileId(0), |span| span.file);
        if let Some(place) = documents.iter().position(|d| d.path == loaded.sources.name(file)) {
            all[place].push(diagnostic.clone());
        }
    }
    Found { said: all, plugins: loaded.checked.map(|checked| checked.plugins) }
}

/// Rules without a section: they are read as in a frontend, and what they name elsewhere is not asked for.
fn of_rules(document: &Document) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let file = sources.add(&document.path, &document.text);
    let (statements, mut out) = rules::parse(&sources, file, &environment::process(None, false));
    let (mut acls, mut families) = (Vec::new(), BTreeMap::<Family, Vec<rules::Rule>>::new());
    for statement in statements {
        match statement {
            Statement::Acl(acl) => acls.push(acl),
            Statement::Rule(rule) => families.entry(rule.family).or_default().push(rule),
        }
    }
    let vocabulary = Vocabulary::new(&crate::registry::plugins());
    let (directory, common) = (Directory::default(), Arc::<Common>::default());
    let context = Context { proxy: "", directory: &directory, common: &common, files: &Disk, here: None };
    let mut found = Diagnostics::default();
    let mut compiler = Compiler::new(&vocabulary, context, &sources, &mut found);
    compiler.acls(&acls);
    for (family, rules) in &families {
        match family {
            Family::UseBackend | Family::UseServer => drop(compiler.targets(*family, rules)),
            _ => drop(compiler.rules(*family, rules)),
        }
    }
    drop(compiler);
    out.extend(found.iter().cloned());
    let seen: BTreeSet<u32> = [file.0].into();
    out.iter().filter(|d| d.span.is_none_or(|span| seen.contains(&span.file.0))).cloned().collect()
}

/// Files where the editor was started.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| error.to_string())
    }
}

/// Every name has an address of its own: nobody waits for DNS with every key that is pressed.
struct Anything;

impl Resolve for Anything {
    fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let sum = host.bytes().fold(1u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let [_, a, b, c] = sum.to_be_bytes();
        let v4 = Ipv4Addr::new(127, a, b, c);
        Ok(vec![v4.into(), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, (sum >> 16) as u16, sum as u16).into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&[&Document::new(path, text)]).said.remove(0).into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn mistakes_of_every_kind_of_file_are_found() {
        assert!(messages("a.cfg", "frontend f\n    bnid :80\n").iter().any(|m| m.contains("bnid")));
        assert!(messages("a.toml", "[frontend.f]\nbnid = 3\n").iter().any(|m| m.contains("bnid")));
        let found = messages("a.rules", "acl a paht /x\nhttp-request deny if b\nuse_backend elsewhere\n");
        assert!(
            found.iter().any(|m| m.contains("paht")) && found.iter().any(|m| m.contains("'b'")),
            "{found:?}"
        );
        assert!(!found.iter().any(|m| m.contains("elsewhere")), "{found:?}");
    }

    #[test]
    fn files_of_one_configuration_know_one_another() {
        let front =
            Document::new("1.cfg", "defaults\n mode http\nfrontend f\n bind :8080\n default_backend b\n");
        let back = Document::new("2.cfg", "backend b\n server s example.com:80\n");
        let alone = check(&[&front]).said.remove(0);
        assert!(alone.iter().any(|d| d.message.contains("there is no backend 'b'")));
        let both = check(&[&front, &back]).said;
        assert!(!both.iter().flatten().any(|d| d.message.contains("there is no")), "{both:?}");
    }

    #[test]
    fn the_functions_of_scripts_are_known_as_plugins() {
        let script = std::env::temp_dir().join(format!("portero-lsp-{}.lua", std::process::id()));
        std::fs::write(&script, "core.register_action('mark', { 'http-req' }, function() end)")
            .expect("written");
        let text = format!(
            "global\n lua-load {}\ndefaults\n mode http\nfrontend f\n bind :8080\n http-request deny\n",
            script.display()
        );
        let found = check(&[&Document::new("a.cfg", &text)]);
        std::fs::remove_file(&script).expect("it was there");
        let plugins = found.plugins.unwrap_or_else(|| panic!("{:?}", found.said));
        assert!(plugins.iter().any(|plugin| plugin.name == "lua.mark" && plugin.action.is_some()));
    }
}
