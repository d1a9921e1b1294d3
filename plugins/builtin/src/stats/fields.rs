//! The table of columns, in HAProxy's order and under its names (management manual, 9.1).
//!
//! Columns of parts that Portero does not have stay, so that positions hold, and are empty.

use portero_api::{Admin, CheckView, Counter::*, Door, Oper, ProxyState, ServerState, Timing};

use super::rows::{Field, Stat, Stat::*, Subject, View};

const COUNT: [&str; 3] = ["Metric", "Counter", "Process"];
const GAUGE: [&str; 3] = ["Metric", "Gauge", "Process"];
const MAX: [&str; 3] = ["Metric", "Max", "Process"];
const AVG: [&str; 3] = ["Metric", "Avg", "Process"];
const RATE: [&str; 3] = ["Metric", "Rate", "Process"];
const OUTPUT: [&str; 3] = ["Metric", "Output", "Process"];
const STATUS: [&str; 3] = ["Status", "Gauge", "Process"];
const LIMIT: [&str; 3] = ["Config", "Limit", "Process"];
const CONFIG: [&str; 3] = ["Config", "Gauge", "Service"];
const NAME: [&str; 3] = ["Key", "Name", "Service"];
const KEY: [&str; 3] = ["Key", "Gauge", "Service"];

/// All columns.
pub const FIELDS: &[Field] = &[
    f("pxname", "FBS", NAME, |s, _| Some(Text(s.proxy().name.to_string()))),
    f("svname", "FBS", NAME, |s, _| Some(Text(name(s)))),
    f("qcur", "BS", GAUGE, |s, _| s.by(none, |p| p.queue.now(), |s| s.queue.now())),
    f("qmax", "BS", MAX, |s, _| s.by(none, |p| p.queue.highest(), |s| s.queue.highest())),
    f("scur", "FBS", GAUGE, |s, _| {
        s.by(|p| p.front_sessions.now(), |p| p.back_sessions.now(), |s| s.sessions.now())
    }),
    f("smax", "FBS", MAX, |s, _| {
        s.by(|p| p.front_sessions.highest(), |p| p.back_sessions.highest(), |s| s.sessions.highest())
    }),
    f("slim", "FS", LIMIT, |s, _| positive(s.by(ProxyState::max_sessions, none, ServerState::max_sessions))),
    f("stot", "FBS", COUNT, |s, _| s.count(Sessions)),
    f("bin", "FBS", COUNT, |s, _| s.count(BytesIn)),
    f("bout", "FBS", COUNT, |s, _| s.count(BytesOut)),
    f("dreq", "FB", COUNT, |s, _| s.count(DeniedRequests)),
    f("dresp", "FBS", COUNT, |s, _| s.count(DeniedResponses)),
    f("ereq", "F", COUNT, |s, _| s.count(RequestErrors)),
    f("econ", "BS", COUNT, |s, _| s.count(ConnectErrors)),
    f("eresp", "BS", COUNT, |s, _| s.count(ResponseErrors)),
    f("wretr", "BS", COUNT, |s, _| s.count(Retries)),
    f("wredis", "BS", COUNT, |s, _| s.count(Redispatches)),
    f("status", "FBS", STATUS, |s, _| Some(Text(status(s)))),
    f("weight", "BS", AVG, |s, _| {
        s.by(none, |p| sum(p, |s| if s.usable() { s.weight() } else { 0 }), ServerState::weight)
    }),
    f("act", "BS", STATUS, |s, _| {
        s.by(none, |p| sum(p, |s| (!s.is_backup() && s.usable()).into()), |s| (!s.is_backup()).into())
    }),
    f("bck", "BS", STATUS, |s, _| {
        s.by(none, |p| sum(p, |s| (s.is_backup() && s.usable()).into()), |s| s.is_backup().into())
    }),
    f("chkfail", "S", COUNT, |s, _| if checked(s) { s.count(ChecksFailed) } else { None }),
    f("chkdown", "BS", COUNT, |s, _| if checked(s) { s.count(WentDown) } else { None }),
    f("lastchg", "BS", ["Metric", "Age", "Process"], |s, _| {
        s.by(none, |p| p.since_change() as u32, |s| s.since_change() as u32)
    }),
    f("downtime", "BS", COUNT, |s, _| match s.server() {
        Some(server) => checked(s).then(|| U32(server.downtime() as u32)),
        None => (!s.proxy().servers().is_empty()).then(|| U32(s.proxy().downtime() as u32)),
    }),
    f("qlimit", "S", LIMIT, |s, _| positive(s.by(none, none, ServerState::max_queue))),
    f("pid", "FBS", ["Key", "Gauge", "Process"], |_, _| Some(U32(1))),
    f("iid", "FBS", KEY, |s, _| Some(U32(s.proxy().id()))),
    f("sid", "FBS", KEY, |s, _| Some(U32(s.id()))),
    absent("throttle"),
    f("lbtot", "BS", COUNT, |s, _| s.count(Selected)),
    absent("tracked"),
    f("type", "FBS", CONFIG, |s, _| Some(U32(s.number()))),
    f("rate", "FBS", RATE, |s, v| Some(U32(s.rate().per_second(v.now) as u32))),
    absent("rate_lim"),
    f("rate_max", "FBS", MAX, |s, v| Some(U32(s.rate().max(v.now) as u32))),
    f("check_status", "S", OUTPUT, |s, _| {
        check(s, |c| Some(Text(format!("{}{}", running(c), c.status.name()))))
    }),
    f("check_code", "S", OUTPUT, |s, _| check(s, |c| c.code.map(|code| U32(code.into())))),
    f("check_duration", "S", ["Metric", "Duration", "Process"], |s, _| {
        check(s, |c| c.ended.map(|_| U64(c.millis)))
    }),
    f("hrsp_1xx", "FBS", COUNT, |s, _| http(s, s.count(Response1xx))),
    f("hrsp_2xx", "FBS", COUNT, |s, _| http(s, s.count(Response2xx))),
    f("hrsp_3xx", "FBS", COUNT, |s, _| http(s, s.count(Response3xx))),
    f("hrsp_4xx", "FBS", COUNT, |s, _| http(s, s.count(Response4xx))),
    f("hrsp_5xx", "FBS", COUNT, |s, _| http(s, s.count(Response5xx))),
    f("hrsp_other", "FBS", COUNT, |s, _| http(s, s.count(ResponseOther))),
    absent("hanafail"),
    f("req_rate", "F", RATE, |s, v| http(s, Some(U32(s.proxy().request_rate.per_second(v.now) as u32)))),
    f("req_rate_max", "F", MAX, |s, v| http(s, Some(U32(s.proxy().request_rate.max(v.now) as u32)))),
    f("req_tot", "FBS", COUNT, |s, _| http(s, s.count(Requests))),
    f("cli_abrt", "BS", COUNT, |s, _| s.count(ClientAborts)),
    f("srv_abrt", "BS", COUNT, |s, _| s.count(ServerAborts)),
    absent("comp_in"),
    absent("comp_out"),
    absent("comp_byp"),
    absent("comp_rsp"),
    absent("lastsess"),
    f("last_chk", "S", OUTPUT, |s, _| check(s, |c| (!c.reason.is_empty()).then(|| Text(c.reason.clone())))),
    absent("last_agt"),
    f("qtime", "BS", AVG, |s, _| time(s, Timing::Queue)),
    f("ctime", "BS", AVG, |s, _| time(s, Timing::Connect)),
    f("rtime", "BS", AVG, |s, _| time(s, Timing::Response)),
    f("ttime", "BS", AVG, |s, _| time(s, Timing::Total)),
    absent("agent_status"),
    absent("agent_code"),
    absent("agent_duration"),
    f("check_desc", "S", OUTPUT, |s, _| check(s, |c| Some(Text(c.status.description().into())))),
    absent("agent_desc"),
    f("check_rise", "S", CONFIG, |s, _| check(s, |c| Some(U32(c.rise)))),
    f("check_fall", "S", CONFIG, |s, _| check(s, |c| Some(U32(c.fall)))),
    f("check_health", "S", CONFIG, |s, _| check(s, |c| Some(U32(c.health)))),
    absent("agent_rise"),
    absent("agent_fall"),
    absent("agent_health"),
    f("addr", "S", CONFIG, |s, v| s.server().filter(|_| v.legends).map(|s| Text(s.address().to_string()))),
    absent("cookie"),
    f("mode", "FBS", CONFIG, |s, _| Some(Text(if s.proxy().http { "http" } else { "tcp" }.into()))),
    absent("algo"),
    f("conn_rate", "F", RATE, |s, v| Some(U32(s.proxy().connection_rate.per_second(v.now) as u32))),
    f("conn_rate_max", "F", MAX, |s, v| Some(U32(s.proxy().connection_rate.max(v.now) as u32))),
    f("conn_tot", "F", COUNT, |s, _| s.count(Connections)),
    f("intercepted", "FB", COUNT, |s, _| s.count(Intercepted)),
    f("dcon", "F", COUNT, |s, _| s.count(DeniedConnections)),
    f("dses", "F", COUNT, |s, _| s.count(DeniedSessions)),
    f("wrew", "FBS", COUNT, |s, _| s.count(FailedRewrites)),
    f("connect", "BS", COUNT, |s, _| s.count(ConnectAttempts)),
    f("reuse", "BS", COUNT, |s, _| s.count(Reuses)),
    absent("cache_lookups"),
    absent("cache_hits"),
    f("srv_icur", "S", GAUGE, |s, _| s.by(none, none, ServerState::idle)),
    f("src_ilim", "S", LIMIT, |s, _| s.server().and_then(|s| s.max_idle()).map(U32)),
    f("qtime_max", "BS", MAX, |s, _| longest(s, Timing::Queue)),
    f("ctime_max", "BS", MAX, |s, _| longest(s, Timing::Connect)),
    f("rtime_max", "BS", MAX, |s, _| longest(s, Timing::Response)),
    f("ttime_max", "BS", MAX, |s, _| longest(s, Timing::Total)),
    f("eint", "FBS", COUNT, |s, _| s.count(InternalErrors)),
    absent("idle_conn_cur"),
    f("safe_conn_cur", "S", GAUGE, |s, _| s.by(none, none, ServerState::idle)),
    f("used_conn_cur", "S", GAUGE, |s, _| s.by(none, none, |s| s.sessions.now())),
    absent("need_conn_est"),
    f("uweight", "BS", AVG, |s, _| {
        s.by(none, |p| sum(p, ServerState::initial_weight), ServerState::initial_weight)
    }),
    absent("agg_server_status"),
    absent("agg_server_check_status"),
    absent("agg_check_status"),
    absent("srid"),
    absent("sess_other"),
    absent("h1sess"),
    absent("h2sess"),
    absent("h3sess"),
    absent("req_other"),
    absent("h1req"),
    absent("h2req"),
    absent("h3req"),
    absent("proto"),
    absent("priv_idle_cur"),
    absent("reqbin"),
    absent("reqbout"),
    absent("resbin"),
    absent("resbout"),
    absent("cache_hint_hits"),
];

