//! The class `Channel`: the data of one direction, in the callbacks of filters.

use super::piece;
use crate::class::{Class, now};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Channel",
    summary: "the data of one direction that have come and not passed",
    global: false,
    fields: &[],
    functions: &[&[
        now!("append", "(self: Channel, text: string): integer", "puts bytes behind the data", piece::append),
        now!(
            "data",
            "(self: Channel, offset?: integer, length?: integer): string?",
            "some of the data, nil at the end",
            piece::data
        ),
        now!("dup", "(self: Channel): string?", "all data (old; better: data)", piece::data),
        now!("forward", "(self: Channel, length: integer): integer", "lets data pass", piece::forward),
        now!("input", "(self: Channel): integer", "bytes that have not passed", piece::input),
        now!(
            "insert",
            "(self: Channel, text: string, offset?: integer): integer",
            "puts bytes at a place among the data",
            piece::insert
        ),
        now!("is_full", "(self: Channel): boolean", "no more can come before some passes", piece::is_full),
        now!("is_resp", "(self: Channel): boolean", "it is the response's", piece::is_resp),
        now!(
            "line",
            "(self: Channel, offset?: integer, length?: integer): string?",
            "the first line of some of the data",
            piece::line
        ),
        now!("may_recv", "(self: Channel): boolean", "more may come", piece::may_recv),
        now!("output", "(self: Channel): integer", "bytes that pass", piece::output),
        now!(
            "prepend",
            "(self: Channel, text: string): integer",
            "puts bytes before the data",
            piece::prepend
        ),
        now!(
            "remove",
            "(self: Channel, offset?: integer, length?: integer): integer",
            "takes some of the data away",
            piece::remove
        ),
        now!(
            "send",
            "(self: Channel, text: string): integer",
            "lets bytes pass before the data",
            piece::send
        ),
        now!(
            "set",
            "(self: Channel, text: string, offset?: integer, length?: integer): integer",
            "puts bytes in the place of some of the data",
            piece::set
        ),
    ]],
};
