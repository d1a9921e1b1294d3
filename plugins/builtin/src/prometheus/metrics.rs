//! The table of metrics: HAProxy's names, and where the figures come from.

use Source::{Codes, Column, Facts, Millis, Of, States};

/// A metric of one or several groups.
pub(super) struct Metric {
    /// Its name behind `haproxy_<group>_`.
    pub(super) name: &'static str,
    /// True when it only grows.
    pub(super) counter: bool,
    /// The groups that have it: letters of `P`rocess, `F`rontend, `L`istener, `B`ackend, `S`erver.
    pub(super) on: &'static str,
    /// Where its figures come from.
    pub(super) source: Source,
    /// What it says.
    pub(super) help: &'static str,
}

/// Where figures come from.
pub(super) enum Source {
    /// A fact of the process, as `show info` names it.
    Facts(&'static str),
    /// A column of the statistics.
    Column(&'static str),
    /// A column of milliseconds, shown as seconds.
    Millis(&'static str),
    /// The columns of responses, one line for each class of status.
    Codes,
    /// One line for each of these states: 1 for the one that the column is in.
    States(&'static str, &'static [&'static str]),
    /// The same, and how many servers of a backend are in it.
    Of(&'static str, &'static [&'static str]),
}

/// States of frontends and backends.
const PROXY: &[&str] = &["DOWN", "UP"];
/// States of sockets.
const SOCKET: &[&str] = &["WAITING", "OPEN", "FULL"];
/// States of servers.
const SERVER: &[&str] = &["DOWN", "UP", "MAINT", "DRAIN", "NOLB"];
/// Results of checks.
const CHECK: &[&str] = &[
    "HANA", "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK", "L6TOUT", "L6RSP", "L7TOUT", "L7RSP", "L7OK",
    "L7OKC", "L7STS", "PROCERR", "PROCTOUT", "PROCOK",
];

/// All metrics, in HAProxy's order.
#[rustfmt::skip]
pub(super) const METRICS: &[Metric] = &[
    gauge("nbthread", "P", Facts("Nbthread"), "Threads of the process"),
    gauge("nbproc", "P", Facts("Nbproc"), "Processes: always 1"),
    gauge("relative_process_id", "P", Facts("Process_num"), "The number of the process: always 1"),
    gauge("uptime_seconds", "P", Facts("Uptime_sec"), "Seconds since the start"),
    gauge("max_fds", "P", Facts("Ulimit-n"), "Open files at the most"),
    gauge("max_sockets", "P", Facts("Maxsock"), "Sockets at the most"),
    gauge("max_connections", "P", Facts("Maxconn"), "Client connections at the most"),
    gauge("hard_max_connections", "P", Facts("Hard_maxconn"), "Client connections as open files allow"),
    gauge("current_connections", "P", Facts("CurrConns"), "Client connections now"),
    count("connections_total", "P", Facts("CumConns"), "Client connections since the start"),
    count("requests_total", "P", Facts("CumReq"), "Requests since the start"),
    gauge("current_connection_rate", "P", Facts("ConnRate"), "Client connections in the last second"),
    gauge("max_connection_rate", "P", Facts("MaxConnRate"), "The most client connections in a second"),
    gauge("current_session_rate", "P", Facts("SessRate"), "Sessions in the last second"),
    gauge("max_session_rate", "P", Facts("MaxSessRate"), "The most sessions in a second"),
    gauge("stopping", "P", Facts("Stopping"), "1 once a soft stop has begun"),
    gauge("listeners", "P", Facts("Listeners"), "Listening sockets"),
    count("dropped_logs_total", "P", Facts("DroppedLogs"), "Log lines that could not be delivered"),
    count("bytes_out_total", "P", Facts("TotalBytesOut"), "Bytes sent to clients"),
    gauge("start_time_seconds", "P", Facts("Start_time_sec"), "When the process was started, in seconds since 1970"),

    gauge("current_queue", "BS", Column("qcur"), "Requests that wait for a place"),
    gauge("max_queue", "BS", Column("qmax"), "The most requests that waited at once"),
    gauge("current_sessions", "FBS", Column("scur"), "Sessions now"),
    gauge("max_sessions", "FBS", Column("smax"), "The most sessions at once"),
    gauge("limit_sessions", "FS", Column("slim"), "Sessions at the most (maxconn)"),
    count("sessions_total", "FBS", Column("stot"), "Sessions so far"),
    count("bytes_in_total", "FBS", Column("bin"), "Bytes of requests"),
    count("bytes_out_total", "FBS", Column("bout"), "Bytes of responses"),
    count("requests_denied_total", "FB", Column("dreq"), "Requests that rules refused"),
    count("responses_denied_total", "FBS", Column("dresp"), "Responses that rules refused"),
    count("request_errors_total", "F", Column("ereq"), "Requests that were not valid, or did not come in time"),
    count("connection_errors_total", "BS", Column("econ"), "Connections to servers that failed"),
    count("response_errors_total", "BS", Column("eresp"), "Responses of servers that were of no use"),
    count("retry_warnings_total", "BS", Column("wretr"), "Further tries of a server"),
    count("redispatch_warnings_total", "BS", Column("wredis"), "Requests that went to another server at last"),
    gauge("status", "FB", States("status", PROXY), "1 for the state it is in"),
    gauge("status", "L", States("status", SOCKET), "1 for the state it is in"),
    gauge("status", "S", States("status", SERVER), "1 for the state it is in"),
    gauge("agg_server_status", "B", Of("status", SERVER), "Servers in each state"),
    gauge("agg_check_status", "B", Of("check_status", CHECK), "Servers by the result of their last check"),
    gauge("weight", "BS", Column("weight"), "The weight, of a backend that of its usable servers"),
    gauge("uweight", "BS", Column("uweight"), "The weight of the configuration"),
    gauge("active_servers", "B", Column("act"), "Usable servers that are no backups"),
    gauge("backup_servers", "B", Column("bck"), "Usable backups"),
    gauge("active", "S", Column("act"), "1 for a server that is no backup"),
    gauge("backup", "S", Column("bck"), "1 for a backup"),
    count("check_failures_total", "S", Column("chkfail"), "Checks that failed"),
    count("check_up_down_total", "BS", Column("chkdown"), "How often it went down"),
    gauge("check_last_change_seconds", "BS", Column("lastchg"), "Seconds since it went up or down"),
    count("downtime_seconds_total", "BS", Column("downtime"), "Seconds that it was down"),
    gauge("queue_limit", "S", Column("qlimit"), "Requests that may wait (maxqueue)"),
    gauge("current_throttle", "S", Column("throttle"), "How far a server has come that starts slowly, in per cent"),
    count("loadbalanced_total", "BS", Column("lbtot"), "How often the balancer chose it"),
    gauge("max_session_rate", "FBS", Column("rate_max"), "The most sessions in a second"),
    gauge("check_status", "S", States("check_status", CHECK), "1 for the result of the last check"),
    gauge("check_code", "S", Column("check_code"), "The code that the last check was answered with"),
    gauge("check_duration_seconds", "S", Millis("check_duration"), "How long the last check took"),
    count("http_responses_total", "FBS", Codes, "Responses by class of their status"),
    gauge("http_requests_rate_max", "F", Column("req_rate_max"), "The most requests in a second"),
    count("http_requests_total", "FB", Column("req_tot"), "Requests so far"),
    gauge("connections_rate_max", "F", Column("conn_rate_max"), "The most connections in a second"),
    count("connections_total", "F", Column("conn_tot"), "Connections so far"),
    count("intercepted_requests_total", "F", Column("intercepted"), "Requests that the proxy answered itself"),
    count("denied_connections_total", "F", Column("dcon"), "Connections that rules refused"),
    count("denied_sessions_total", "F", Column("dses"), "Sessions that rules refused"),
    count("client_aborts_total", "BS", Column("cli_abrt"), "Exchanges that clients broke off"),
    count("server_aborts_total", "BS", Column("srv_abrt"), "Exchanges that servers broke off"),
    gauge("queue_time_average_seconds", "BS", Millis("qtime"), "Average time in the queue, of the last 1024 requests"),
    gauge("connect_time_average_seconds", "BS", Millis("ctime"), "Average time to connect"),
    gauge("response_time_average_seconds", "BS", Millis("rtime"), "Average time to a response"),
    gauge("total_time_average_seconds", "BS", Millis("ttime"), "Average time of a whole request"),
    gauge("max_queue_time_seconds", "BS", Millis("qtime_max"), "The longest time in the queue"),
    gauge("max_connect_time_seconds", "BS", Millis("ctime_max"), "The longest time to connect"),
    gauge("max_response_time_seconds", "BS", Millis("rtime_max"), "The longest time to a response"),
    gauge("max_total_time_seconds", "BS", Millis("ttime_max"), "The longest time of a whole request"),
    count("failed_header_rewriting_total", "FBS", Column("wrew"), "Rewrites of heads that failed"),
    count("connection_attempts_total", "BS", Column("connect"), "Tries to connect"),
    count("connection_reuses_total", "BS", Column("reuse"), "Requests on a connection that another one had left"),
    gauge("idle_connections_current", "S", Column("srv_icur"), "Idle connections now"),
    gauge("idle_connections_limit", "S", Column("src_ilim"), "Idle connections at the most (pool-max-conn)"),
    gauge("safe_idle_connections_current", "S", Column("safe_conn_cur"), "Idle connections that any request may use"),
    gauge("used_connections_current", "S", Column("used_conn_cur"), "Connections in use"),
    count("internal_errors_total", "FBS", Column("eint"), "Errors of the proxy's own"),
];

const fn gauge(name: &'static str, on: &'static str, source: Source, help: &'static str) -> Metric {
    Metric { name, counter: false, on, source, help }
}

const fn count(name: &'static str, on: &'static str, source: Source, help: &'static str) -> Metric {
    Metric { name, counter: true, on, source, help }
}
