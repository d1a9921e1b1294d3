//! Reads one header of a request and sets another.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Mark));
}}

struct Mark;

impl Context for Mark {}

impl HttpContext for Mark {
    fn on_http_request_headers(&mut self, _fields: usize, _ended: bool) -> Action {
        let key = self.get_http_request_header("x-key");
        self.set_http_request_header("x-seen", Some(key.as_deref().unwrap_or("none")));
        Action::Continue
    }
}
