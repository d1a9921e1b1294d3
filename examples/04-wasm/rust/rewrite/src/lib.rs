//! Replaces a text in the bodies of responses: links of an old site, say. The configuration is `OLD NEW`. The body is held up
//! until it has come whole; the module's `max-body` bounds it.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { old: String::new(), new: String::new() }));
}}

struct Root {
    old: String,
    new: String,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let text = String::from_utf8(self.get_plugin_configuration().unwrap_or_default()).unwrap_or_default();
        match text.trim().split_once(' ') {
            Some((old, new)) => (self.old, self.new) = (old.to_owned(), new.to_owned()),
            None => return false,
        }
        true
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Rewriter { old: self.old.clone(), new: self.new.clone(), is_text: false }))
    }
}

struct Rewriter {
    old: String,
    new: String,
    is_text: bool,
}

impl Context for Rewriter {}

impl HttpContext for Rewriter {
    fn on_http_response_headers(&mut self, _fields: usize, _end: bool) -> Action {
        let kind = self.get_http_response_header("content-type").unwrap_or_default();
        let coded = self.get_http_response_header("content-encoding").is_some();
        self.is_text = kind.starts_with("text/") && !coded;
        if self.is_text {
            // it will have another length
            self.set_http_response_header("content-length", None);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        if !self.is_text {
            return Action::Continue;
        }
        if !end {
            return Action::Pause;
        }
        let body = self.get_http_response_body(0, size).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        if text.contains(&self.old) {
            self.set_http_response_body(0, size, text.replace(&self.old, &self.new).as_bytes());
        }
        Action::Continue
    }
}
