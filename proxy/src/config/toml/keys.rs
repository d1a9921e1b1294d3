//! The rows: keys of `[global]`, of proxies, of `[http_errors.NAME]`, `[userlist.NAME]`, `[peers.NAME]` and
//! `[table.NAME]`.

use super::records::{
    BALANCE, BIND, CAPTURE, COOKIE, DEFAULT_SERVER, GROUP, LOG, PARAM, SERVER, STICK_TABLE, TABLE_TYPES,
    TEMPLATE, UNIX_BIND, USER,
};
use super::vocabulary::Kind::{Number, OneOf, Size, Text, Time};
use super::vocabulary::Shape::{Lines, Map, Named, Record, Records, Switch, SwitchOr, Words};
use super::vocabulary::{Key, Off, key, word};

pub(super) const GLOBAL: &[Key] = &[
    word("chroot", Text),
    key("daemon", Switch(Off::No)),
    key("default-path", Words),
    word("description", Text),
    word("gid", Number),
    word("group", Text),
    key("h1-accept-payload-with-any-method", Switch(Off::No)),
    word("hard-stop-after", Time),
    key("log", Records(&LOG)),
    key("http-err-codes", Words),
    key("http-fail-codes", Words),
    word("localpeer", Text),
    key("log-send-hostname", SwitchOr(Text)),
    word("log-tag", Text),
    word("max-spread-checks", Time),
    word("maxconn", Number),
    word("nbproc", Number),
    word("nbthread", Number),
    word("node", Text),
    word("pidfile", Text),
    key("presetenv", Map),
    key("resetenv", Words),
    key("set-var", Map),
    key("set-var-fmt", Map),
    key("setenv", Map),
    word("spread-checks", Number),
    key("stats socket", Records(&BIND)),
    word("stats timeout", Time),
    word("tune.bufsize", Size),
    word("tune.http.maxhdr", Number),
    word("tune.maxrewrite", Size),
    word("tune.stick-counters", Number),
    word("uid", Number),
    key("unix-bind", Record(&UNIX_BIND)),
    key("unsetenv", Words),
    word("user", Text),
    key("zero-warning", Switch(Off::No)),
];

pub(super) const HTTP_ERRORS: &[Key] = &[key("errorfile", Map)];

pub(super) const USERLIST: &[Key] = &[key("group", Named(&GROUP)), key("user", Named(&USER))];
pub(super) const POLICY: &[Key] = &[key("param", Named(&PARAM)), key("stick-table", Words)];

pub(super) const PEERS: &[Key] =
    &[key("peer", Lines), key("server", Lines), key("table", Named(&STICK_TABLE))];

pub(super) const TABLE: &[Key] = &[
    word("brates-factor", Number),
    word("expire", Time),
    word("len", Number),
    key("nopurge", Switch(Off::Silent)),
    word("peers", Text),
    key("recv-only", Switch(Off::Silent)),
    word("size", Size),
    word("srvkey", OneOf(&["name", "addr"])),
    key("store", Lines),
    word("type", OneOf(TABLE_TYPES)),
    word("write-to", Text),
];

const MODE: &[&str] = &["http", "tcp"];
const REUSE: &[&str] = &["never", "safe", "aggressive", "always"];

pub(super) const PROXY: &[Key] = &[
    word("backlog", Number),
    key("balance", Record(&BALANCE)),
    key("bind", Records(&BIND)),
    key("capture request header", Records(&CAPTURE)),
    key("capture response header", Records(&CAPTURE)),
    key("cookie", Record(&COOKIE)),
    key("declare capture", Lines),
    word("default_backend", Text),
    key("default-server", Records(&DEFAULT_SERVER)),
    word("description", Text),
    key("disabled", Switch(Off::Word("enabled"))),
    word("error-log-format", Text),
    key("errorfile", Map),
    key("errorfiles", Lines),
    key("errorloc", Map),
    key("errorloc302", Map),
    key("errorloc303", Map),
    key("explain", Lines),
    key("filter", Lines),
    key("hash-balance-factor", Words),
    key("hash-preserve-affinity", Words),
    key("hash-type", Words),
    key("http-error", Lines),
    word("http-reuse", OneOf(REUSE)),
    word("id", Number),
    key("log", Records(&LOG)),
    word("log-format", Text),
    word("log-tag", Text),
    word("maxconn", Number),
    word("mode", OneOf(MODE)),
    word("monitor-uri", Text),
    word("retries", Number),
    key("retry-on", Words),
    key("server", Named(&SERVER)),
    key("server-template", Named(&TEMPLATE)),
    key("source", Words),
    key("stick-table", Record(&STICK_TABLE)),
    key("stats admin", Words),
    key("stats auth", Lines),
    key("stats enable", Switch(Off::Silent)),
    key("stats hide-version", Switch(Off::Silent)),
    key("stats http-request", Lines),
    word("stats realm", Text),
    word("stats refresh", Time),
    key("stats scope", Lines),
    key("stats show-desc", SwitchOr(Text)),
    key("stats show-legends", Switch(Off::Silent)),
    key("stats show-modules", Switch(Off::Silent)),
    key("stats show-node", SwitchOr(Text)),
    key("stats show-version", Switch(Off::Silent)),
    word("stats uri", Text),
    word("tcp-request inspect-delay", Time),
    word("tcp-response inspect-delay", Time),
    word("timeout check", Time),
    word("timeout client", Time),
    word("timeout client-fin", Time),
    word("timeout connect", Time),
    word("timeout http-keep-alive", Time),
    word("timeout http-request", Time),
    word("timeout queue", Time),
    word("timeout server", Time),
    word("timeout server-fin", Time),
    word("timeout tarpit", Time),
    word("timeout tunnel", Time),
    word("unique-id-format", Text),
    word("unique-id-header", Text),
];
