//! Algorithms that HAProxy has and we do not: refused by name, each with the reason.

use portero_api::{BadArg, Balance, Candidates, Exchange, Plugin};

/// The plugins: their makers only say why not.
pub fn plugins() -> [Plugin; 3] {
    [
        refuse("rdp-cookie", "'balance rdp-cookie' is not supported: 'balance source' keeps a client too"),
        refuse("log-hash", "'balance log-hash' is not supported: there are no log backends"),
        refuse("sticky", "'balance sticky' is not supported: there are no log backends"),
    ]
}

fn refuse(name: &'static str, why: &'static str) -> Plugin {
    Plugin::new(name, "not supported").balance(move |_| Err::<Nobody, _>(BadArg::new(why)))
}

struct Nobody;

impl Balance for Nobody {
    fn pick(&self, _: &Exchange, _: &Candidates<'_>) -> Option<usize> {
        None
    }
}
