//! The page: readable without script, live with it.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use portero_api::{Figures, Metrics, Process, ProxyState};

use super::change::ACTIONS;
use super::config::Config;
use super::rows::{Row, Subject, View, each_row};
use super::{Wish, scripts};

/// How often the script looks for news when `stats refresh` says nothing, in milliseconds.
const EVERY: u128 = 2000;

/// What the page depends on beside the figures.
pub(super) struct Page<'a> {
    /// The URI without what stands behind the semicolon.
    pub(super) uri: &'a str,
    pub(super) wish: Wish,
    /// True where servers may be changed.
    pub(super) admin: bool,
    pub(super) config: &'a Config,
    pub(super) process: &'a Process,
    pub(super) figures: &'a Figures,
    pub(super) metrics: &'a Metrics,
}

/// A column: its heading, an explanation, the fields in it with the way they are shown, further classes.
struct Column(&'static str, &'static str, &'static [(&'static str, Show)], &'static str);

/// How a value is shown; the script knows the same letters.
#[derive(Clone, Copy)]
enum Show {
    Number,
    Bytes,
    Duration,
    Text,
}

use Show::{Bytes, Duration, Number};

const COLUMNS: &[Column] = &[
    Column("Sessions", "now / most / limit", &[("scur", Number), ("smax", Number), ("slim", Number)], ""),
    Column("Total", "sessions in all", &[("stot", Number)], ""),
    Column("Rate", "sessions per second: now / most", &[("rate", Number), ("rate_max", Number)], ""),
    Column("Queue", "waiting: now / most", &[("qcur", Number), ("qmax", Number)], ""),
    Column("In", "bytes", &[("bin", Bytes)], ""),
    Column("Out", "bytes", &[("bout", Bytes)], ""),
    Column(
        "Responses",
        "2xx / 3xx / 4xx / 5xx",
        &[("hrsp_2xx", Number), ("hrsp_3xx", Number), ("hrsp_4xx", Number), ("hrsp_5xx", Number)],
        "wide codes",
    ),
    Column(
        "Errors",
        "requests (frontend); connections / responses (backend, server)",
        &[("ereq", Number), ("econ", Number), ("eresp", Number)],
        "",
    ),
    Column("Denied", "requests / responses", &[("dreq", Number), ("dresp", Number)], ""),
    Column("Retries", "same server / another", &[("wretr", Number), ("wredis", Number)], ""),
    Column(
        "Times ms",
        "queue / connect / response / total",
        &[("qtime", Number), ("ctime", Number), ("rtime", Number), ("ttime", Number)],
        "wide",
    ),
    Column("Weight", "now", &[("weight", Number)], ""),
    Column("Checks", "failed / times down", &[("chkfail", Number), ("chkdown", Number)], ""),
    Column("Down for", "in all", &[("downtime", Duration)], ""),
];

