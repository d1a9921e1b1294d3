//! Trees to compiled rules. All mistakes are pushed as diagnostics; nothing stops at the first.

mod acl;
mod condition;
mod expr;
mod keyed;
mod patterns;
mod plugin;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use portero_grammar::{Diagnostic, Diagnostics, Sources, Span};

use crate::lint::UNUSED_ACL;
use crate::stage::Stage;
use crate::vocabulary::Context;
use crate::{BandwidthFilter, Cond, Expr, Vocabulary};
use acl::Acl;
use portero_grammar::rules as tree;

pub use acl::is_predefined;
pub(crate) use acl::{PREDEFINED, derivative, derivatives};
pub(crate) use keyed::Keyed;

/// Compiles the rules of one proxy.
///
/// Add its ACLs first, then compile its rules in any order; [`Compiler::finish`] says what was never used.
pub struct Compiler<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) context: Context<'a>,
    pub(crate) sources: &'a Sources,
    diagnostics: RefCell<&'a mut Diagnostics>,
    acls: BTreeMap<String, Acl>,
    predefined: RefCell<BTreeMap<&'static str, acl::Alternative>>,
    stage: Cell<Stage>,
    /// How many capture slots requests have.
    captures: Cell<usize>,
    bandwidth: BTreeMap<String, BandwidthFilter>,
    /// Those of them that a rule has turned on.
    limited: RefCell<BTreeSet<String>>,
    uses: Cell<Uses>,
}

/// Facts of an exchange that are noted only where something looks at them, for each costs something per request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The request line as received, before the line in the log is written.
    pub request_line: bool,
    /// The numbers of requests and of log lines (`%rt`, `%lc`).
    pub numbers: bool,
    /// The addresses of the connection to the server (`%si`, `%bi`, `bc_src`).
    pub addresses: bool,
    /// The sockets themselves (`fc_rtt`, `fc_saved_syn`).
    pub sockets: bool,
}

impl Uses {
    /// Everything: where it is not known before what will be looked at.
    pub const ALL: Uses = Uses { request_line: true, numbers: true, addresses: true, sockets: true };

    /// What either of two looks at.
    pub fn and(self, other: Uses) -> Uses {
        Uses {
            request_line: self.request_line | other.request_line,
            numbers: self.numbers | other.numbers,
            addresses: self.addresses | other.addresses,
            sockets: self.sockets | other.sockets,
        }
    }
}

/// A mistake was found and its diagnostic pushed.
#[derive(Clone, Copy, Debug)]
pub struct Reported;

impl<'a> Compiler<'a> {
    /// A compiler for the proxy of the context. What it finds is pushed to `diagnostics`.
    pub fn new(
        vocabulary: &'a Vocabulary,
        context: Context<'a>,
        sources: &'a Sources,
        diagnostics: &'a mut Diagnostics,
    ) -> Compiler<'a> {
        Compiler {
            vocabulary,
            context,
            sources,
            diagnostics: RefCell::new(diagnostics),
            acls: BTreeMap::new(),
            predefined: RefCell::new(BTreeMap::new()),
            stage: Cell::new(Stage::Request),
            captures: Cell::new(0),
            bandwidth: BTreeMap::new(),
            limited: RefCell::default(),
            uses: Cell::default(),
        }
    }

    /// Says how many capture slots for requests the proxy declares itself (`capture request header`, `declare capture`).
    pub fn set_request_captures(&mut self, count: usize) {
        self.captures.set(count);
    }

    /// Says which bandwidth limits the proxy has (`filter bwlim-in`, `bwlim-out`).
    pub fn set_bandwidth(&mut self, filters: &BTreeMap<String, BandwidthFilter>) {
        self.bandwidth = filters.clone();
    }

    pub(crate) fn bandwidth_filter(&self, name: &str) -> Option<BandwidthFilter> {
        let filter = self.bandwidth.get(name)?;
        self.limited.borrow_mut().insert(name.to_owned());
        Some(filter.clone())
    }

    /// The bandwidth limits that no rule has turned on.
    pub(crate) fn idle_filters(&self) -> impl Iterator<Item = &BandwidthFilter> {
        self.bandwidth.iter().filter(|(name, _)| !self.limited.borrow().contains(*name)).map(|(_, f)| f)
    }

    /// What was compiled so far looks at these facts.
    pub fn uses(&self) -> Uses {
        self.uses.get()
    }

    /// Notes that a fetch or an alias is used.
    pub(crate) fn note_use(&self, name: &str) {
        let mut uses = self.uses.get();
        match name {
            "HM" | "HP" | "HPO" | "HQ" | "HU" | "HV" | "r" | "capture.req.method" | "capture.req.uri" => {
                uses.request_line |= self.stage() != Stage::Log;
            }
            "lc" | "rt" | "txn.id32" => uses.numbers = true,
            "bi" | "bp" | "si" | "sp" | "bc_src" | "bc_src_port" | "bc_dst" | "bc_dst_port" => {
                uses.addresses = true;
            }
            name if crate::fetches::asks_socket(name) => uses.sockets = true,
            _ => {}
        }
        self.uses.set(uses);
    }

    /// Adds ACLs; several with one name are alternatives.
    pub fn acls<'t>(&mut self, acls: impl IntoIterator<Item = &'t tree::Acl>) {
        for acl in acls {
            self.add_acl(acl);
        }
    }

    /// A condition that is evaluated at a stage; `None` where it has mistakes.
    pub fn condition(&self, condition: &tree::Condition, stage: Stage) -> Option<Cond> {
        self.at(stage, || self.build_condition(condition)).ok()
    }

    /// An expression that is evaluated at a stage; `None` where it has mistakes.
    pub fn expr(&self, expr: &tree::Expr, stage: Stage) -> Option<Expr> {
        self.at(stage, || self.build_expr(expr)).ok()
    }

    /// Says what was declared in vain.
    pub fn finish(self) {
        for (name, acl) in &self.acls {
            if !acl.used.get() {
                let message = format!("ACL '{}' is never used", acl::shown(name));
                self.push(Diagnostic::lint(&UNUSED_ACL, acl.span, message));
            }
        }
    }

    /// Compiles something that is evaluated at a stage.
    pub fn at<T>(&self, stage: Stage, build: impl FnOnce() -> T) -> T {
        let before = self.stage.replace(stage);
        let built = build();
        self.stage.set(before);
        built
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    pub(crate) fn fail(&self, diagnostic: Diagnostic) -> Reported {
        self.push(diagnostic);
        Reported
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> Reported {
        self.fail(Diagnostic::error(span, message))
    }

    /// Whether the proxy of the rules has a backend side, or a frontend side.
    pub(crate) fn has_side(&self, back: bool) -> bool {
        self.context.directory.proxy(self.context.proxy, back).is_some()
    }

    /// A new capture slot for requests; its number.
    pub(crate) fn add_request_capture(&self) -> usize {
        self.captures.replace(self.captures.get() + 1)
    }

    /// Pushes what the grammar found.
    pub(crate) fn parsed<T>(&self, result: Result<T, Vec<Diagnostic>>) -> Result<T, Reported> {
        result.map_err(|found| {
            self.diagnostics.borrow_mut().extend(found);
            Reported
        })
    }
}

impl std::fmt::Debug for Compiler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("proxy", &self.context.proxy).finish_non_exhaustive()
    }
}
