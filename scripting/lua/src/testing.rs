//! What the tests of this crate share: a script from a text, and its plugins on a thread of a made-up host.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use portero_api::{Action, Answer, Common, Exchange, Here, NoClient, Plugin, Wait, Work};
use portero_conformance::rig::{Bench, Desk, Net};

use crate::{Load, Mistake, Scripts, Settings};

/// A script that was loaded.
pub(crate) struct Stage {
    here: Here,
    /// The host of the thread.
    pub(crate) desk: Rc<Desk>,
    /// The plugins of the script.
    pub(crate) plugins: Vec<Plugin>,
    /// What all share.
    pub(crate) common: Arc<Common>,
}

/// Loads a script.
pub(crate) fn load(source: &str, settings: &Settings) -> Result<Stage, Mistake> {
    load_in(source, settings, Net::default(), Arc::default())
}

/// Loads a script into a world.
pub(crate) fn load_in(
    source: &str,
    settings: &Settings,
    net: Net,
    common: Arc<Common>,
) -> Result<Stage, Mistake> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("portero-lua-{}-{}.lua", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, source).expect("there is a place for temporary files");
    let load = Load { path: path.clone(), args: Vec::new(), per_thread: true };
    let scripts = Scripts::load(&[load], settings, &common);
    let _ = std::fs::remove_file(&path);
    let desk = Desk::new(net);
    Ok(Stage { here: desk.here(), desk, plugins: scripts?.plugins(), common })
}

/// Loads a script that is right, with the usual settings.
pub(crate) fn script(source: &str) -> Stage {
    load(source, &Settings::default()).unwrap_or_else(|mistake| panic!("{}", mistake.message))
}

impl Stage {
    /// The plugin of a name, without its `lua.`.
    pub(crate) fn plugin(&self, name: &str) -> &Plugin {
        let full = format!("lua.{name}");
        self.plugins.iter().find(|plugin| plugin.name == full).unwrap_or_else(|| panic!("no '{full}'"))
    }

    /// A setup on the thread of the script, with these arguments.
    pub(crate) fn bench(&self, args: &str) -> Bench {
        let mut bench = Bench::new(args).on(self.here.clone());
        bench.common = self.common.clone();
        bench
    }

    /// An action of the script.
    pub(crate) fn action(&self, name: &str, args: &str) -> Box<dyn Action> {
        let make = self.plugin(name).action.as_ref().expect("it is an action");
        make(&self.bench(args).setup()).unwrap_or_else(|bad| panic!("{}", bad.message))
    }

    /// Calls an action of the script on an exchange; its answer, or the work that goes on.
    pub(crate) fn act(&self, name: &str, exchange: &mut Exchange) -> Result<Answer, Box<dyn Work>> {
        match self.action(name, "").run(exchange) {
            Answer::Wait(Wait::For(work)) => Err(work),
            answer => Ok(answer),
        }
    }
}

impl Stage {
    /// Calls an action of the script and lets it run to its end.
    pub(crate) fn finish(&self, name: &str, exchange: &mut Exchange) -> Answer {
        match self.act(name, exchange) {
            Ok(answer) => answer,
            Err(mut work) => loop {
                if let Poll::Ready(answer) = poll(&mut work, exchange) {
                    return answer;
                }
            },
        }
    }
}

/// Polls work once.
pub(crate) fn poll(work: &mut Box<dyn Work>, exchange: &mut Exchange) -> Poll<Answer> {
    work.poll(&mut Context::from_waker(Waker::noop()), exchange, &mut NoClient)
}
