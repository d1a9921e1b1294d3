//! Text compiled with the whole vocabulary, and a request to ask what came out.

use std::sync::Arc;

use portero_api::{Common, Conn, Directory, Exchange, Kind, ProxyState};
use portero_grammar::{Diagnostics, Sources, Word};
use portero_policies::vocabulary::{Context, Files};
use portero_policies::{Compiler, Vocabulary};

thread_local! {
    /// Made once: it is most of the work.
    static VOCABULARY: Vocabulary = Vocabulary::new(&[]);
}

/// One list, whatever it is called.
struct OneFile;

impl Files for OneFile {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(b"1 one\n192.0.2.0/24 net\n/a text\n".to_vec())
    }
}

/// What `make` makes of a text, when it is without mistakes. Those it has are rendered, for that must not panic either.
pub fn compiled<T>(text: &str, make: impl FnOnce(&Compiler<'_>, &Word) -> Option<T>) -> Option<T> {
    let mut sources = Sources::default();
    let file = sources.add("fuzz", text);
    let word = Word::whole(text, file);
    let directory = Directory::default();
    directory.insert(Arc::new(ProxyState::new("web", 1, Kind::Listen, true)));
    let (common, mut found) = (Arc::<Common>::default(), Diagnostics::default());
    let context = Context { proxy: "web", directory: &directory, common: &common, files: &OneFile, here: None };
    let made = VOCABULARY.with(|words| make(&Compiler::new(words, context, &sources, &mut found), &word));
    found.render(&sources, false);
    made.filter(|_| !found.has_errors())
}

/// A request with a body, and its response.
pub fn exchange() -> Exchange {
    let mut exchange = Exchange::new(Conn {
        src: "192.0.2.7:40000".parse().ok(),
        dst: "198.51.100.1:80".parse().ok(),
        listener_id: 1,
        requests: 1,
        ..Conn::of_nobody(Arc::new(ProxyState::new("web", 1, Kind::Listen, true)))
    });
    exchange.request.target = b"/a/b.html?c=d&e=%20f".into();
    let text = "0x1f \"a\\b\" {\"a\":[1,{\"b\":\"c\"}]} eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln";
    for (name, value) in [("host", "h:8080"), ("cookie", "a=b; c=d"), ("x", text), ("x", "1,2;3")] {
        exchange.request.headers.add(name.as_bytes(), value.as_bytes());
        exchange.response.headers.add(name.as_bytes(), value.as_bytes());
    }
    exchange.response.status = 200;
    exchange
}
