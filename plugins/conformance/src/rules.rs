//! The hooks of rules: `Action`, `Fetch`, `Convert`.

use std::ops::ControlFlow;

use portero_api::{Action, Answer, BadArg, Convert, Exchange, Fetch, Plugin, Sample};

use crate::rig::{Bench, bare, exchange};

/// An action under test.
pub struct Acting<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// Looks at what it did to a `GET /` and at its answer; panics when that is wrong.
    pub done: &'a dyn Fn(&Exchange, &Answer),
}

/// What every action keeps to.
pub fn action(acting: &Acting<'_>) {
    let make = || made(acting.plugin.action.as_ref(), &acting.bench).expect("the setup is good");
    let (one, other): (Box<dyn Action>, Box<dyn Action>) = (make(), make());
    let mut exchange = exchange("/");
    let answer = one.run(&mut exchange);
    (acting.done)(&exchange, &answer);
    // the next request of the same connection, and another worker's instance
    for instance in [&one, &other] {
        exchange.clear();
        exchange.request.target = b"/".to_vec();
        exchange.request.headers.add(b"Host", b"example.com");
        let answer = instance.run(&mut exchange);
        (acting.done)(&exchange, &answer);
    }
    // an exchange that has next to nothing must not be its end
    one.run(&mut bare());
}

/// A fetch under test.
pub struct Fetching<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// Prepares an exchange, and the sample that is then found.
    pub cases: &'a [(fn(&mut Exchange), Option<Sample<'a>>)],
}

/// What every fetch keeps to.
pub fn fetch(fetching: &Fetching<'_>) {
    let fetch: Box<dyn Fetch> =
        made(fetching.plugin.fetch.as_ref(), &fetching.bench).expect("the setup is good");
    for (at, (prepare, expected)) in fetching.cases.iter().enumerate() {
        let mut exchange = exchange("/");
        prepare(&mut exchange);
        assert_eq!(fetch.fetch(&exchange), Ok(expected.clone()), "case {at}");
        let mut seen = Vec::new();
        let all = fetch.each(&exchange, &mut |sample| {
            seen.push(sample);
            ControlFlow::Continue(())
        });
        assert_eq!(all, Ok(()), "case {at}");
        let single = expected.iter().all(|sample| seen.contains(sample));
        assert!(single && seen.is_empty() == expected.is_none(), "case {at}: all of {seen:?}");
        let mut visits = 0;
        let _ = fetch.each(&exchange, &mut |_| {
            visits += 1;
            ControlFlow::Break(())
        });
        assert!(visits <= 1, "case {at}: went on behind a break");
    }
    let _ = fetch.fetch(&bare());
}

/// A converter under test.
pub struct Converting<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// Samples, and what becomes of them.
    pub cases: &'a [(Sample<'a>, Option<Sample<'a>>)],
}

/// What every converter keeps to.
pub fn convert(converting: &Converting<'_>) {
    let convert: Box<dyn Convert> =
        made(converting.plugin.convert.as_ref(), &converting.bench).expect("the setup is good");
    let exchange = exchange("/");
    for (sample, expected) in converting.cases {
        assert_eq!(convert.convert(sample.clone(), &exchange), *expected, "of {sample:?}");
    }
    for sample in samples() {
        let _ = convert.convert(sample, &exchange);
    }
}

/// Samples of every type, the odd ones among them.
fn samples() -> [Sample<'static>; 10] {
    [
        Sample::Bool(true),
        Sample::Int(0),
        Sample::Int(i64::MIN),
        Sample::Int(i64::MAX),
        Sample::Ip([127, 0, 0, 1].into()),
        Sample::Ip([0u16, 0, 0, 0, 0, 0, 0, 1].into()),
        Sample::text(""),
        Sample::text(vec![0xff, 0, b'a']),
        Sample::bytes(vec![0; 4096]),
        Sample::Method(b"PURGE".to_vec().into()),
    ]
}

fn made<T: ?Sized>(make: Option<&portero_api::Make<T>>, bench: &Bench) -> Result<Box<T>, BadArg> {
    make.expect("the plugin gives the hook")(&bench.setup())
}
