//! Lines that can be tables: `bind`, `server`, `log`, `cookie` and the like, field by field.

use super::vocabulary::Form;
use super::vocabulary::Kind::{Number, OneOf, Size, Text, Time};
use super::vocabulary::{Field, Off, Record, flag, formed, many, named, value};
use crate::config::policy::TYPES;

const SILENT: Off = Off::Silent;

/// All of them.
pub(super) const ALL: &[&Record] = &[
    &BIND,
    &UNIX_BIND,
    &SERVER,
    &TEMPLATE,
    &DEFAULT_SERVER,
    &BALANCE,
    &COOKIE,
    &CAPTURE,
    &LOG,
    &USER,
    &GROUP,
    &PARAM,
    &STICK_TABLE,
    &PLUGIN,
];

/// `bind` and `stats socket`
pub(super) const BIND: Record = Record {
    name: "bind",
    head: &[value("address", Text)],
    params: &[
        flag("accept-proxy", SILENT),
        value("backlog", Number),
        flag("defer-accept", SILENT),
        value("gid", Number),
        value("group", Text),
        value("id", Number),
        value("interface", Text),
        value("level", OneOf(&["user", "operator", "admin"])),
        value("maxconn", Number),
        value("mode", Text),
        value("mss", Number),
        value("name", Text),
        value("proto", Text),
        value("tcp-ss", Number),
        flag("tfo", SILENT),
        flag("transparent", SILENT),
        value("uid", Number),
        value("user", Text),
        flag("v4v6", SILENT),
        flag("v6only", SILENT),
    ],
    tail: &[],
};

/// `unix-bind`
pub(super) const UNIX_BIND: Record = Record {
    name: "unix_bind",
    head: &[],
    params: &[
        value("gid", Number),
        value("group", Text),
        value("mode", Text),
        value("prefix", Text),
        value("uid", Number),
        value("user", Text),
    ],
    tail: &[],
};

/// `user` of a userlist
pub(super) const USER: Record = Record {
    name: "user",
    head: &[],
    params: &[many("groups"), value("insecure-password", Text), value("password", Text)],
    tail: &[],
};

/// The types of keys of a table.
pub(super) const TABLE_TYPES: &[&str] = &["ip", "ipv4", "ipv6", "integer", "string", "binary"];

/// `stick-table`, and `table` of a peers section
pub(super) const STICK_TABLE: Record = Record {
    name: "stick_table",
    head: &[],
    params: &[
        value("brates-factor", Number),
        value("expire", Time),
        value("len", Number),
        flag("nopurge", SILENT),
        value("peers", Text),
        flag("recv-only", SILENT),
        value("size", Size),
        value("srvkey", OneOf(&["name", "addr"])),
        many("store"),
        value("type", OneOf(TABLE_TYPES)),
        value("write-to", Text),
    ],
    tail: &[],
};

/// `group` of a userlist
pub(super) const GROUP: Record = Record { name: "group", head: &[], params: &[many("users")], tail: &[] };

/// What belongs to `check`, under the names that a reader understands.
pub(super) const CHECK: &[Field] = &[
    named("interval", "inter", Time),
    named("fast_interval", "fastinter", Time),
    named("down_interval", "downinter", Time),
    value("rise", Number),
    value("fall", Number),
    value("port", Number),
    value("addr", Text),
    Field { word: "check-send-proxy", key: Some("send_proxy"), form: Form::Flag(SILENT) },
];

