//! Maps: `map` and its kin, a file that says what a sample becomes (HAProxy manual, section 7.3.1, "map").

use portero_api::{BadArg, Convert, Exchange, Sample, SampleType};

use super::{Made, row};
use crate::maps::{self, Columns, Kind, Lookup, Named, Output};
use crate::matching::Method;
use crate::vocabulary::{Args, ConvertKind};

/// A row: name, how keys are compared, what comes out, and a line for the reference.
macro_rules! map {
    ($name:literal, $method:ident, $output:ident, $summary:literal) => {
        row(
            $name,
            (1, if matches!(Output::$output, Output::Key) { 1 } else { 2 }),
            input(Method::$method),
            Output::$output.sample_type(),
            $summary,
            |args| make(args, Method::$method, Output::$output),
        )
    };
}

#[rustfmt::skip] // a table, a line each
pub(super) static ROWS: &[ConvertKind] = &[
    map!("map", Str, Str, "the value of the text in a map, else the default (argument 2)"),
    map!("map_str", Str, Str, "the same as 'map'"),
    map!("map_str_int", Str, Int, "like 'map_str'; the value is an integer"),
    map!("map_str_ip", Str, Ip, "like 'map_str'; the value is an address"),
    map!("map_str_key", Str, Key, "the key that 'map_str' finds"),
    map!("map_beg", Beg, Str, "the value of the longest key that the text begins with"),
    map!("map_beg_int", Beg, Int, "like 'map_beg'; the value is an integer"),
    map!("map_beg_ip", Beg, Ip, "like 'map_beg'; the value is an address"),
    map!("map_beg_key", Beg, Key, "the key that 'map_beg' finds"),
    map!("map_end", End, Str, "the value of the first key that the text ends with"),
    map!("map_end_int", End, Int, "like 'map_end'; the value is an integer"),
    map!("map_end_ip", End, Ip, "like 'map_end'; the value is an address"),
    map!("map_end_key", End, Key, "the key that 'map_end' finds"),
    map!("map_sub", Sub, Str, "the value of the first key that is part of the text"),
    map!("map_sub_int", Sub, Int, "like 'map_sub'; the value is an integer"),
    map!("map_sub_ip", Sub, Ip, "like 'map_sub'; the value is an address"),
    map!("map_sub_key", Sub, Key, "the key that 'map_sub' finds"),
    map!("map_dir", Dir, Str, "the value of the first key between slashes in the text"),
    map!("map_dir_int", Dir, Int, "like 'map_dir'; the value is an integer"),
    map!("map_dir_ip", Dir, Ip, "like 'map_dir'; the value is an address"),
    map!("map_dir_key", Dir, Key, "the key that 'map_dir' finds"),
    map!("map_dom", Dom, Str, "the value of the first key between dots or other delimiters in the text"),
    map!("map_dom_int", Dom, Int, "like 'map_dom'; the value is an integer"),
    map!("map_dom_ip", Dom, Ip, "like 'map_dom'; the value is an address"),
    map!("map_dom_key", Dom, Key, "the key that 'map_dom' finds"),
    map!("map_reg", Reg, Str, "the value of the first regex that matches the text"),
    map!("map_reg_int", Reg, Int, "like 'map_reg'; the value is an integer"),
    map!("map_reg_ip", Reg, Ip, "like 'map_reg'; the value is an address"),
    map!("map_reg_key", Reg, Key, "the key that 'map_reg' finds"),
    map!("map_regm", Reg, Groups, "like 'map_reg'; '\\1' in the value is what a group matched"),
    map!("map_int", Int, Str, "the value of the first number or range that holds the number"),
    map!("map_int_int", Int, Int, "like 'map_int'; the value is an integer"),
    map!("map_int_ip", Int, Ip, "like 'map_int'; the value is an address"),
    map!("map_int_key", Int, Key, "the key that 'map_int' finds"),
    map!("map_ip", Ip, Str, "the value of the longest network that holds the address"),
    map!("map_ip_int", Ip, Int, "like 'map_ip'; the value is an integer"),
    map!("map_ip_ip", Ip, Ip, "like 'map_ip'; the value is an address"),
    map!("map_ip_key", Ip, Key, "the key that 'map_ip' finds"),
];

const fn input(method: Method) -> SampleType {
    match method {
        Method::Int => SampleType::Int,
        Method::Ip => SampleType::Ip,
        _ => SampleType::Str,
    }
}

struct Map {
    lookup: Lookup,
    output: Output,
    /// What a sample becomes that the map does not know.
    default: Option<Sample<'static>>,
}

impl Convert for Map {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        self.lookup.value(&sample, self.output).or_else(|| self.default.clone())
    }
}

fn make(args: &Args<'_>, method: Method, output: Output) -> Made {
    let name = args.required(0, "a map")?;
    let default = match args.text(1) {
        None => None,
        Some(text) => {
            output.check(text.as_bytes()).map_err(|why| BadArg::at(1, format!("default {why}")))?;
            output.sample(text.as_bytes())
        }
    };
    let context = args.context;
    let span = args.list.first().map(|arg| arg.span);
    let named = Named { name, columns: Columns::KeyAndValue, span, map: true };
    let list = maps::store(context.common).compiling().read(named, context.files);
    let kind = Kind { method, ignore_case: false };
    let lookup = list.and_then(|list| maps::lookup(list, kind, Some(output)));
    Ok(Box::new(Map { lookup: lookup.map_err(|why| BadArg::at(0, why))?, output, default }))
}
