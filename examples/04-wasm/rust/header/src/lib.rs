//! Adds a header field to each request and each response. The configuration is `NAME VALUE`.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { name: String::new(), value: String::new() }));
}}

struct Root {
    name: String,
    value: String,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let text = String::from_utf8(self.get_plugin_configuration().unwrap_or_default()).unwrap_or_default();
        match text.trim().split_once(' ') {
            Some((name, value)) => (self.name, self.value) = (name.to_lowercase(), value.to_owned()),
            None => return false,
        }
        true
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { name: self.name.clone(), value: self.value.clone() }))
    }
}

struct Stream {
    name: String,
    value: String,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _fields: usize, _end: bool) -> Action {
        self.add_http_request_header(&self.name, &self.value);
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _fields: usize, _end: bool) -> Action {
        self.add_http_response_header(&self.name, &self.value);
        Action::Continue
    }
}
