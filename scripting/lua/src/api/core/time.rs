//! `core.now`, and dates of HTTP as seconds since 1970 (RFC 9110, section 5.6.7).

use std::time::UNIX_EPOCH;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use mlua::{Lua, LuaString, MultiValue, Table};
use portero_api::clock;

use crate::class::{Method, now};

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!("now", "(): { sec: integer, usec: integer }", "the time since 1970", now),
    now!(
        "http_date",
        "(date: string): integer?",
        "a date of any of the three forms, in seconds since 1970",
        http
    ),
    now!(
        "imf_date",
        "(date: string): integer?",
        "`Sun, 06 Nov 1994 08:49:37 GMT` in seconds since 1970",
        imf
    ),
    now!(
        "rfc850_date",
        "(date: string): integer?",
        "`Sunday, 06-Nov-94 08:49:37 GMT` in seconds since 1970",
        rfc850
    ),
    now!(
        "asctime_date",
        "(date: string): integer?",
        "`Sun Nov  6 08:49:37 1994` in seconds since 1970",
        asctime
    ),
];

const IMF: &str = "%a, %d %b %Y %H:%M:%S GMT";
const RFC850: &str = "%A, %d-%b-%y %H:%M:%S GMT";
const ASCTIME: &str = "%a %b %e %H:%M:%S %Y";

fn now(lua: &Lua, _: MultiValue) -> mlua::Result<Table> {
    let time = clock::date().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = lua.create_table_with_capacity(0, 2)?;
    now.raw_set("sec", time.as_secs())?;
    now.raw_set("usec", time.subsec_micros())?;
    Ok(now)
}

fn http(_: &Lua, date: LuaString) -> mlua::Result<Option<i64>> {
    Ok([IMF, RFC850, ASCTIME].iter().find_map(|format| seconds(&date, format)))
}

fn imf(_: &Lua, date: LuaString) -> mlua::Result<Option<i64>> {
    Ok(seconds(&date, IMF))
}

fn rfc850(_: &Lua, date: LuaString) -> mlua::Result<Option<i64>> {
    Ok(seconds(&date, RFC850))
}

fn asctime(_: &Lua, date: LuaString) -> mlua::Result<Option<i64>> {
    Ok(seconds(&date, ASCTIME))
}

fn seconds(date: &LuaString, format: &str) -> Option<i64> {
    let date = DateTime::strptime(format, date.as_bytes()).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}