const fn f(
    name: &'static str,
    on: &'static str,
    tags: [&'static str; 3],
    value: fn(&Subject<'_>, &View) -> Option<Stat>,
) -> Field {
    Field { name, on, tags, value }
}

/// A column of a part that we do not have.
const fn absent(name: &'static str) -> Field {
    f(name, "", COUNT, |_, _| None)
}

fn none<T>(_: &T) -> u32 {
    0
}

fn positive(stat: Option<Stat>) -> Option<Stat> {
    stat.filter(|stat| *stat != U32(0))
}

fn sum(proxy: &ProxyState, number: impl Fn(&ServerState) -> u32) -> u32 {
    proxy.servers().iter().map(|server| number(server)).sum()
}

fn http(subject: &Subject<'_>, stat: Option<Stat>) -> Option<Stat> {
    stat.filter(|_| subject.proxy().http)
}

fn checked(subject: &Subject<'_>) -> bool {
    subject.server().is_none_or(|server| server.is_checked())
}

fn check(subject: &Subject<'_>, value: impl Fn(&CheckView) -> Option<Stat>) -> Option<Stat> {
    let server = subject.server().filter(|server| server.is_checked())?;
    value(&server.check.lock().unwrap_or_else(|e| e.into_inner()))
}

fn running(check: &CheckView) -> &'static str {
    if check.running { "* " } else { "" }
}

fn time(subject: &Subject<'_>, timing: Timing) -> Option<Stat> {
    let averages = subject.server().map_or(&subject.proxy().averages, |server| &server.averages);
    Some(U32(averages.get(timing) as u32))
}

fn longest(subject: &Subject<'_>, timing: Timing) -> Option<Stat> {
    let averages = subject.server().map_or(&subject.proxy().averages, |server| &server.averages);
    Some(U32(averages.max(timing) as u32))
}

fn name(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Front(_) => "FRONTEND".into(),
        Subject::Back(_) => "BACKEND".into(),
        Subject::Server(_, server) => server.name.to_string(),
    }
}

