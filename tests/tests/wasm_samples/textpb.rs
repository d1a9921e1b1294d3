//! Protobuf's text format, as far as the suites use it: messages, lists, strings with escapes, words and numbers.
//! What a field means is not known here (see `suite.rs`). Source: protobuf.dev, "Text Format Language Specification".

/// The fields of a message, in the order they were written.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message(Vec<(String, Value)>);

/// What a field holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    /// Strings and bytes, escapes resolved and neighbours put together.
    Text(Vec<u8>),
    /// A number, `true`, or the name of an enum's value.
    Word(String),
    /// `{ ... }`
    Message(Message),
}

impl Message {
    /// Reads a whole file. The error says line and reason.
    pub(crate) fn parse(text: &str) -> Result<Message, String> {
        let mut reader = Reader { rest: text };
        reader.message(None).map_err(|what| {
            let line = text[..text.len() - reader.rest.len()].matches('\n').count() + 1;
            format!("line {line}: {what}")
        })
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |(is, _)| is == name).map(|(_, value)| value)
    }

    /// All messages of a field.
    pub(crate) fn messages(&self, name: &str) -> impl Iterator<Item = &Message> {
        self.all(name).filter_map(|value| match value {
            Value::Message(message) => Some(message),
            _ => None,
        })
    }

    /// The message of a field; the last one counts.
    pub(crate) fn message(&self, name: &str) -> Option<&Message> {
        self.messages(name).last()
    }

    /// The bytes of a field.
    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.all(name).last().and_then(|value| match value {
            Value::Text(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }

    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The number of a field.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.word(name)?.parse().ok()
    }

    /// True when the field says `true`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.word(name) == Some("true")
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.all(name).last().and_then(|value| match value {
            Value::Word(word) => Some(word.as_str()),
            _ => None,
        })
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Fields up to `end`, or up to the end of the text.
    fn message(&mut self, end: Option<char>) -> Result<Message, String> {
        let mut fields = Vec::new();
        loop {
            self.space();
            match (self.rest.chars().next(), end) {
                (None, None) => return Ok(Message(fields)),
                (None, Some(end)) => return Err(format!("no '{end}'")),
                (Some(next), Some(end)) if next == end => {
                    self.rest = &self.rest[1..];
                    return Ok(Message(fields));
                }
                _ => self.field(&mut fields)?,
            }
        }
    }

    fn field(&mut self, fields: &mut Vec<(String, Value)>) -> Result<(), String> {
        let name = self.word()?;
        let colon = self.takes(':');
        if !self.takes('[') {
            fields.push((name, self.value(colon)?));
        } else {
            while !self.takes(']') {
                fields.push((name.clone(), self.value(true)?));
                self.takes(',');
            }
        }
        let _ = self.takes(',') || self.takes(';');
        Ok(())
    }

    fn value(&mut self, colon: bool) -> Result<Value, String> {
        if self.takes('{') {
            return self.message(Some('}')).map(Value::Message);
        }
        if self.takes('<') {
            return self.message(Some('>')).map(Value::Message);
        }
        if !colon {
            return Err("a ':' or a '{' is missing".into());
        }
        let mut text = Vec::new();
        let mut strings = 0;
        while let Some(quote) = self.rest.chars().next().filter(|next| matches!(next, '"' | '\'')) {
            self.string(quote, &mut text)?;
            strings += 1;
            self.space();
        }
        if strings > 0 { Ok(Value::Text(text)) } else { self.word().map(Value::Word) }
    }

    fn string(&mut self, quote: char, text: &mut Vec<u8>) -> Result<(), String> {
        let mut letters = self.rest[1..].char_indices();
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.rest = &self.rest[1 + at + 1..];
                return Ok(());
            }
            match letter {
                '\n' => break,
                '\\' => {
                    let length = escape(&self.rest[1 + at + 1..], text)?;
                    letters.nth(length - 1);
                }
                _ => text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Err(format!("no {quote} at the end of a string"))
    }

    fn word(&mut self) -> Result<String, String> {
        self.space();
        let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '+');
        let end = self.rest.find(|letter| !part(letter)).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(format!("a word is missing before {:?}", self.rest.chars().next().unwrap_or('\n')));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(word.to_owned())
    }

    fn takes(&mut self, letter: char) -> bool {
        self.space();
        let Some(rest) = self.rest.strip_prefix(letter) else { return false };
        self.rest = rest;
        self.space();
        true
    }

    /// White space and comments.
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix('#') else { return };
            self.rest = comment.find('\n').map_or("", |end| &comment[end..]);
        }
    }
}

/// Resolves one escape, whose backslash was read, and tells how many letters it had.
fn escape(rest: &str, text: &mut Vec<u8>) -> Result<usize, String> {
    let digits = |from: usize, radix: u32, most: usize| {
        let part = &rest[from..];
        let length = part.chars().take(most).take_while(|letter| letter.is_digit(radix)).count();
        u32::from_str_radix(&part[..length], radix).ok().map(|number| (number, from + length))
    };
    let simple = |letter| match letter {
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'a' => Some(7),
        'b' => Some(8),
        'v' => Some(11),
        'f' => Some(12),
        '\\' | '\'' | '"' | '?' => u8::try_from(letter).ok(),
        _ => None,
    };
    let first = rest.chars().next().ok_or("a backslash at the end")?;
    if let Some(byte) = simple(first) {
        text.push(byte);
        return Ok(1);
    }
    let number = match first {
        'x' | 'X' => digits(1, 16, 2),
        'u' => digits(1, 16, 4),
        'U' => digits(1, 16, 8),
        _ => digits(0, 8, 3),
    };
    let (number, length) = number.ok_or_else(|| format!("no escape: \\{first}"))?;
    match first {
        'u' | 'U' => {
            let letter = char::from_u32(number).ok_or_else(|| format!("no letter: \\{first}{number:x}"))?;
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => text.push(u8::try_from(number).map_err(|_| format!("no byte: {number}"))?),
    }
    Ok(length)
}

#[test]
fn the_text_format_is_read_with_all_its_ways_to_write_a_value() {
    let text = r#"
        # a comment
        test { name: "a" 'b'   # neighbours
          "\x41\102\n\"\u00e9" }
        test: < number: 5; flag: true, word: SOME_WORD >
        list: [1, 2] list: 3
        empty {}
    "#;
    let message = Message::parse(text).unwrap();
    let tests: Vec<_> = message.messages("test").collect();
    assert_eq!(tests[0].text("name").as_deref(), Some("abAB\n\"é"));
    assert_eq!(tests[1].number("number"), Some(5));
    assert!(tests[1].is_true("flag") && !tests[1].is_true("word"));
    let word = |text: &str| Value::Word(text.into());
    assert!(message.all("list").eq([&word("1"), &word("2"), &word("3")]));
    assert_eq!(message.message("empty"), Some(&Message::default()));
    assert!(message.names().eq(["test", "test", "list", "list", "list", "empty"]));
}

#[test]
fn what_is_no_text_format_is_refused_with_its_line() {
    for (text, why) in [
        ("a {\n b: 1", "line 2: no '}'"),
        ("a\n b", "line 2: a ':' or a '{' is missing"),
        ("a: \"b\nc\"", "line 1: no \" at the end of a string"),
        ("a: 1\n}", "line 2: a word is missing before '}'"),
        ("\na: '\\q'", "line 2: no escape: \\q"),
    ] {
        assert_eq!(Message::parse(text), Err(why.into()), "{text:?}");
    }
}
