//! The class `Channel`: the data of one direction, in the callbacks of filters, and to look at in rules of TCP.

use super::piece;
use crate::class::{Class, now};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Channel",
    summary: "the data of one direction that have come and not passed",
    global: false,
    fields: &[],
    functions: &[
        &[
            now!(
                "data",
                "(self: Channel, offset?: integer, length?: integer): string?",
                "some of the data, nil at the end",
                piece::data
            ),
            now!("dup", "(self: Channel): string?", "all data (old; better: data)", piece::data),
            now!(
                "line",
                "(self: Channel, offset?: integer, length?: integer): string?",
                "the first line of some of the data",
                piece::line
            ),
        ],
        piece::ROWS,
    ],
};
