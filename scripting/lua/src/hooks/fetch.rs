//! `core.register_fetches` and `core.register_converters`: functions of scripts in expressions. They cannot wait.

use std::rc::Rc;

use portero_api::{BadArg, Convert, Exchange, Fetch, Fetched, Sample, Setup};

use crate::given::Given;
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run;
use crate::scene;
use crate::settings::OnError;
use crate::state::Purpose;
use crate::values;

/// A fetch.
pub(crate) struct LuaFetch {
    bound: Bound,
}

/// A converter.
pub(crate) struct LuaConvert {
    bound: Bound,
}

impl LuaFetch {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaFetch, BadArg> {
        let bound = Bound::giving(seat, name, Given::object("TXN", setup.args), |purpose| {
            matches!(purpose, Purpose::Fetch)
        })?;
        Ok(LuaFetch { bound })
    }

    fn value(&self) -> mlua::Result<Option<Sample<'static>>> {
        let found = self.bound.get();
        let value = run::call(&found.state, &found.function, (), &self.bound.figure)?;
        Ok(values::from_lua(&value))
    }
}

impl Fetch for LuaFetch {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(scene::lend(exchange, || self.bound.sample(self.value())))
    }
}

impl LuaConvert {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaConvert, BadArg> {
        let bound = Bound::giving(seat, name, Given::value(setup.args), |purpose| {
            matches!(purpose, Purpose::Converter)
        })?;
        Ok(LuaConvert { bound })
    }

    fn value(&self, sample: &Sample<'_>) -> mlua::Result<Option<Sample<'static>>> {
        let found = self.bound.get();
        let text = values::text(sample);
        let value = run::call(&found.state, &found.function, values::lend(&text), &self.bound.figure)?;
        Ok(values::from_lua(&value))
    }
}

impl Convert for LuaConvert {
    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        scene::lend(exchange, || self.bound.sample(self.value(&sample)))
    }
}

impl Bound {
    /// A value, or none and a line in the log. `done` is a way to return nothing.
    fn sample(&self, value: mlua::Result<Option<Sample<'static>>>) -> Option<Sample<'static>> {
        value.map_err(run::ended).unwrap_or_else(|outcome| {
            if let run::Outcome::Failed(error) = outcome {
                self.failed(&error, OnError::Skip);
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use portero_api::Sample;
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
}