fn status(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Front(proxy) => match proxy.door() {
            Door::Open => "OPEN".into(),
            Door::Paused => "PAUSED".into(),
            Door::Stopped => "STOP".into(),
        },
        // Without servers there is nothing that could be down.
        Subject::Back(proxy) if proxy.usable_servers() > 0 || proxy.servers().is_empty() => "UP".into(),
        Subject::Back(_) => "DOWN".into(),
        Subject::Server(_, server) => server_status(server),
    }
}

/// With the count towards the other state while it is not certain: `UP 1/3`, `DOWN 1/2`.
fn server_status(server: &ServerState) -> String {
    let check = server.check.lock().unwrap_or_else(|e| e.into_inner());
    let best = (check.rise + check.fall).saturating_sub(1);
    match (server.admin(), server.oper()) {
        (Admin::Maint, _) => "MAINT".into(),
        (_, Oper::Down) if check.health > 0 => format!("DOWN {}/{}", check.health, check.rise),
        (_, Oper::Down) => "DOWN".into(),
        (Admin::Drain, _) => "DRAIN".into(),
        (_, Oper::Stopping) => "NOLB".into(),
        _ if !server.is_checked() => "no check".into(),
        _ if check.health >= check.rise && check.health < best => {
            format!("UP {}/{}", check.health + 1 - check.rise, check.fall)
        }
        _ => "UP".into(),
    }
}
