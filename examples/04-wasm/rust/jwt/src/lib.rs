//! Lets only requests pass that carry a valid token (RFC 7519) in `Authorization: Bearer ...`, signed with HMAC and SHA-256
//! (RFC 7515). The configuration is the key. What the token claims of its subject goes to the server as `X-Subject`.

use std::collections::HashMap;
use std::time::UNIX_EPOCH;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use tinyjson::JsonValue;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { key: Vec::new() }));
}}

struct Root {
    key: Vec<u8>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        self.key = self.get_plugin_configuration().unwrap_or_default();
        !self.key.is_empty()
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Gate { key: self.key.clone() }))
    }
}

struct Gate {
    key: Vec<u8>,
}

impl Context for Gate {}

impl HttpContext for Gate {
    fn on_http_request_headers(&mut self, _fields: usize, _end: bool) -> Action {
        let field = self.get_http_request_header("authorization").unwrap_or_default();
        let now = self.get_current_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let token = field.strip_prefix("Bearer ").unwrap_or_default();
        match subject(token, &self.key, now) {
            Ok(subject) => {
                self.set_http_request_header("x-subject", Some(&subject));
                Action::Continue
            }
            Err(why) => {
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{why}\"");
                self.send_http_response(401, vec![("www-authenticate", &challenge)], Some(why.as_bytes()));
                Action::Pause
            }
        }
    }
}

/// Whom a token speaks of, or what is wrong with it.
fn subject(token: &str, key: &[u8], now: f64) -> Result<String, &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
    let (head, claims) = signed.split_once('.').ok_or("not a token")?;
    let head = object(head).ok_or("not a token")?;
    if head.get("alg").and_then(|alg| alg.get::<String>()).map(String::as_str) != Some("HS256") {
        return Err("another algorithm");
    }
    let signature = base64(signature).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or("not a signature")?;
    if !hmac_sha256::HMAC::verify(signed, key, &signature) {
        return Err("a wrong signature");
    }
    let claims = object(claims).ok_or("not a token")?;
    let number = |name: &str| claims.get(name).and_then(|value| value.get::<f64>().copied());
    if number("exp").is_some_and(|end| end <= now) {
        return Err("too old");
    }
    if number("nbf").is_some_and(|begin| begin > now) {
        return Err("too early");
    }
    let subject = claims.get("sub").and_then(|value| value.get::<String>().cloned());
    subject.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())).ok_or("no subject")
}

/// A JSON object in base64url.
fn object(text: &str) -> Option<HashMap<String, JsonValue>> {
    let text = String::from_utf8(base64(text)?).ok()?;
    match text.parse().ok()? {
        JsonValue::Object(object) => Some(object),
        _ => None,
    }
}

/// Decodes base64url without padding (RFC 4648, 5).
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len()), 0u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        (held, bits) = ((held << 6 | u32::from(six)) & 0xffff, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    Some(bytes)
}
