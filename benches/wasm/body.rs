//! Reads one header of a request, sets another, and lets both bodies pass as they are.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Pass));
}}

struct Pass;

impl Context for Pass {}

impl HttpContext for Pass {
    fn on_http_request_headers(&mut self, _fields: usize, _ended: bool) -> Action {
        let key = self.get_http_request_header("x-key");
        self.set_http_request_header("x-seen", Some(key.as_deref().unwrap_or("none")));
        Action::Continue
    }

    fn on_http_request_body(&mut self, _size: usize, _ended: bool) -> Action {
        Action::Continue
    }

    fn on_http_response_body(&mut self, _size: usize, _ended: bool) -> Action {
        Action::Continue
    }
}
