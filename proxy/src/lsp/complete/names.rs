//! Names that the text declares or mentions: sections, servers, tables, maps, conditions, variables.

use super::{Icon, List};

impl List<'_> {
    pub(super) fn sections(&mut self, kinds: &[&str]) {
        let names: Vec<_> =
            self.page.named(kinds).map(|(s, name)| (name.text.clone(), s.kind.clone())).collect();
        names.into_iter().for_each(|(name, kind)| self.add(name, Icon::MODULE, kind));
    }

    pub(super) fn servers(&mut self) {
        let names: Vec<_> = self.cursor.section.servers().map(|(name, _)| name.text.clone()).collect();
        names.into_iter().for_each(|name| self.add(name, Icon::VARIABLE, "server"));
    }

    /// `backend/server`
    pub(super) fn servers_of_all(&mut self) {
        for (section, backend) in self.page.named(&["backend", "listen"]) {
            for (server, _) in section.servers() {
                self.add(format!("{}/{}", backend.text, server.text), Icon::VARIABLE, "server");
            }
        }
    }

    /// The stick tables: of sections that have one, of peers, and sections of their own.
    pub(super) fn tables(&mut self) {
        for section in &self.page.sections {
            let Some(name) = &section.name else { continue };
            let mut lines = section.lines.iter();
            if section.kind == "table" || lines.any(|line| line.words[0].text == "stick-table") {
                self.add(&name.text, Icon::STRUCT, "stick table");
            }
            let of_peers = section.lines.iter().filter(|line| line.words[0].text == "table");
            let of_peers = of_peers.filter(|_| section.kind == "peers").filter_map(|line| line.words.get(1));
            of_peers.for_each(|table| {
                self.add(format!("{}/{}", name.text, table.text), Icon::STRUCT, "stick table")
            });
        }
    }

    /// The maps and lists that the text names.
    pub(super) fn maps(&mut self) {
        let words = || self.page.sections.iter().flat_map(|s| &s.lines).map(|line| &line.words);
        let mut names: Vec<&str> = Vec::new();
        for word in words().flatten() {
            for (at, _) in word.text.match_indices("map") {
                let behind = word.text[at..].split_once('(').filter(|(name, _)| !name.contains([',', '[']));
                names.extend(behind.and_then(|(_, args)| args.split([',', ')']).next()));
            }
        }
        let files = words().flat_map(|words| words.windows(2)).filter(|pair| pair[0].text == "-f");
        names.extend(files.map(|pair| pair[1].text.as_str()));
        let typed = self.cursor.prefix.rsplit(['(', ',']).next().unwrap_or_default();
        names.retain(|name| !name.is_empty() && *name != typed);
        names.sort_unstable();
        names.dedup();
        self.all(names, Icon::FILE, "map or list");
    }

    pub(super) fn acls(&mut self) {
        let mut names: Vec<_> = self.cursor.section.acls().map(|(name, _)| name.text.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        self.all(names, Icon::FUNCTION, "acl");
    }

    /// The variables that the text names.
    pub(super) fn variables(&mut self) {
        let texts = self.page.sections.iter().flat_map(|s| &s.lines).flat_map(|line| &line.words);
        let mut names: Vec<&str> = Vec::new();
        for word in texts {
            for (at, start) in word.text.match_indices("var(").chain(word.text.match_indices("var-fmt(")) {
                let behind = &word.text[at + start.len()..];
                names.extend(behind.split([')', ',']).next().filter(|name| name.contains('.')));
            }
        }
        names.sort_unstable();
        names.dedup();
        let typed = self.cursor.prefix.rsplit(['(', ',']).next().unwrap_or_default();
        names.retain(|name| *name != typed);
        self.all(names, Icon::VARIABLE, "variable");
    }
}
