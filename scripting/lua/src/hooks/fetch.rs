//! `core.register_fetches` and `core.register_converters`: functions of scripts in expressions. They cannot wait.

use std::rc::Rc;

use mlua::{MultiValue, Value};
use portero_api::{BadArg, Convert, Exchange, Fetch, Fetched, Sample, Setup};

use crate::api::new_txn;
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
    args: Vec<String>,
}

/// A converter.
pub(crate) struct LuaConvert {
    bound: Bound,
    args: Vec<String>,
}

impl LuaFetch {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, setup: &Setup<'_>) -> Result<LuaFetch, BadArg> {
        let bound = Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Fetch))?;
        Ok(LuaFetch { bound, args: setup.args.to_vec() })
    }

    fn value(&self) -> mlua::Result<Option<Sample<'static>>> {
        let (state, function) = self.bound.get();
        let mut args = MultiValue::with_capacity(1 + self.args.len());
        args.push_back(Value::Table(new_txn(&state.lua)?));
        for arg in &self.args {
            args.push_back(Value::String(state.lua.create_string(arg)?));
        }
        Ok(run::call(&state, &function, args, &self.bound.figure)?.front().and_then(values::from_lua))
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
        let bound = Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Converter))?;
        Ok(LuaConvert { bound, args: setup.args.to_vec() })
    }

    fn value(&self, sample: &Sample<'_>) -> mlua::Result<Option<Sample<'static>>> {
        let (state, function) = self.bound.get();
        let mut args = MultiValue::with_capacity(1 + self.args.len());
        // converters of scripts take text: HAProxy casts to it first
        args.push_back(values::to_string(&state.lua, Some(sample))?);
        for arg in &self.args {
            args.push_back(Value::String(state.lua.create_string(arg)?));
        }
        Ok(run::call(&state, &function, args, &self.bound.figure)?.front().and_then(values::from_lua))
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
