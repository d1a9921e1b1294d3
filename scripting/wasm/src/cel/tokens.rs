//! The words of an expression (CEL specification, "Syntax").

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Sign(&'static str),
}

/// Words of one expression, at most: so much may it cost.
const MOST: usize = 500;

/// Bytes of one expression, at most.
const LONGEST: usize = 16 << 10;

/// All signs; longer ones come first.
const SIGNS: [&str; 23] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "-", "+", "*", "/", "%", "?", ":", ".", ",", "(", ")",
    "[", "]", "{",
];

/// Splits an expression.
///
/// # Errors
///
/// What does not belong into one.
pub(super) fn split(text: &str) -> Result<Vec<Token>, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let (mut rest, mut tokens) = (text.trim_start(), Vec::new());
    while !rest.is_empty() {
        let (token, behind) = token(rest)?;
        tokens.push(token);
        if tokens.len() > MOST {
            return Err(format!("it has more than {MOST} words"));
        }
        rest = behind.trim_start();
    }
    Ok(tokens)
}

fn token(text: &str) -> Result<(Token, &str), String> {
    let first = text.chars().next().unwrap_or_default();
    if let Some(quoted) = quoted(text) {
        return quoted;
    }
    if first.is_ascii_digit() {
        return number(text);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let (name, behind) = take(text, |c| c.is_ascii_alphanumeric() || c == '_');
        return Ok((Token::Name(name.to_owned()), behind));
    }
    let sign =
        SIGNS.iter().chain(&["}"]).find_map(|sign| Some((Token::Sign(sign), text.strip_prefix(sign)?)));
    sign.ok_or_else(|| format!("'{first}' does not belong there"))
}

fn take(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn number(text: &str) -> Result<(Token, &str), String> {
    if let Some(hex) = text.strip_prefix("0x") {
        let (digits, behind) = take(hex, |c| c.is_ascii_hexdigit());
        return whole(u64::from_str_radix(digits, 16), behind);
    }
    let (digits, behind) = take(text, |c| c.is_ascii_digit());
    let fraction = behind.strip_prefix('.').map(|behind| take(behind, |c| c.is_ascii_digit()).0.len());
    let mut length = digits.len() + fraction.filter(|&n| n > 0).map_or(0, |n| n + 1);
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        length += 1 + sign + take(&exponent[sign..], |c| c.is_ascii_digit()).0.len();
    }
    if length == digits.len() {
        return whole(digits.parse(), behind);
    }
    let (number, behind) = text.split_at(length);
    let number = number.parse().map_err(|_| format!("'{number}' is no number"))?;
    Ok((Token::Double(number), behind))
}

fn whole(number: Result<u64, std::num::ParseIntError>, behind: &str) -> Result<(Token, &str), String> {
    let number = number.map_err(|why| why.to_string())?;
    Ok(match behind.strip_prefix(['u', 'U']) {
        Some(behind) => (Token::Uint(number), behind),
        None => (Token::Int(number), behind),
    })
}

/// Text or bytes in quotes, perhaps behind an `r` (nothing is escaped) or a `b` (bytes); none where there are no quotes.
fn quoted(text: &str) -> Option<Result<(Token, &str), String>> {
    let quote = text.bytes().take(3).position(|byte| matches!(byte, b'\'' | b'"'))?;
    let (prefix, rest) = text.split_at(quote);
    let (raw, bytes) = match prefix.to_ascii_lowercase().as_str() {
        "" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "rb" | "br" => (true, true),
        _ => return None,
    };
    Some(string(rest, raw, bytes))
}

fn string(text: &str, raw: bool, bytes: bool) -> Result<(Token, &str), String> {
    let mut chars = text.char_indices();
    let quote = chars.next().map_or('"', |(_, quote)| quote);
    let (mut out, mut buffer) = (Vec::new(), [0; 4]);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                let behind = &text[at + 1..];
                return Ok((if bytes { Token::Bytes(out) } else { Token::Text(utf8(out)?) }, behind));
            }
            '\n' | '\r' => break,
            '\\' if !raw => escaped(&mut chars.by_ref().map(|(_, c)| c), bytes, &mut out)?,
            c => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    Err("quotes are not closed".to_owned())
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "a text is no UTF-8".to_owned())
}

/// What stands behind a backslash.
fn escaped(chars: &mut dyn Iterator<Item = char>, bytes: bool, out: &mut Vec<u8>) -> Result<(), String> {
    let c = chars.next().ok_or("there is nothing behind a backslash")?;
    let digits = match c {
        'x' | 'X' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    let plain = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        '\\' | '\'' | '"' | '`' | '?' => c,
        _ if digits == 0 => return Err(format!("'\\{c}' is nothing that is known")),
        _ => {
            let hex: String = chars.take(digits).collect();
            let code = u32::from_str_radix(&hex, 16).map_err(|_| format!("'\\{c}{hex}' is no number"))?;
            if let Some(byte) = u8::try_from(code).ok().filter(|_| bytes) {
                out.push(byte);
                return Ok(());
            }
            char::from_u32(code).ok_or_else(|| format!("'\\{c}{hex}' is no character"))?
        }
    };
    out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}
