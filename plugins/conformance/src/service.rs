//! The hook `Service`.

use portero_api::{Body, Exchange, Method, Plugin, Serve, Served, Service};

use crate::rig::{Bench, bare, exchange, now};

/// A service under test.
pub struct Serving<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// A target that it answers.
    pub target: &'a str,
    /// Looks at status and body of that answer; panics when they are wrong.
    pub answered: &'a dyn Fn(u16, &[u8]),
}

/// What every service keeps to.
pub fn service(serving: &Serving<'_>) {
    let make = || serving.bench.service(serving.plugin).expect("the setup is good");
    let (one, other): (Box<dyn Service>, Box<dyn Service>) = (make(), make());
    for instance in [&one, &one, &other] {
        let served = instance.serve(&mut exchange(serving.target)).reply().expect("an answer");
        let status = served.head.status;
        assert!((200..=599).contains(&status), "no status of a whole response: {status}");
        framing_is_left_to_the_proxy(&served);
        (serving.answered)(status, &body(served));
    }
    for method in [Method::Head, Method::Post, Method::Other(b"PURGE".as_slice().into())] {
        let mut exchange = exchange(serving.target);
        exchange.request.method = method;
        one.serve(&mut exchange).reply().map(body);
    }
    one.serve(&mut bare()).reply().map(body);
    without_an_answer_the_request_goes_on(&*one);
}

fn framing_is_left_to_the_proxy(served: &Served) {
    for (name, _) in &served.head.headers {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let framing = ["content-length", "transfer-encoding", "connection"].contains(&&*name);
        assert!(!framing, "'{name}' is the proxy's to set");
    }
}

fn without_an_answer_the_request_goes_on(service: &dyn Service) {
    let mut exchange: Exchange = exchange("/a/target/that/nobody/knows");
    if matches!(service.serve(&mut exchange), Serve::Pass) {
        assert_eq!(exchange.request.target, b"/a/target/that/nobody/knows");
        assert_eq!(exchange.response.status, 0);
    }
}

/// The whole body.
fn body(served: Served) -> Vec<u8> {
    match served.body {
        Body::Whole(bytes) => bytes.to_vec(),
        Body::Stream(mut chunks) => {
            let mut all = Vec::new();
            while let Some(piece) = now(chunks.next()).expect("the next piece is there") {
                all.extend_from_slice(&piece);
            }
            all
        }
    }
}
