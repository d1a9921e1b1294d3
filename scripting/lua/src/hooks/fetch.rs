//! `core.register_fetches` and `core.register_converters`: functions of scripts in expressions. They cannot wait.

use std::cell::Cell;
use std::rc::Rc;

use bstr::BString;
use mlua::{Either, IntoLuaMulti, Value};
use portero_api::{BadArg, Convert, Exchange, Fetch, Fetched, Sample, Setup};

use crate::given::{Given, Keeping};
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{self, Outcome};
use crate::scene;
use crate::settings::OnError;
use crate::state::Purpose;
use crate::values;

/// A fetch.
pub(crate) struct LuaFetch {
    valued: Valued,
}

/// A converter.
pub(crate) struct LuaConvert {
    valued: Valued,
}

/// A function that gives a value.
struct Valued {
    bound: Bound,
    /// Whether the last value was a text, so that the next one will be.
    texts: Cell<bool>,
}

/// A value where a text is expected. It crosses at once, where a value of Lua takes the lock of its state three times more.
/// But numbers become texts.
type Text = Option<Either<BString, Value>>;

impl LuaFetch {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaFetch, BadArg> {
        let given = Given::object("TXN", setup.args);
        let valued = Valued::new(seat, name, given, |purpose| matches!(purpose, Purpose::Fetch))?;
        Ok(LuaFetch { valued })
    }
}

impl Fetch for LuaFetch {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(scene::lend(exchange, || self.valued.sample(())))
    }
}

impl LuaConvert {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaConvert, BadArg> {
        let given = Given::value(setup.args);
        let valued = Valued::new(seat, name, given, |purpose| matches!(purpose, Purpose::Converter))?;
        Ok(LuaConvert { valued })
    }
}

impl Convert for LuaConvert {
    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        let text = values::text(&sample);
        scene::lend(exchange, || self.valued.sample(values::lend(&text)))
    }
}

impl Valued {
    fn new(
        seat: Rc<Seat>,
        name: &str,
        given: Given,
        wanted: impl Fn(&Purpose) -> bool + 'static,
    ) -> Result<Valued, BadArg> {
        Ok(Valued { bound: Bound::giving(seat, name, given, wanted)?, texts: Cell::new(false) })
    }

    /// Its value; none and a line in the log when it fails. `done` is a way to return nothing.
    fn sample(&self, args: impl IntoLuaMulti) -> Option<Sample<'static>> {
        self.value(args).map_err(run::ended).unwrap_or_else(|outcome| {
            if let Outcome::Failed(error) = outcome {
                self.bound.failed(&error, OnError::Skip);
            }
            None
        })
    }

    fn value(&self, args: impl IntoLuaMulti) -> mlua::Result<Option<Sample<'static>>> {
        let (found, figure) = (self.bound.get(), &self.bound.figure);
        let value = if self.texts.get() {
            let Keeping { call, kept } = self.bound.keeping(&found)?;
            match run::call::<Text>(&found.state, call, args, figure)? {
                None => Value::Nil,
                Some(Either::Left(text)) if is_numeral(&text) => kept.call(())?,
                Some(Either::Left(text)) => return Ok(Some(Sample::text(text))),
                Some(Either::Right(value)) => value,
            }
        } else {
            run::call(&found.state, &found.function, args, figure)?
        };
        self.texts.set(value.is_string());
        Ok(values::from_lua(&value))
    }
}

/// Whether a text may have been a number. Lua writes them with a digit or a sign at first, or as `inf` and `nan`.
fn is_numeral(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9' | b'-' | b'i' | b'n', ..])
        && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use portero_api::Sample;
    use portero_conformance::rig::bare;
    use portero_conformance::{Converting, Fetching, convert, fetch};

    use crate::testing::script;

    #[test]
    fn a_fetch_of_a_script_keeps_to_the_hook() {
        let stage = script(
            "core.register_fetches('f', function(txn, suffix)
                local seen = txn.sf:hdr('x-seen')
                if seen ~= '' then return seen .. suffix end
            end)",
        );
        fetch(&Fetching {
            plugin: stage.plugin("f"),
            bench: stage.bench("!"),
            cases: &[
                (|exchange| exchange.request.headers.add(b"x-seen", b"a"), Some(Sample::str("a!"))),
                (|exchange| exchange.request.headers.add(b"x-seen", b"\xff"), Some(Sample::str(b"\xff!"))),
                (|_| {}, None),
            ],
        });
    }

    #[test]
    fn a_converter_of_a_script_keeps_to_the_hook() {
        let stage = script(
            "core.register_converters('c', function(text, times)
                if text ~= '' then return text:rep(math.tointeger(times)) end
            end)",
        );
        convert(&Converting {
            plugin: stage.plugin("c"),
            bench: stage.bench("2"),
            cases: &[
                (Sample::str("ab"), Some(Sample::str("abab"))),
                (Sample::bytes(vec![0xff, 0]), Some(Sample::str(b"\xff\0\xff\0"))),
                (Sample::Int(-4), Some(Sample::str("-4-4"))),
                (Sample::Bool(true), Some(Sample::str("11"))),
                (Sample::str(""), None),
            ],
        });
    }

    /// The value after one that was a text comes another way.
    #[test]
    fn values_keep_their_type_whatever_came_before() {
        let stage = script(
            "local values = { word = 'word', number = 12, fraction = 2.5, numeral = '12', endless = 'inf', yes = true }
            core.register_converters('c', function(name) return values[name] end)",
        );
        let make = stage.plugin("c").convert.as_ref().expect("it is a converter");
        let convert = make(&stage.bench("").setup()).unwrap_or_else(|bad| panic!("{}", bad.message));
        let exchange = bare();
        for (name, value) in [
            ("number", Some(Sample::Int(12))),
            ("fraction", Some(Sample::Int(2))),
            ("numeral", Some(Sample::str("12"))),
            ("endless", Some(Sample::str("inf"))),
            ("yes", Some(Sample::Bool(true))),
            ("nothing", None),
        ] {
            assert_eq!(convert.convert(Sample::str("word"), &exchange), Some(Sample::str("word")));
            assert_eq!(convert.convert(Sample::str("word"), &exchange), Some(Sample::str("word")));
            assert_eq!(convert.convert(Sample::str(name), &exchange), value, "{name}");
        }
    }
}
