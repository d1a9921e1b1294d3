//! Figures as text in the exposition format of Prometheus, version 0.0.4.

use std::fmt::Write;
use std::time::Instant;

use portero_api::{Common, Door, Sample};

use super::counted;
use super::metrics::{METRICS, Metric, Source};
use super::plugins;
use super::query::{Query, Scope};
use crate::stats::rows::{FIELDS, Pick, Row, Stat, View, each_row};

/// The classes of statuses, and their columns.
const CODES: [(&str, &str); 6] = [
    ("1xx", "hrsp_1xx"),
    ("2xx", "hrsp_2xx"),
    ("3xx", "hrsp_3xx"),
    ("4xx", "hrsp_4xx"),
    ("5xx", "hrsp_5xx"),
    ("other", "hrsp_other"),
];

/// What a metric is of: a proxy, a socket or a server.
struct Subject {
    /// Its labels, as they are written between the braces.
    labels: String,
    proxy: String,
    http: bool,
    /// The columns of the statistics.
    values: Vec<Option<Stat>>,
}

/// All that was asked for.
pub(super) fn render(query: &Query, common: &Common) -> String {
    let mut page = Page { query, common, text: String::new() };
    for scope in Scope::ALL.into_iter().filter(|scope| query.scopes.contains(scope)) {
        match scope {
            Scope::Global => page.process(),
            Scope::Frontend => page.rows(scope, 'F', 1),
            Scope::Listener => page.listeners(),
            Scope::Backend => page.rows(scope, 'B', 2),
            Scope::Server => page.rows(scope, 'S', 4),
            Scope::StickTable => page.tables(),
            Scope::Resolver => page.resolvers(),
            Scope::Plugin => plugins::write(&mut page),
        }
    }
    if query.scopes.contains(&Scope::Global) {
        counted::render(query, &common.metrics, &mut page.text);
    }
    page.text
}

pub(super) struct Page<'a> {
    query: &'a Query,
    pub(super) common: &'a Common,
    text: String,
}

