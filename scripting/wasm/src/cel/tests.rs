//! Expressions, and what they are worth.

use super::*;

/// The attributes of the tests.
fn find(path: &[String]) -> Option<Value> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    match path.join(".").as_str() {
        "request.path" => text("/a/b"),
        "request.method" => text("GET"),
        "request.headers.x-user" => text("me"),
        "request.headers" => {
            let pair =
                |name: &str, value: &str| (Value::Text(name.to_owned()), Value::Text(value.to_owned()));
            Some(Value::Map(vec![pair("x-user", "me"), pair(":path", "/a/b")]))
        }
        "response.code" => Some(Value::Int(404)),
        "request.duration" => Some(Value::Int(2_000_000_000)),
        "connection.id" => Some(Value::Uint(7)),
        _ => None,
    }
}

fn worth(text: &str) -> Result<Value, String> {
    Expression::read(text)?.value(&mut find)
}

#[test]
fn conditions_on_attributes_hold() {
    for text in [
        "request.path == '/a/b'",
        "request.path.startsWith('/a') && request.method in ['GET', 'HEAD']",
        "request.headers['x-user'] == \"me\" && !('x-other' in request.headers)",
        "has(request.headers.x) == false && has(request.path)",
        "response.code >= 400 && response.code < 500 || false",
        "request.nothing == 'a' || true",
        "!(request.nothing == 'a' && false)",
        "request.path.matches('^/a/[a-z]+$') && matches(request.method, 'E')",
        "size(request.headers) == 2 && 'äb'.size() == 2",
        "request.duration > duration('1s') && duration('1m30.5s') == 90500000000",
        "connection.id == 7 && connection.id == 7u && 7.0 == connection.id",
        "1 + 2 * 3 - 4 / 2 == 5 && 7 % 4 == 3 && -(-3) == 3 && 0x10 == 16",
        "(1 < 2 ? 'a' : 'b') + 'c' == 'ac'",
        "[1, 2] + [3] == [1, 2, 3] && {'a': 1, 'b': [2]}['b'][0] == 2 && {'a': 1}.a == 1",
        "int('12') == 12 && uint(3) == 3u && double('1.5e1') == 15.0 && string(5) == '5' && bool('true')",
        r#"'a\n\x41\u0042\'' == "a\nAB'" && r'\n' == '\\n' && b'\xff' != b'\xfe' && bytes('a') == b'a'"#,
        "-9223372036854775808 < 0 && null == null && 'a' != 1",
        "request.headers[':' + 'path'] == request.path",
    ] {
        assert_eq!(worth(text), Ok(Value::Bool(true)), "{text}");
    }
}

#[test]
fn what_has_no_value_says_why() {
    for (text, why) in [
        ("request.nothing", "there is no attribute 'request'"),
        ("request.headers['no']", "there is no such field or key"),
        ("request.path + 1", "'+' does not fit its operands"),
        ("1 / 0", "a number is too large, or divided by 0"),
        ("9223372036854775807 + 1", "a number is too large, or divided by 0"),
        ("'a' < 1", "'<' cannot compare these"),
        ("size(1)", "'size' does not fit its arguments"),
        ("dance('a')", "there is no function 'dance' of 1 arguments"),
        ("1 && true", "a condition is no bool"),
        ("'a'.matches('(')", "'matches' does not fit its arguments"),
    ] {
        assert_eq!(worth(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    let long = "1+".repeat(300) + "1";
    for text in [
        "",
        "1 +",
        "(1",
        "1 2",
        "a.",
        "a[",
        "'a",
        "'\\q'",
        "@",
        "{1}",
        "[1,,2]",
        "has(a)",
        "in a",
        "1.2.3",
        "? 1",
        &long,
        "99999999999999999999",
        "9223372036854775808",
    ] {
        assert!(Expression::read(text).is_err(), "{text}");
    }
}

#[test]
fn values_are_written_as_properties_are() {
    let written = |text: &str| worth(text).map(Value::into_bytes);
    assert_eq!(written("1 == 1"), Ok(vec![1]));
    assert_eq!(written("response.code"), Ok(404_i64.to_le_bytes().to_vec()));
    assert_eq!(written("1.5"), Ok(1.5_f64.to_le_bytes().to_vec()));
    assert_eq!(written("null"), Ok(vec![]));
    assert_eq!(written("'a' + 'b'"), Ok(b"ab".to_vec()));
    let pairs = |pairs: &[(&[u8], &[u8])]| Ok(crate::pairs::write(pairs.iter().copied()));
    assert_eq!(written("['a', 'b']"), pairs(&[(b"a", b""), (b"b", b"")]));
    assert_eq!(written("{'a': 'b'}"), pairs(&[(b"a", b"b")]));
}

#[test]
fn expressions_are_only_so_deep() {
    let nested = |depth: usize| worth(&("(".repeat(depth) + "1" + &")".repeat(depth)));
    assert_eq!(nested(49), Ok(Value::Int(1)));
    for text in ["(".repeat(400), "!".repeat(400), "-".repeat(400), "[".repeat(400)] {
        assert_eq!(worth(&text), Err("it is more than 50 expressions deep".to_owned()));
    }
    assert_eq!(worth(&("1+".repeat(249) + "1")), Ok(Value::Int(250)), "a row is not deep");
}
