//! The imported functions, with an exchange lent and without one.

use std::rc::Rc;

use portero_conformance::rig::{Desk, exchange};

use super::*;
use crate::component::exchange::Host as _;
use crate::component::plugin::Host as _;
use crate::component::tables::Host as _;
use crate::guest::ROOT;
use crate::scene::Scene;
use crate::testing;

fn guest() -> Guest {
    let plan = testing::plan("(component)", |load| load.configuration = b"settings".to_vec());
    Guest::new(&plan, None)
}

/// What a guest does with an exchange lent.
fn with<T>(mut scene: Scene<'_>, run: impl FnOnce(&mut Guest) -> T) -> T {
    let mut guest = guest();
    guest.lent = ROOT;
    scene.lend(|| run(&mut guest))
}

fn text(text: &str) -> Sample {
    Sample::Text(text.as_bytes().to_vec())
}

#[test]
fn heads_are_read_and_changed() {
    let mut exchange = exchange("/a?b");
    exchange.response.status = 200;
    with(Scene::Change(&mut exchange), |guest| {
        let (request, response) = (Message::Request, Message::Response);
        guest.add_header(request, "X-One".into(), b"1".to_vec()).expect("it is added");
        guest.add_header(request, "x-one".into(), b"2".to_vec()).expect("it is added");
        assert_eq!(guest.get_header(request, "x-ONE".into()).as_deref(), Some(&b"1, 2"[..]));
        guest.set_header(request, "x-one".into(), b"3".to_vec()).expect("it is set");
        guest.remove_header(request, "host".into()).expect("it is removed");
        assert_eq!(guest.headers(request), [("x-one".to_owned(), b"3".to_vec())]);
        assert_eq!(
            (&guest.method()[..], &guest.path()[..], guest.status()),
            (&b"GET"[..], &b"/a?b"[..], 200)
        );
        guest.set_method(b"PUT".to_vec()).expect("it is one");
        guest.set_path(b"/c".to_vec()).expect("it is one");
        guest.set_status(404).expect("it is one");
        guest.set_header(response, "x-two".into(), b"2".to_vec()).expect("it is set");
        assert_eq!(guest.get_header(response, "x-two".into()).as_deref(), Some(&b"2"[..]));
        let bad = Err(Error::BadArgument);
        assert_eq!(guest.set_header(request, "x-one".into(), b"a\r\nb: c".to_vec()), bad);
        assert_eq!((guest.set_path(b"/a b".to_vec()), guest.set_status(7)), (bad, bad));
    });
    assert_eq!((exchange.request.method.as_bytes(), &exchange.request.target[..]), (&b"PUT"[..], &b"/c"[..]));
    assert_eq!(exchange.response.status, 404);
}

#[test]
fn what_may_only_be_looked_at_is_not_changed() {
    let exchange = exchange("/");
    with(Scene::See(&exchange), |guest| {
        assert_eq!(guest.path(), b"/");
        let set = guest.set_header(Message::Request, "x-one".into(), b"1".to_vec());
        assert_eq!(set, Err(Error::BadArgument));
        // variables are no part of a message
        guest.set_variable("txn.host.test".into(), text("a")).expect("it is a variable");
        assert_eq!(guest.get_variable("txn.host.test".into()), Some(text("a")));
        guest.set_variable("txn.host.test".into(), Sample::Integer(7)).expect("it has any type");
        assert_eq!(guest.get_variable("txn.host.test".into()), Some(Sample::Integer(7)));
        let nothing = Sample::Address("nowhere".into());
        assert_eq!(guest.set_variable("txn.host.test".into(), nothing), Err(Error::BadArgument));
        assert_eq!(guest.set_variable("nonsense".into(), text("a")), Err(Error::BadArgument));
    });
}

#[test]
fn without_an_exchange_there_is_nothing() {
    let mut guest = guest();
    assert_eq!((guest.path(), guest.status(), guest.headers(Message::Request).len()), (Vec::new(), 0, 0));
    assert_eq!(guest.get_header(Message::Request, "host".into()), None);
    assert_eq!(guest.set_status(200), Err(Error::BadArgument));
    assert_eq!(guest.get_variable("txn.host.none".into()), None);
    assert_eq!(guest.set_variable("txn.host.none".into(), text("a")), Err(Error::NotFound));
    guest.set_variable("proc.host.test".into(), text("a")).expect("it is the process's");
    assert_eq!(guest.evaluate("hdr(host)".into()), Err(Error::BadArgument), "nobody knows the language here");
}

#[test]
fn expressions_have_values_or_none() {
    let desk = Rc::<Desk>::default();
    scene::settle(Some(&desk.here()));
    let mut exchange = exchange("/");
    exchange.request.headers.add(b"x-one", b"1");
    with(Scene::See(&exchange), |guest| {
        assert_eq!(guest.evaluate("hdr(x-one)".into()), Ok(Some(text("1"))));
        assert_eq!(guest.evaluate("hdr(x-two)".into()), Ok(None));
    });
}

#[test]
fn a_table_that_is_not_there_is_not_found() {
    let mut guest = guest();
    let name = || "none".to_owned();
    assert_eq!(guest.get(name(), text("a"), "gpc0".into()), Err(Error::NotFound));
    assert_eq!(tables::Host::add(&mut guest, name(), text("a"), "gpc0".into(), 1), Err(Error::NotFound));
    assert_eq!(guest.remove(name(), text("a")), Err(Error::NotFound));
}

#[test]
fn a_component_knows_its_configuration_and_the_time() {
    let mut guest = guest();
    assert_eq!(guest.config(), b"settings");
    let before = guest.now();
    clock::advance(std::time::Duration::from_secs(1));
    assert!(guest.now() >= before + 1_000_000_000);
}
