//! HAProxy's regular expressions are PCRE's: what the `regex` crate would read otherwise is written anew for it.

/// A pattern in the syntax of the `regex` crate, and whether only a backtracking engine can run it.
pub(super) struct Translated {
    pub(super) pattern: String,
    /// True for possessive quantifiers, which `regex` would read as a quantifier of a quantifier.
    pub(super) backtracks: bool,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &str) -> Translated {
    let mut reader =
        Reader { rest: pattern, out: String::with_capacity(pattern.len() + 8), backtracks: false };
    while let Some(c) = reader.next() {
        match c {
            '\\' => reader.escape(false),
            '[' => reader.class(),
            '{' if !is_quantifier(reader.rest) => reader.out.push_str("\\{"),
            '*' | '+' | '?' | '}' => {
                reader.out.push(c);
                reader.backtracks |= reader.rest.starts_with('+');
            }
            other => reader.out.push(other),
        }
    }
    Translated { pattern: reader.out, backtracks: reader.backtracks }
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    backtracks: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                self.out.push_str(text);
                true
            }
            None => false,
        }
    }

    /// What stands behind a backslash. `\<` and `\>` are plain characters in PCRE, borders of words in `regex`.
    fn escape(&mut self, in_class: bool) {
        match self.next() {
            Some(c @ ('<' | '>')) => self.out.push(c),
            Some('h') if in_class => self.out.push_str(" \\t"),
            Some('h') => self.out.push_str("[ \\t]"),
            Some('Z') if !in_class => self.out.push_str("\\n?\\z"),
            Some(c) => {
                self.out.push('\\');
                self.out.push(c);
            }
            None => self.out.push('\\'),
        }
    }

    /// A class: `regex` knows nested classes and operators in it, PCRE does not.
    fn class(&mut self) {
        self.out.push('[');
        self.take("^");
        if self.rest.starts_with(']') {
            self.next();
            self.out.push_str("\\]");
        }
        while let Some(c) = self.next() {
            match c {
                ']' => return self.out.push(']'),
                '\\' => self.escape(true),
                '[' if self.rest.starts_with(':') => {
                    self.out.push('[');
                    match self.rest.find(":]") {
                        Some(end) => {
                            let name = &self.rest[..end + 2];
                            self.out.push_str(name);
                            self.rest = &self.rest[end + 2..];
                        }
                        None => self.out.insert(self.out.len() - 1, '\\'),
                    }
                }
                '[' | '&' | '~' => self.out.extend(['\\', c]),
                '-' if self.out.ends_with('-') => self.out.push_str("\\-"),
                other => self.out.push(other),
            }
        }
    }
}

/// True for `n}`, `n,}` and `n,m}`; any other opening brace is a plain character in PCRE.
fn is_quantifier(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && number(least) && number(most)
}

#[cfg(test)]
mod tests {
    use crate::matching::Regex;

    #[test]
    fn patterns_mean_what_pcre_means() {
        for (pattern, inside, outside) in [
            (r"^[^[]+$", "ab", "a["),
            (r"^[a&&b]$", "&", "c"),
            (r"^[]a]$", "]", "b"),
            (r"^[[:alpha:]_]+$", "a_b", "1"),
            (r"^a{b}$", "a{b}", "ab"),
            (r"^a{2,3}$", "aaa", "a"),
            (r"^x{,2}$", "x{,2}", "x"),
            (r"\<b\>", "a<b>", "a b"),
            (r"^a\hb$", "a\tb", "a-b"),
            (r"\.php\Z", "a.php", "a.phpx"),
            (r"^a\/b\_c$", "a/b_c", "ab_c"),
            (r"^(a++)b$", "aab", "b"),
            (r"^(?!/adm)/", "/x", "/adm"),
            (r"^[+--]$", "-", "a"),
        ] {
            let regex = Regex::new(pattern, false).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert!(regex.matches(inside.as_bytes()), "{pattern} should match {inside:?}");
            assert!(!regex.matches(outside.as_bytes()), "{pattern} should not match {outside:?}");
        }
    }

    #[test]
    fn a_possessive_quantifier_gives_nothing_back() {
        assert!(!Regex::new("^a++ab$", false).unwrap().matches(b"aaab"));
    }
}
