//! From a plugin's name in the configuration to an instance of it: the one place that looks into the registry.

use std::sync::Arc;

use portero_api::{BadArg, Balance, Common, Compile, Filter, Health, Here, Make, Plugin, Service, Setup};
use portero_grammar::{Diagnostic, Word};

use crate::config::checked::PluginUse;

/// Makes instances of plugins.
#[derive(Clone, Copy)]
pub struct Plugins<'a> {
    /// The registry.
    pub all: &'a [Plugin],
    /// What instances share.
    pub common: &'a Arc<Common>,
    /// Makes expressions and formats for them.
    pub compile: &'a dyn Compile,
    /// The thread that will run them; none while a configuration is checked.
    pub here: Option<&'a Here>,
}

impl Plugins<'_> {
    /// The balancer that a proxy names with `balance`.
    pub fn balance(&self, proxy: &str, usage: &PluginUse) -> Result<Box<dyn Balance>, Diagnostic> {
        self.make(proxy, usage, "balancing algorithm", |p| p.balance.as_ref())
    }

    /// A health check.
    pub fn health(&self, proxy: &str, usage: &PluginUse) -> Result<Box<dyn Health>, Diagnostic> {
        self.make(proxy, usage, "health check", |p| p.health.as_ref())
    }

    /// A service.
    pub fn service(&self, proxy: &str, usage: &PluginUse) -> Result<Box<dyn Service>, Diagnostic> {
        self.make(proxy, usage, "service", |p| p.service.as_ref())
    }

    /// A filter.
    pub fn filter(&self, proxy: &str, usage: &PluginUse) -> Result<Box<dyn Filter>, Diagnostic> {
        self.make(proxy, usage, "filter", |p| p.filter.as_ref())
    }

    /// What belongs to no proxy: a task, a command.
    pub fn apart<T: ?Sized>(&self, make: &Make<T>) -> Result<Box<T>, BadArg> {
        make(&Setup {
            proxy: "",
            args: &[],
            lines: &[],
            common: self.common,
            compile: self.compile,
            rules: "",
            here: self.here,
        })
    }

    fn make<T: ?Sized>(
        &self,
        proxy: &str,
        usage: &PluginUse,
        what: &str,
        hook: impl Fn(&Plugin) -> Option<&Make<T>>,
    ) -> Result<Box<T>, Diagnostic> {
        let name = usage.name.text.as_str();
        let Some(make) = self.all.iter().filter(|p| p.name == name).find_map(&hook) else {
            let names = self.all.iter().filter(|p| hook(p).is_some()).map(|p| &*p.name);
            let message = format!("unknown {what} '{name}'");
            return Err(Diagnostic::error(usage.name.span, message).did_you_mean(name, names));
        };
        let setup = Setup {
            proxy,
            args: &texts(&usage.args),
            lines: &usage.lines.iter().map(|line| texts(line)).collect::<Vec<_>>(),
            common: self.common,
            compile: self.compile,
            rules: "",
            here: self.here,
        };
        make(&setup).map_err(|bad| at_its_word(bad, usage))
    }
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|w| w.text.clone()).collect()
}

fn at_its_word(bad: BadArg, usage: &PluginUse) -> Diagnostic {
    let arg = bad.arg.and_then(|i| usage.args.get(i));
    let in_line = bad.line.and_then(|(line, word)| usage.lines.get(line)?.get(word));
    Diagnostic::error(arg.or(in_line).unwrap_or(&usage.name).span, bad.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{Candidates, Convert, Exchange, Expression, Format};
    use portero_grammar::{Sources, Span};

    struct First;

    impl Balance for First {
        fn pick(&self, _: &Exchange, _: &Candidates<'_>) -> Option<usize> {
            Some(0)
        }
    }

    struct NoLanguage;

    impl Compile for NoLanguage {
        fn expression(&self, _: &str) -> Result<Box<dyn Expression>, BadArg> {
            Err(BadArg::new("no expressions here"))
        }

        fn format(&self, _: &str) -> Result<Box<dyn Format>, BadArg> {
            Err(BadArg::new("no formats here"))
        }

        fn fetch(&self, _: &str, _: &[String]) -> Result<Box<dyn Expression>, BadArg> {
            Err(BadArg::new("no fetches here"))
        }

        fn converter(&self, _: &str, _: &[String]) -> Result<Box<dyn Convert>, BadArg> {
            Err(BadArg::new("no converters here"))
        }

        fn fetches(&self) -> Vec<String> {
            Vec::new()
        }

        fn converters(&self) -> Vec<String> {
            Vec::new()
        }
    }

    /// What is wrong with the words of a `balance` line, as the user sees it.
    fn complaint(line: &str) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add("a.cfg", line);
        let mut words = line.split(' ').map(|text| {
            let start = (text.as_ptr() as usize - line.as_ptr() as usize) as u32;
            Word::plain(text, Span { file, start, end: start + text.len() as u32 })
        });
        let name = words.next().expect("a line has a word");
        let usage = PluginUse { name, args: words.collect(), lines: Vec::new() };
        let plugin = Plugin::new("first", "").balance(|setup| match setup.args.first() {
            Some(arg) => Err(BadArg::at(0, format!("'{arg}' is too much"))),
            None => Ok(First),
        });
        let all = [plugin, Plugin::new("furst", "no balancer")];
        let plugins = Plugins { all: &all, common: &Arc::default(), compile: &NoLanguage, here: None };
        plugins.balance("web", &usage).err().map(|d| d.render(&sources, false))
    }

    #[test]
    fn a_plugin_is_found_by_its_name_and_hook() {
        assert_eq!(complaint("first"), None);
        let text = complaint("furst").expect("no balancer has this name");
        assert!(text.contains("unknown balancing algorithm 'furst'"), "{text}");
        assert!(text.contains("did you mean 'first'?"), "{text}");
    }

    #[test]
    fn the_caret_stands_under_the_bad_argument() {
        let text = complaint("first five").expect("it takes no argument");
        assert!(text.contains("'five' is too much") && text.contains("a.cfg:1:7"), "{text}");
    }
}
