//! The hooks `Fetch` and `Convert`: samples that a module takes or makes. It cannot wait there, nor change the exchange.

use std::rc::Rc;

use portero_api::{BadArg, Convert, Exchange, Fetch, Fetched, Sample, Setup};

use super::ask::{Asked, Hook, Said};
use crate::items::{Items, read_sample};
use crate::scene::Scene;
use crate::seat::{Broken, Seat};

/// A fetch: asked with its arguments, it answers with a sample or nothing.
pub(crate) struct WasmFetch(Asked);

/// A converter: asked with a sample and its arguments, it answers in the same way.
pub(crate) struct WasmConvert(Asked);

impl WasmFetch {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmFetch, BadArg> {
        Asked::new(seat, Hook::Fetch, setup.args).map(WasmFetch)
    }
}

impl Fetch for WasmFetch {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(sample(self.0.ask(Scene::See(exchange), |list| self.0.write_args(list))))
    }
}

impl WasmConvert {
    pub(crate) fn new(seat: Rc<Seat>, setup: &Setup<'_>) -> Result<WasmConvert, BadArg> {
        Asked::new(seat, Hook::Converter, setup.args).map(WasmConvert)
    }
}

impl Convert for WasmConvert {
    fn convert<'a>(&'a self, given: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        sample(self.0.ask(Scene::See(exchange), |list| {
            list.add_sample(Some(&given));
            self.0.write_args(list);
        }))
    }
}

/// The sample of an answer: its first item, if that is not empty.
fn sample(said: Result<Said, Broken>) -> Option<Sample<'static>> {
    let answer = said.ok()?.answer;
    let item = Items::new(&answer)?.next()?;
    read_sample(item).map(Sample::into_owned)
}