const SERVER_PARAMS: &[Field] = &[
    value("addr", Text),
    flag("backup", Off::Word("no-backup")),
    Field { word: "check", key: None, form: Form::Check },
    value("check-proto", Text),
    flag("check-send-proxy", SILENT),
    value("cookie", Text),
    flag("disabled", Off::Word("enabled")),
    value("downinter", Time),
    value("error-limit", Number),
    value("fall", Number),
    value("fastinter", Time),
    value("id", Number),
    value("init-addr", Text),
    value("inter", Time),
    value("max-reuse", Number),
    value("maxconn", Number),
    value("maxqueue", Number),
    flag("non-stick", Off::Word("stick")),
    value("observe", OneOf(&["layer4", "layer7"])),
    value("on-error", OneOf(&["fastinter", "fail-check", "sudden-death", "mark-down"])),
    value("on-marked-down", OneOf(&["shutdown-sessions"])),
    value("on-marked-up", OneOf(&["shutdown-backup-sessions"])),
    value("pool-max-conn", Number),
    value("pool-purge-delay", Time),
    value("port", Number),
    value("proto", Text),
    value("proxy-v2-options", Text),
    value("redir", Text),
    value("resolve-prefer", OneOf(&["ipv4", "ipv6"])),
    value("rise", Number),
    flag("send-proxy", Off::Word("no-send-proxy")),
    flag("send-proxy-v2", Off::Word("no-send-proxy-v2")),
    value("slowstart", Time),
    value("source", Text),
    flag("tfo", Off::Word("no-tfo")),
    value("track", Text),
    value("weight", Number),
];

/// `server NAME`
pub(super) const SERVER: Record =
    Record { name: "server", head: &[value("address", Text)], params: SERVER_PARAMS, tail: &[] };

/// `server-template PREFIX`
pub(super) const TEMPLATE: Record = Record {
    name: "template",
    head: &[value("count", Text), value("address", Text)],
    params: SERVER_PARAMS,
    tail: &[],
};

/// `default-server`
pub(super) const DEFAULT_SERVER: Record =
    Record { name: "default_server", head: &[], params: SERVER_PARAMS, tail: &[] };

/// `balance`: the words of the algorithms that come with the program; for others the words stand in a string.
pub(super) const BALANCE: Record = Record {
    name: "balance",
    head: &[value("algorithm", Text)],
    params: &[
        value("check_post", Number),
        value("depth", Number),
        value("len", Number),
        flag("path-only", SILENT),
        flag("use_domain_only", SILENT),
        flag("whole", SILENT),
    ],
    tail: &[],
};

/// `cookie`
pub(super) const COOKIE: Record = Record {
    name: "cookie",
    head: &[value("name", Text)],
    params: &[
        many("attr"),
        many("domain"),
        flag("httponly", SILENT),
        flag("indirect", SILENT),
        flag("insert", SILENT),
        value("maxidle", Time),
        value("maxlife", Time),
        flag("nocache", SILENT),
        flag("postonly", SILENT),
        flag("prefix", SILENT),
        flag("preserve", SILENT),
        flag("rewrite", SILENT),
        flag("secure", SILENT),
    ],
    tail: &[],
};

/// `capture request header`
pub(super) const CAPTURE: Record =
    Record { name: "capture", head: &[value("name", Text)], params: &[value("len", Number)], tail: &[] };

/// `param` of a policy
pub(super) const PARAM: Record = Record {
    name: "param",
    head: &[value("type", OneOf(&TYPES))],
    params: &[Field { word: "default", key: None, form: Form::Rest }],
    tail: &[],
};

/// `log`
pub(super) const LOG: Record = Record {
    name: "log",
    head: &[value("target", Text)],
    params: &[
        value("len", Number),
        value("format", OneOf(&["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"])),
        value("sample", Text),
    ],
    tail: &[value("facility", Text), value("level", OneOf(LEVELS)), value("min-level", OneOf(LEVELS))],
};

const LEVELS: &[&str] = &["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// `wasm-load NAME`, which is `[plugin.NAME]`
pub(crate) const PLUGIN: Record = Record {
    name: "plugin",
    head: &[value("wasm", Text)],
    params: &[
        flag("allow-on-headers-stop-iteration", SILENT),
        formed("allowed-capabilities", Form::Joined),
        formed("cluster", Form::Pairs),
        formed("config", Form::Json),
        value("config-file", Text),
        formed("env", Form::Pairs),
        // Envoy's name for the same
        Field { word: "on-error skip", key: Some("fail_open"), form: Form::Flag(Off::Word("on-error fail")) },
        value("log-level", OneOf(&["trace", "debug", "info", "warn", "error", "critical"])),
        value("max-body", Size),
        value("max-memory", Size),
        value("on-error", OneOf(&["fail", "skip"])),
        value("root-id", Text),
        value("timeout", Time),
        formed("vm-config", Form::Json),
        value("vm-id", Text),
    ],
    tail: &[],
};
