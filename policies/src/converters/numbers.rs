//! Converters of integers: arithmetic that saturates, bits, questions.

use portero_api::{Sample, SampleType::*};

use super::operand::Operand;
use super::{Made, by, row};
use crate::cast::to_int;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("add", (1, 1), Int, Int, "plus a number or a variable", |a| binary(a, i64::saturating_add)),
    row("sub", (1, 1), Int, Int, "minus a number or a variable", |a| binary(a, i64::saturating_sub)),
    row("mul", (1, 1), Int, Int, "times a number or a variable", |a| binary(a, i64::saturating_mul)),
    row("div", (1, 1), Int, Int, "divided by a number or a variable; by 0 the largest integer", |a| {
        binary(a, |n, by| if by == 0 { i64::MAX } else { n.saturating_div(by) })
    }),
    row("mod", (1, 1), Int, Int, "the rest of a division; by 0 it is 0", |a| {
        binary(a, |n, by| if by == 0 { 0 } else { n.wrapping_rem(by) })
    }),
    row("and", (1, 1), Int, Int, "bitwise and", |a| binary(a, |n, with| n & with)),
    row("or", (1, 1), Int, Int, "bitwise or", |a| binary(a, |n, with| n | with)),
    row("xor", (1, 1), Int, Int, "bitwise exclusive or", |a| binary(a, |n, with| n ^ with)),
    row("cpl", (0, 0), Int, Int, "all bits flipped", |_| unary(|n| Sample::Int(!n))),
    row("neg", (0, 0), Int, Int, "the opposite number", |_| unary(|n| Sample::Int(n.saturating_neg()))),
    row("not", (0, 0), Int, Bool, "true for 0", |_| unary(|n| Sample::Bool(n == 0))),
    row("bool", (0, 0), Int, Bool, "false for 0", |_| unary(|n| Sample::Bool(n != 0))),
    row("odd", (0, 0), Int, Bool, "true for odd numbers", |_| unary(|n| Sample::Bool(n & 1 == 1))),
    row("even", (0, 0), Int, Bool, "true for even numbers", |_| unary(|n| Sample::Bool(n & 1 == 0))),
    row("htonl", (0, 0), Int, Bin, "four bytes, highest first", |_| {
        unary(|n| Sample::bytes((n as u32).to_be_bytes()))
    }),
];

fn binary(args: &Args<'_>, operation: fn(i64, i64) -> i64) -> Made {
    let operand = Operand::required(args, 0)?;
    by(move |s, x| Some(Sample::Int(operation(to_int(&s)?, operand.value(x)?))))
}

fn unary(operation: fn(i64) -> Sample<'static>) -> Made {
    by(move |s, _| to_int(&s).map(operation))
}