impl Page<'_> {
    /// What stands before the lines of a metric; none when it is not wanted.
    fn begin(&mut self, scope: Scope, name: &str, counter: bool, help: &str) -> Option<String> {
        let full = format!("haproxy_{}_{name}", scope.prefix());
        self.begin_full(&full, if counter { "counter" } else { "gauge" }, help).then_some(full)
    }

    /// The same for a metric under a name of its own; false when it is not wanted.
    pub(super) fn begin_full(&mut self, full: &str, kind: &str, help: &str) -> bool {
        let wanted = self.query.wants(full);
        if wanted {
            let _ = writeln!(self.text, "# HELP {full} {help}\n# TYPE {full} {kind}");
        }
        wanted
    }

    pub(super) fn line(&mut self, name: &str, labels: &str, value: &str) {
        let _ = match labels {
            "" => writeln!(self.text, "{name} {value}"),
            labels => writeln!(self.text, "{name}{{{labels}}} {value}"),
        };
    }

    fn process(&mut self) {
        let facts = self.common.control.show_info();
        let description = self.common.process.description();
        let labels = self.described("", &description);
        for metric in METRICS.iter().filter(|metric| metric.on == "P") {
            let Source::Facts(fact) = metric.source else { continue };
            let Some((_, value)) = facts.iter().find(|(name, _)| *name == fact) else { continue };
            if let (Sample::Int(number), Some(name)) =
                (value, self.begin(Scope::Global, metric.name, metric.counter, metric.help))
            {
                self.line(&name, &labels, &number.to_string());
            }
        }
        if let Some(name) = self.begin(Scope::Global, "build_info", false, "The version of the program") {
            let labels = join(&label("version", portero_api::Process::VERSION), &labels);
            self.line(&name, &labels, "1");
        }
        let node = self.common.process.node();
        for (name, text) in [("node", node), ("description", description)] {
            if text.is_empty() {
                continue;
            }
            if let Some(full) = self.begin(Scope::Global, name, false, "As the configuration says") {
                self.line(&full, &join(&label(name, &text), &labels), "1");
            }
        }
    }

    /// The metrics of frontends, backends or servers.
    fn rows(&mut self, scope: Scope, letter: char, kind: u32) {
        let subjects = self.subjects(kind);
        let servers = if scope == Scope::Backend { self.subjects(4) } else { Vec::new() };
        for metric in METRICS.iter().filter(|metric| metric.on.contains(letter)) {
            let Some(name) = self.begin(scope, metric.name, metric.counter, metric.help) else { continue };
            for subject in &subjects {
                self.figures(&name, metric, subject, &servers);
            }
        }
    }

    /// The rows of some kinds of statistics.
    fn subjects(&self, kinds: u32) -> Vec<Subject> {
        let pick = Pick { kinds, no_maint: self.query.no_maint, ..Pick::default() };
        let view = View { now: Instant::now(), legends: false, pick };
        let mut all = Vec::new();
        each_row(&self.common.directory.all(), &view, |Row { subject, values }| {
            let proxy = subject.proxy();
            let mut labels = label("proxy", &proxy.name);
            if let Some(server) = subject.server() {
                labels = join(&labels, &label("server", &server.name));
            }
            let labels = self.described(&labels, &proxy.description());
            all.push(Subject { labels, proxy: proxy.name.to_string(), http: proxy.http, values });
        });
        all
    }

    fn figures(&mut self, name: &str, metric: &Metric, subject: &Subject, servers: &[Subject]) {
        match &metric.source {
            Source::Facts(_) => {}
            Source::Codes if !subject.http => {}
            Source::Codes => {
                for (code, column) in CODES {
                    let labels = join(&subject.labels, &label("code", code));
                    self.line(name, &labels, &number(subject.value(column)));
                }
            }
            // what only HTTP has is no figure of others; checks are none of servers without
            Source::Column("req_tot" | "req_rate_max") if !subject.http => {}
            Source::Column("check_code") | Source::Millis("check_duration") if !subject.is_checked() => {}
            Source::Column(column) => self.line(name, &subject.labels, &number(subject.value(column))),
            Source::Millis(column) => self.line(name, &subject.labels, &seconds(subject.value(column))),
            Source::States("check_status", _) if !subject.is_checked() => {}
            Source::States(column, states) => {
                let now = subject.state(column);
                for state in *states {
                    let labels = join(&subject.labels, &label("state", state));
                    self.line(name, &labels, if now == *state { "1" } else { "0" });
                }
            }
            Source::Of(column, states) => {
                let own: Vec<&Subject> = servers.iter().filter(|s| s.proxy == subject.proxy).collect();
                for state in *states {
                    let count = own.iter().filter(|server| server.state(column) == *state).count();
                    self.line(name, &join(&subject.labels, &label("state", state)), &count.to_string());
                }
            }
        }
    }

    fn listeners(&mut self) {
        for metric in METRICS.iter().filter(|metric| metric.on.contains('L')) {
            let Source::States(_, states) = metric.source else { continue };
            let Some(name) = self.begin(Scope::Listener, metric.name, metric.counter, metric.help) else {
                continue;
            };
            for proxy in self.common.directory.all() {
                let now = if proxy.door() == Door::Open { "OPEN" } else { "WAITING" };
                for listener in self.common.control.listeners(&proxy) {
                    let labels = join(&label("proxy", &proxy.name), &label("listener", &listener));
                    let labels = self.described(&labels, &proxy.description());
                    for state in states {
                        let value = if now == *state { "1" } else { "0" };
                        self.line(&name, &join(&labels, &label("state", state)), value);
                    }
                }
            }
        }
    }

    fn tables(&mut self) {
        let tables = self.common.tables.all();
        for (name, help) in [("size", "Entries at the most"), ("used", "Entries now")] {
            let Some(full) = self.begin(Scope::StickTable, name, false, help) else { continue };
            for table in &tables {
                let schema = table.schema();
                let labels = join(&label("name", &schema.name), &label("type", schema.key.name()));
                let value = if name == "size" { table.limits().size } else { table.len() };
                self.line(&full, &labels, &value.to_string());
            }
        }
    }

    /// There are no resolvers: their first metric stands for all, without figures.
    fn resolvers(&mut self) {
        let _ = self.begin(Scope::Resolver, "sent", true, "Questions sent to name servers");
    }

    fn described(&self, labels: &str, description: &str) -> String {
        match self.query.describe && !description.is_empty() {
            true => join(labels, &label("desc", description)),
            false => labels.to_owned(),
        }
    }
}

impl Subject {
    fn value(&self, column: &str) -> Option<&Stat> {
        let place = FIELDS.iter().position(|field| field.name == column)?;
        self.values.get(place)?.as_ref()
    }

    fn is_checked(&self) -> bool {
        self.value("check_status").is_some()
    }

    /// The state that a column is in: `UP 1/3` and `no check` are up.
    fn state(&self, column: &str) -> &str {
        let Some(Stat::Text(text)) = self.value(column) else { return "" };
        let text = text.trim_start_matches("* ");
        match text.split(' ').next().unwrap_or_default() {
            "OPEN" | "PAUSED" | "no" => "UP",
            "STOP" => "DOWN",
            state => state,
        }
    }
}

fn number(stat: Option<&Stat>) -> String {
    match stat {
        Some(stat @ (Stat::U32(_) | Stat::U64(_))) => stat.to_string(),
        Some(Stat::Text(_)) | None => "NaN".to_owned(),
    }
}

fn seconds(stat: Option<&Stat>) -> String {
    let millis = match stat {
        Some(Stat::U32(millis)) => u64::from(*millis),
        Some(Stat::U64(millis)) => *millis,
        Some(Stat::Text(_)) | None => return "NaN".to_owned(),
    };
    format!("{}.{:03}000", millis / 1000, millis % 1000)
}

pub(super) fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

fn join(first: &str, second: &str) -> String {
    match (first, second) {
        ("", other) | (other, "") => other.to_owned(),
        (first, second) => format!("{first},{second}"),
    }
}
