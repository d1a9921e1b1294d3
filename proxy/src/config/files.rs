//! Files that a configuration names, and where they are looked for (`default-path`, HAProxy manual, section 3.1).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portero_api::Message;
use portero_grammar::{Sources, Span};
use portero_policies::users::Userlist;
use portero_policies::vocabulary::Files;

/// What relative paths start from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum DefaultPath {
    /// The folder the process was started in.
    #[default]
    Current,
    /// The folder of the configuration file that names the file.
    Config,
    /// The folder above that one.
    Parent,
    /// A folder.
    Origin(PathBuf),
}

impl DefaultPath {
    /// The path of a file that is named at a place of the configuration.
    pub fn locate(&self, path: &str, sources: &Sources, at: Span) -> PathBuf {
        let config = || Path::new(sources.name(at.file)).parent().unwrap_or(Path::new("")).to_owned();
        match self {
            DefaultPath::Current => PathBuf::from(path),
            DefaultPath::Config => config().join(path),
            DefaultPath::Parent => config().join("..").join(path),
            DefaultPath::Origin(folder) => folder.join(path),
        }
    }
}

/// Files as one proxy names them: [`Files`] for the compiler of the rules.
#[derive(Clone, Debug)]
pub struct ProxyFiles {
    /// What relative paths start from.
    pub default_path: DefaultPath,
    /// The texts of the configuration.
    pub sources: Sources,
    /// Where the proxy was written.
    pub at: Span,
    /// `http-errors` sections: name, status, page.
    pub pages: BTreeMap<String, BTreeMap<u16, Arc<Message>>>,
    /// `userlist` sections.
    pub userlists: BTreeMap<String, Arc<Userlist>>,
    /// Environment variables.
    pub environment: Arc<BTreeMap<String, String>>,
}

impl Files for ProxyFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        read(&self.default_path.locate(path, &self.sources, self.at))
    }

    fn read_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.default_path.locate(path, &self.sources, self.at);
        match path.try_exists() {
            Ok(false) => Ok(None),
            _ => read(&path).map(Some),
        }
    }

    fn place(&self, span: Span) -> Option<(String, u32)> {
        Some((self.sources.name(span.file).to_owned(), self.sources.line(span)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn error_page(&self, section: &str, status: u16) -> Result<Option<Message>, String> {
        let pages =
            self.pages.get(section).ok_or_else(|| format!("unknown http-errors section '{section}'"))?;
        Ok(pages.get(&status).map(|page| (**page).clone()))
    }

    fn userlist(&self, name: &str) -> Result<Arc<Userlist>, String> {
        self.userlists.get(name).cloned().ok_or_else(|| format!("there is no userlist '{name}'"))
    }
}

/// The bytes of a file, or a sentence that names it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("'{}' cannot be read: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_where_default_path_says() {
        let mut sources = Sources::default();
        let file = sources.add("/etc/portero/a.cfg", "");
        let at = Span { file, start: 0, end: 0 };
        let located = |path: &DefaultPath| path.locate("x", &sources, at);
        assert_eq!(located(&DefaultPath::Current), Path::new("x"));
        assert_eq!(located(&DefaultPath::Config), Path::new("/etc/portero/x"));
        assert_eq!(located(&DefaultPath::Parent), Path::new("/etc/portero/../x"));
        assert_eq!(located(&DefaultPath::Origin("/o".into())), Path::new("/o/x"));
        assert_eq!(DefaultPath::Config.locate("/x", &sources, at), Path::new("/x"));
    }
}
