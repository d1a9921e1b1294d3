use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};

use portero_conformance::rig::{Bench, exchange};
use portero_conformance::{Filtering as Suite, filter};

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn complaint(args: &str) -> Option<(Option<usize>, String)> {
    let bench = Bench::new(args);
    Options::read(&bench.setup()).err().map(|bad| (bad.arg, bad.message))
}

#[test]
fn words_that_it_does_not_know_are_named() {
    assert_eq!(complaint("name A random-forwarding max-fwd 100 hexdump quiet"), None);
    assert_eq!(complaint("max-fwd much"), Some((Some(1), "'much' is not a number of bytes".into())));
    assert_eq!(complaint("name"), Some((Some(0), "'name' needs a name behind it".into())));
    let (arg, message) = complaint("quiet random-parsing").expect("no such word");
    assert!(arg == Some(1) && message.starts_with("unexpected 'random-parsing'"), "{message}");
}

#[test]
fn a_limit_cuts_what_passes_and_asks_for_another_turn() {
    let bench = Bench::new("quiet max-fwd 3");
    let filter = plugin().filter.expect("it is a filter")(&bench.setup()).expect("good words");
    let exchange = &mut exchange("/");
    let mut tracing = filter.attach(exchange).expect("it looks at everything");
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut piece = |bytes: &[u8]| {
        let mut held = Held::new(bytes);
        let pass = tracing.poll(
            &mut Context::from_waker(&waker),
            Moment::Body(Direction::Request),
            exchange,
            &mut held,
        );
        assert!(matches!(pass, Poll::Ready(Pass::Continue)));
        (held.pass.min(bytes.len()), woken.0.load(Ordering::Relaxed))
    };
    assert_eq!(piece(b"hello"), (3, 1));
    assert_eq!(piece(b"lo"), (2, 1));
    assert_eq!(piece(b""), (0, 1));
}

#[test]
fn what_is_cut_at_random_passes_in_the_end() {
    let options = Options::read(&Bench::new("quiet random-forwarding").setup()).expect("good words");
    let mut tracing = Tracing { options: Rc::new(options), dice: 7 };
    let mut left = 1000;
    for _ in 0..1000 {
        let passes = tracing.passes(left);
        assert!(passes <= left && (passes > 0 || left == 0));
        left -= passes;
    }
    assert_eq!(left, 0);
    assert_eq!(tracing.passes(0), 0);
}

#[test]
fn bytes_are_shown_as_digits_and_as_text() {
    let line = format!("    000000  {:<48} hi..\n", "68 69 0a ff");
    assert_eq!(says::dump(b"hi\n\xff"), line);
}

#[test]
fn it_keeps_to_the_hook() {
    for args in ["quiet", "quiet random-forwarding", "quiet random-forwarding max-fwd 3"] {
        let bodies: &[(&[u8], &[u8])] = &[(b"hello, world", b"hello, world"), (b"", b"")];
        filter(&Suite { plugin: &plugin(), bench: Bench::new(args), prepare: &|_| {}, idle: &|| {}, bodies });
    }
}
