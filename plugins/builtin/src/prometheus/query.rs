//! What the query of a scrape asks for.

/// A group of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Frontend,
    Listener,
    Backend,
    Server,
    StickTable,
    Resolver,
    /// Functions of scripts and modules, which HAProxy has no metrics of.
    Plugin,
}

impl Scope {
    /// In the order they are shown.
    pub(super) const ALL: [Scope; 8] = [
        Scope::Global,
        Scope::Frontend,
        Scope::Listener,
        Scope::Backend,
        Scope::Server,
        Scope::StickTable,
        Scope::Resolver,
        Scope::Plugin,
    ];

    /// As the query says it.
    fn name(self) -> &'static str {
        match self {
            Scope::Global => "global",
            other => other.prefix(),
        }
    }

    /// As the names of its metrics say it.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Scope::Global => "process",
            Scope::Frontend => "frontend",
            Scope::Listener => "listener",
            Scope::Backend => "backend",
            Scope::Server => "server",
            Scope::StickTable => "sticktable",
            Scope::Resolver => "resolver",
            Scope::Plugin => "plugin",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The groups, each once.
    pub(super) scopes: Vec<Scope>,
    /// The names that are wanted; all when there are none.
    only: Vec<String>,
    /// The names that are not.
    without: Vec<String>,
    /// Servers in maintenance are left out.
    pub(super) no_maint: bool,
    /// Descriptions are shown as a label.
    pub(super) describe: bool,
}

impl Query {
    /// Reads the query of a request; none when it is malformed.
    pub(super) fn read(query: &[u8]) -> Option<Query> {
        let mut read = Query {
            scopes: Scope::ALL.to_vec(),
            only: Vec::new(),
            without: Vec::new(),
            no_maint: false,
            describe: false,
        };
        let mut chosen = false;
        for part in query.split(|&b| b == b'&').filter(|part| !part.is_empty()) {
            let (name, value) = match part.iter().position(|&b| b == b'=') {
                Some(at) => (decode(&part[..at]), Some(decode(&part[at + 1..]))),
                None => (decode(part), None),
            };
            match name.as_str() {
                "scope" => {
                    if !std::mem::replace(&mut chosen, true) {
                        read.scopes.clear();
                    }
                    read.scope(&value?)?;
                }
                "metrics" => read.metrics(&value?),
                "no-maint" => read.no_maint = true,
                "desc-labels" => read.describe = true,
                // others, `extra-counters` among them, add nothing
                _ => {}
            }
        }
        Some(read)
    }

    fn scope(&mut self, name: &str) -> Option<()> {
        match name {
            "" => self.scopes.clear(),
            "*" => self.scopes = Scope::ALL.to_vec(),
            name => {
                let scope = Scope::ALL.into_iter().find(|scope| scope.name() == name)?;
                if !self.scopes.contains(&scope) {
                    self.scopes.push(scope);
                }
            }
        }
        Some(())
    }

    fn metrics(&mut self, list: &str) {
        for name in list.split(',').filter(|name| !name.is_empty()) {
            match name.strip_prefix('-') {
                Some(name) => self.without.push(name.to_owned()),
                None => self.only.push(name.to_owned()),
            }
        }
    }

    /// Whether a metric is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|other| other == name);
        (self.only.is_empty() || among(&self.only)) && !among(&self.without)
    }
}

/// Takes percent encoding away.
fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(query: &str) -> Option<Vec<Scope>> {
        Query::read(query.as_bytes()).map(|query| query.scopes)
    }

    #[test]
    fn scopes_are_taken_in_their_order() {
        assert_eq!(scopes(""), Some(Scope::ALL.to_vec()));
        assert_eq!(scopes("scope=server"), Some(vec![Scope::Server]));
        assert_eq!(
            scopes("scope=frontend&scope=backend&scope=backend"),
            Some(vec![Scope::Frontend, Scope::Backend])
        );
        assert_eq!(scopes("scope=*&scope="), Some(vec![]));
        assert_eq!(scopes("scope=&scope=global&no-maint"), Some(vec![Scope::Global]));
        assert_eq!(scopes("scope"), None);
        assert_eq!(scopes("scope=everything"), None);
    }

    #[test]
    fn metrics_are_named_or_left_out() {
        let query = Query::read(b"metrics=a%2Cb,-c").expect("it is well-formed");
        assert!(query.wants("a") && query.wants("b") && !query.wants("c") && !query.wants("d"));
        let query = Query::read(b"metrics=-c").expect("it is well-formed");
        assert!(query.wants("a") && !query.wants("c"));
    }
}
