//! Keywords of a proxy that are refused by name, accepted because they change nothing, or no longer part of the language.

use super::super::{Row, gone, moot, not_yet};
use super::{ALL, BACK, BACK_DEF, FRONT, FRONT_DEF, PROXY};
use crate::config::draft::Draft;

/// Known to HAProxy, not supported yet.
pub(super) const NOT_YET: &[Row<Draft>] = &[
    not_yet("acme", ALL),
    not_yet("capture cookie", FRONT),
    not_yet("clitcpka-cnt", FRONT_DEF),
    not_yet("clitcpka-idle", FRONT_DEF),
    not_yet("clitcpka-intvl", FRONT_DEF),
    not_yet("compression", ALL),
    not_yet("crt", FRONT),
    not_yet("dispatch", BACK),
    not_yet("dynamic-cookie-key", BACK_DEF),
    not_yet("email-alert", ALL),
    not_yet("http-send-name-header", BACK_DEF),
    not_yet("load-server-state-from-file", BACK_DEF),
    not_yet("log-format-sd", FRONT_DEF),
    not_yet("log-steps", FRONT_DEF),
    not_yet("max-session-srv-conns", FRONT_DEF),
    not_yet("option checkcache", BACK_DEF),
    not_yet("option h1-case-adjust-bogus-client", FRONT_DEF),
    not_yet("option h1-case-adjust-bogus-server", BACK_DEF),
    not_yet("option http-drop-request-trailers", BACK_DEF),
    not_yet("option http-drop-response-trailers", FRONT_DEF),
    not_yet("option http-use-proxy-header", FRONT_DEF),
    not_yet("option http_proxy", ALL),
    not_yet("option httpslog", FRONT_DEF),
    not_yet("option socket-stats", FRONT_DEF),
    not_yet("option transparent", BACK_DEF),
    not_yet("persist rdp-cookie", BACK_DEF),
    not_yet("quic-initial", FRONT_DEF),
    not_yet("rate-limit sessions", FRONT_DEF),
    not_yet("server-state-file-name", BACK_DEF),
    not_yet("srvtcpka-cnt", BACK_DEF),
    not_yet("srvtcpka-idle", BACK_DEF),
    not_yet("srvtcpka-intvl", BACK_DEF),
    not_yet("ssl-f-use", FRONT),
    not_yet("transparent", BACK_DEF),
    not_yet("use-fcgi-app", BACK),
];

/// Accepted: what they tune is not there, and nothing that a client or a server sees depends on it.
pub(super) const MOOT: &[Row<Draft>] = &[
    moot("bind-process", ALL, "there is one process"),
    moot("fullconn", BACK_DEF, "it scales the limits of servers with 'minconn', and there are none"),
    moot("guid", PROXY, "it names the proxy in the stats file"),
    moot(
        "max-keep-alive-queue",
        BACK_DEF,
        "a request never waits for a full server on a reused connection only",
    ),
    moot("option contstats", FRONT_DEF, "counters are always live"),
    moot("option disable-h2-upgrade", FRONT_DEF, "there is no upgrade to HTTP/2 inside a connection"),
    moot("option http-no-delay", ALL, "what is written goes out at once"),
    moot("option splice-auto", ALL, "it never changes what is sent"),
    moot("option splice-request", ALL, "it never changes what is sent"),
    moot("option splice-response", ALL, "it never changes what is sent"),
    moot("option tcpsplice", ALL, "it never changes what is sent"),
    moot("option tcp-smart-accept", FRONT_DEF, "in mode http it is always so, elsewhere the system decides"),
    moot("option tcp-smart-connect", BACK_DEF, "it is always so"),
    moot("option use-small-buffers", BACK_DEF, "there is one size of buffers"),
];

/// Words of versions from 1.1 to 3.4, with what to write now.
pub(super) const GONE: &[Row<Draft>] = &[
    gone("appsession", "use 'stick-table' and 'stick', or 'cookie'"),
    gone("grace", "write 'grace TIME' in the section 'global'"),
    gone("monitor-net", "use 'http-request return status 200 if { src NETWORK }' or 'monitor-uri'"),
];
