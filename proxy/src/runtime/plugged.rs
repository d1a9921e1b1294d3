//! Commands that plugins give: verbs beside those of [`super::table`], for everybody who may connect.

use std::fmt;
use std::rc::Rc;

use portero_api::{Command, Make};
use portero_policies::Vocabulary;

use crate::config::checked::Checked;
use crate::host::{Program, compile_apart};
use crate::plugins::Plugins;
use crate::shared::Shared;

/// The commands of one configuration.
#[derive(Clone, Default)]
pub struct Plugged(Rc<[Box<dyn Command>]>);

impl Plugged {
    /// Makes them, on the manager's thread. The error names the plugin.
    pub fn new(checked: &Checked, shared: &Shared, program: &Program) -> Result<Plugged, String> {
        let here = program.here();
        let words = Vocabulary::new(&checked.plugins);
        let make = |name: &str, make: &Make<dyn Command>| {
            compile_apart(shared, checked, &words, Some(&here), |compile| {
                let (all, common) = (&*checked.plugins, &shared.common);
                let plugins = Plugins { all, common, compile, here: Some(&here) };
                plugins.apart(make).map_err(|bad| format!("'{name}': {}", bad.message))
            })
        };
        let makers = checked.plugins.iter().filter_map(|p| Some((&p.name, p.command.as_ref()?)));
        makers.map(|(name, maker)| make(name, maker)).collect::<Result<Vec<_>, _>>().map(Plugged::from)
    }

    /// The place of the command whose words a line begins with, the longest such, and how many words those are.
    pub(super) fn find(&self, line: &[String]) -> Option<(usize, usize)> {
        let fitting = self.0.iter().enumerate().filter(|(_, c)| line.starts_with(c.words()));
        fitting.map(|(place, c)| (place, c.words().len())).max_by_key(|(_, length)| *length)
    }

    /// A command by its place.
    pub(super) fn get(&self, place: usize) -> &dyn Command {
        &*self.0[place]
    }

    /// Lines for `help` about those whose words begin so.
    pub(super) fn list(&self, prefix: &str) -> String {
        let wanted = self.0.iter().filter(|c| c.words().join(" ").starts_with(prefix));
        wanted.map(|c| format!("  {}\n", c.usage().trim())).collect()
    }
}

impl From<Vec<Box<dyn Command>>> for Plugged {
    fn from(all: Vec<Box<dyn Command>>) -> Plugged {
        Plugged(all.into())
    }
}

impl fmt::Debug for Plugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|c| c.words())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{LocalFuture, Wire};

    struct Words(Vec<String>);

    impl Command for Words {
        fn words(&self) -> &[String] {
            &self.0
        }

        fn usage(&self) -> &str {
            " usage of it\n"
        }

        fn run(&self, _: &[String], _: Box<dyn Wire>) -> LocalFuture<'static, ()> {
            Box::pin(async {})
        }
    }

    fn line(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_command_with_the_most_words_is_meant() {
        let all =
            ["show tokens", "show", "show tokens all"].map(|text| Box::new(Words(line(text))) as Box<_>);
        let plugged = Plugged::from(Vec::from(all));
        assert_eq!(plugged.find(&line("show tokens now")), Some((0, 2)));
        assert_eq!(plugged.find(&line("show tokens all")), Some((2, 3)));
        assert_eq!(plugged.find(&line("show tokensall")), Some((1, 1)));
        assert_eq!(plugged.find(&line("tokens")), None);
        assert_eq!(plugged.list("show tokens"), "  usage of it\n  usage of it\n");
    }
}