impl Page<'_> {
    pub(super) fn render(&self, proxies: &[Arc<ProxyState>], view: &View) -> String {
        let mut out = String::with_capacity(16 * 1024);
        let refresh = self.config.refresh.filter(|_| !self.wish.still);
        out.push_str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        out.push_str("<title>Statistics</title><link rel=\"icon\" href=\"data:,\">");
        if let Some(time) = refresh {
            let seconds = time.as_secs().max(1);
            put(
                &mut out,
                format_args!("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>"),
            );
        }
        put(&mut out, format_args!("<style>{}</style></head><body>\n", include_str!("page.css")));
        self.head(&mut out);
        if let Some(outcome) = self.wish.outcome {
            put(&mut out, format_args!("<p class=\"note\" role=\"status\">{outcome}</p>\n"));
        }
        tiles(proxies, view, &mut out);
        proxies.iter().for_each(|proxy| self.proxy(proxy, view, &mut out));
        scripts::section(&self.figures.read(), &self.metrics.read(), &mut out);
        if !self.wish.still {
            let every = refresh.map_or(EVERY, |time| time.as_millis().max(500));
            let (uri, up) = (escape(self.uri), if self.wish.up { "1" } else { "" });
            put(
                &mut out,
                format_args!("<script data-every=\"{every}\" data-url=\"{uri};json\" data-up=\"{up}\">"),
            );
            put(&mut out, format_args!("\n{}</script>", include_str!("page.js")));
        }
        out.push_str("</body></html>\n");
        out
    }

    fn head(&self, out: &mut String) {
        let process = self.process;
        let own = |shown: &Option<Option<String>>, usual: String| {
            shown.as_ref().map(|text| text.clone().unwrap_or(usual)).filter(|text| !text.is_empty())
        };
        let version = if self.config.version { format!(" {}", Process::VERSION) } else { String::new() };
        put(out, format_args!("<header><h1>Portero{version}</h1><p>"));
        let node = own(&self.config.node, process.node());
        let mut facts: Vec<String> = node.into_iter().collect();
        facts.extend(own(&self.config.description, process.description()));
        facts.push(format!("pid {}", process.pid()));
        facts.push(format!("up {}", duration(process.uptime().as_secs())));
        facts.push(match process.max_connections() {
            0 => format!("{} connections", process.connections()),
            max => format!("{} of {max} connections", process.connections()),
        });
        put(out, format_args!("{}</p><nav>", escape(&facts.join(" · "))));
        out.push_str("<span id=\"live\" hidden>live</span>");
        let uri = escape(self.uri);
        let also = |on: bool, word: &'static str| if on { word } else { "" };
        let (up, still) = (self.wish.up, self.wish.still);
        let link = |out: &mut String, on: bool, words: [&str; 2], rest: &str, turned: &str| {
            let (label, own) = if on { (words[1], "") } else { (words[0], turned) };
            put(out, format_args!("<a href=\"{uri}{rest}{own}\">{label}</a>"));
        };
        link(out, up, ["Hide down", "Show all"], also(still, ";norefresh"), ";up");
        link(out, still, ["Stop refresh", "Refresh"], also(up, ";up"), ";norefresh");
        put(
            out,
            format_args!("<a href=\"{uri};csv\">CSV</a><a href=\"{uri};json\">JSON</a></nav></header>\n"),
        );
    }

    fn proxy(&self, proxy: &Arc<ProxyState>, view: &View, out: &mut String) {
        let kind = match (proxy.kind.has_front(), proxy.kind.has_back()) {
            (true, true) => "listen",
            (true, false) => "frontend",
            _ => "backend",
        };
        let (name, mode) = (escape(&proxy.name), if proxy.http { "http" } else { "tcp" });
        put(out, format_args!("<section><h2>{name}<span class=\"tag\">{kind}</span>"));
        put(out, format_args!("<span class=\"tag\">{mode}</span></h2>"));
        let description = proxy.description();
        if !description.is_empty() {
            put(out, format_args!("<p>{}</p>", escape(&description)));
        }
        let admin = self.admin && proxy.kind.has_back();
        if admin {
            put(out, format_args!("<form method=\"post\" action=\"{}\">", escape(self.uri)));
        }
        out.push_str("<div class=\"scroll\"><table>");
        out.push_str("<thead><tr><th>Name</th><th>State</th>");
        for Column(label, title, ..) in COLUMNS {
            put(out, format_args!("<th title=\"{title}\">{label}</th>"));
        }
        out.push_str("</tr></thead><tbody>\n");
        each_row(std::slice::from_ref(proxy), view, |row| {
            let down = row.subject.server().is_some_and(|server| !server.usable());
            if !(down && self.wish.up) {
                tr(&row, admin, out);
            }
        });
        out.push_str("</tbody></table></div>");
        if admin {
            actions(proxy, out);
        }
        out.push_str("</section>\n");
    }
}

/// The end of the form: what is to be done with the servers that are ticked.
fn actions(proxy: &ProxyState, out: &mut String) {
    put(
        out,
        format_args!("<p class=\"actions\"><input type=\"hidden\" name=\"b\" value=\"#{}\">", proxy.id()),
    );
    out.push_str("<select name=\"action\" aria-label=\"what to do\">");
    for (value, label, _) in ACTIONS {
        put(out, format_args!("<option value=\"{value}\">{label}</option>"));
    }
    out.push_str("</select> <button>Apply to ticked servers</button></p></form>");
}

fn tr(row: &Row<'_>, admin: bool, out: &mut String) {
    let (class, name) = match row.subject {
        Subject::Front(_) => ("front", "Frontend".to_owned()),
        Subject::Back(_) => ("back", "Backend".to_owned()),
        Subject::Server(_, server) => ("server", server.name.to_string()),
    };
    let key = format!("{}/{}/{}", row.text("pxname"), row.text("svname"), row.text("type"));
    let status = row.text("status");
    let (key, name) = (escape(&key), escape(&name));
    put(out, format_args!("<tr class=\"{class}\" data-row=\"{key}\" data-state=\"{}\">", state(&status)));
    out.push_str("<th scope=\"row\">");
    if admin && row.subject.server().is_some() {
        put(
            out,
            format_args!("<input type=\"checkbox\" name=\"s\" value=\"{name}\" aria-label=\"{name}\"> "),
        );
    }
    out.push_str(&name);
    let backup = row.subject.server().is_some_and(|server| server.is_backup());
    for small in [row.text("addr"), if backup { "backup".into() } else { String::new() }] {
        if !small.is_empty() {
            put(out, format_args!("<small>{}</small>", escape(&small)));
        }
    }
    let title = row.text("last_chk");
    put(out, format_args!("</th><td class=\"state\" title=\"{}\">", escape(&title)));
    put(out, format_args!("<b class=\"badge\" data-f=\"status\" data-k=\"t\">{}</b>", escape(&status)));
    if !matches!(row.subject, Subject::Front(_)) {
        check(row, out);
    }
    out.push_str("</td>");
    COLUMNS.iter().for_each(|column| td(row, column, out));
    out.push_str("</tr>\n");
}

/// The last check and since when the state is what it is, under the state.
fn check(row: &Row<'_>, out: &mut String) {
    out.push_str("<small>");
    if row.subject.server().is_some_and(|server| server.is_checked()) {
        cell(row, "check_status", Show::Text, "", out);
        for (before, field, after) in [(" ", "check_code", ""), (" in ", "check_duration", " ms")] {
            if !row.text(field).is_empty() {
                out.push_str(before);
                cell(row, field, Show::Text, "", out);
                out.push_str(after);
            }
        }
        out.push_str(" · ");
    }
    out.push_str("for ");
    cell(row, "lastchg", Duration, "", out);
    out.push_str("</small>");
}

fn td(row: &Row<'_>, Column(label, title, fields, classes): &Column, out: &mut String) {
    let present = fields.iter().filter(|(field, _)| !row.text(field).is_empty());
    let none = if present.clone().next().is_none() { "none" } else { "" };
    put(out, format_args!("<td class=\"{classes} {none}\" data-label=\"{label}\" title=\"{title}\"><span>"));
    for (at, (field, show)) in present.enumerate() {
        if at > 0 {
            out.push_str("<i>/</i>");
        }
        let class = field.strip_prefix("hrsp_").map_or("", |code| &code[..1]);
        cell(row, field, *show, class, out);
    }
    out.push_str("</span></td>");
}

fn cell(row: &Row<'_>, field: &str, show: Show, code: &str, out: &mut String) {
    let text = row.text(field);
    let shown = match (show, text.parse()) {
        (Show::Text, _) | (_, Err(_)) => escape(&text).into_owned(),
        (Number, Ok(value)) => number(value),
        (Bytes, Ok(value)) => bytes(value),
        (Duration, Ok(value)) => duration(value),
    };
    let zero = if text == "0" { " zero" } else { "" };
    let code = if code.is_empty() { String::new() } else { format!("s{code}") };
    let letter = show.letter();
    put(out, format_args!("<b class=\"{code}{zero}\" data-f=\"{field}\" data-k=\"{letter}\">{shown}</b>"));
}

/// The sums over all proxies shown.
fn tiles(proxies: &[Arc<ProxyState>], view: &View, out: &mut String) {
    let [mut sessions, mut rate, mut up, mut servers, mut bytes_in, mut bytes_out] = [0u64; 6];
    let get = |row: &Row<'_>, field| row.text(field).parse::<u64>().ok();
    each_row(proxies, view, |row| match row.subject {
        Subject::Front(_) => {
            sessions += get(&row, "scur").unwrap_or(0);
            rate += get(&row, "req_rate").or(get(&row, "rate")).unwrap_or(0);
            bytes_in += get(&row, "bin").unwrap_or(0);
            bytes_out += get(&row, "bout").unwrap_or(0);
        }
        Subject::Server(_, server) => {
            servers += 1;
            up += u64::from(server.usable());
        }
        Subject::Back(_) => {}
    });
    let sum = |name: &str, show: Show, text: String| {
        format!("<b data-sum=\"{name}\" data-k=\"{}\">{text}</b>", show.letter())
    };
    let of = format!("<small> of {}</small>", sum("servers", Number, number(servers)));
    out.push_str("<dl class=\"tiles\">");
    for (label, value) in [
        ("Servers up", sum("up", Number, number(up)) + &of),
        ("Sessions now", sum("sessions", Number, number(sessions))),
        ("Requests per second", sum("rate", Number, number(rate))),
        ("Received", sum("in", Bytes, bytes(bytes_in))),
        ("Sent", sum("out", Bytes, bytes(bytes_out))),
    ] {
        put(out, format_args!("<div><dt>{label}</dt><dd>{value}</dd></div>"));
    }
    out.push_str("</dl>\n");
}

impl Show {
    fn letter(self) -> char {
        match self {
            Number => 'n',
            Bytes => 'b',
            Duration => 'd',
            Show::Text => 't',
        }
    }
}

fn state(status: &str) -> &'static str {
    match status {
        "UP" | "OPEN" => "good",
        s if s.starts_with("UP") || s == "NOLB" || s == "DRAIN" => "warn",
        s if s.starts_with("DOWN") => "bad",
        _ => "idle",
    }
}

fn number(value: u64) -> String {
    if value < 100_000 { value.to_string() } else { units(value, 1000.0, &["", "k", "M", "G", "T"]) }
}

fn bytes(value: u64) -> String {
    units(value, 1024.0, &[" B", " kB", " MB", " GB", " TB", " PB"])
}

fn units(value: u64, step: f64, names: &[&str]) -> String {
    let (mut value, mut at) = (value as f64, 0);
    while value >= step && at + 1 < names.len() {
        value /= step;
        at += 1;
    }
    let digits = usize::from(at > 0 && value < 99.95);
    format!("{value:.digits$}{}", names[at])
}

/// The two greatest units: `1d 4h`, `5m`, `12s`.
fn duration(seconds: u64) -> String {
    const PARTS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let at = PARTS.iter().position(|&(size, _)| seconds >= size).unwrap_or(3);
    let (size, name) = PARTS[at];
    let first = format!("{}{name}", seconds / size);
    match PARTS.get(at + 1).map(|&(next, name)| (seconds % size / next, name)) {
        Some((rest, name)) if rest > 0 => format!("{first} {rest}{name}"),
        _ => first,
    }
}

/// Text as HTML shows it, in elements and attributes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out.into()
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
