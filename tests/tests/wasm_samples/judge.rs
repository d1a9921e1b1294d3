//! What came of a test, held against what it expects.

use crate::play::{Played, Seen};
use crate::suite::{Expected, Matcher, Phase, Test, Wanted};

/// What is wrong, and what cannot be told from outside; both empty when the test has passed as a whole.
#[derive(Default)]
pub(crate) struct Judgement {
    pub(crate) wrong: Vec<String>,
    pub(crate) unseen: Vec<String>,
}

/// Judges what was played.
pub(crate) fn judge(test: &Test, played: &Played) -> Judgement {
    let mut judgement = Judgement::default();
    let answer = match &played.answer {
        Ok(answer) => answer,
        Err(error) => {
            judgement.wrong.push(format!("the client has no response: {error}"));
            return judgement;
        }
    };
    let requests = test.request_headers.iter().chain(&test.request_body);
    let refused = requests.clone().any(|phase| phase.expected.immediate.is_some());
    if !refused && played.sent.is_none() {
        let status = answer.value(":status").unwrap_or_default();
        judgement.wrong.push(format!("no request at the origin, the client has {status}"));
    }
    for phase in test.request_headers.iter().chain(&test.response_headers) {
        let request = test.request_headers.as_ref().is_some_and(|is| std::ptr::eq(is, phase));
        let message = if request { played.sent.as_ref() } else { Some(answer) };
        judgement.head(&phase.expected, message, answer);
    }
    if let (Some(sent), true) = (&played.sent, test.request_headers.as_ref().is_some_and(is_immediate)) {
        let path = sent.value(":path").unwrap_or_default();
        judgement
            .wrong
            .push(format!("the origin has the request for {path}, which was to be answered at once"));
    }
    judgement.bodies(&test.request_body, played.sent.as_ref(), answer);
    judgement.bodies(&test.response_body, Some(answer), answer);
    judgement.log(test, &played.log);
    judgement
}

impl Judgement {
    /// A phase of heads: the message as it went on, or the plugin's own answer.
    fn head(&mut self, expected: &Expected, message: Option<&Seen>, answer: &Seen) {
        let message = match (&expected.immediate, message) {
            (Some(_), _) => {
                self.immediate(expected, answer);
                for matcher in &expected.body {
                    self.text("the body", matcher, &answer.body);
                }
                answer
            }
            (None, Some(message)) => message,
            (None, None) => return self.unseen.push("the head, which the origin never got".into()),
        };
        for (name, value) in &expected.has {
            let value = String::from_utf8_lossy(value);
            match message.value(name) {
                _ if name == ":scheme" => self.unseen.push(":scheme".into()),
                None => self.wrong.push(format!("no {name}, expected {value:?}")),
                Some(is) if is != value => self.wrong.push(format!("{name} is {is:?}, expected {value:?}")),
                Some(_) => {}
            }
        }
        for name in &expected.lacks {
            if let Some(value) = message.value(name) {
                self.wrong.push(format!("{name} is {value:?}, expected none"));
            }
        }
        for matcher in &expected.lines {
            if message.lines().any(|line| matcher.is(line.as_bytes())) == matcher.inverted {
                self.wrong.push(format!("no fields with {matcher}: {:?}", message.headers));
            }
        }
    }

    fn immediate(&mut self, expected: &Expected, answer: &Seen) {
        let Some(immediate) = &expected.immediate else { return };
        let status = answer.value(":status").unwrap_or_default();
        if let Some(wanted) = immediate.status.filter(|wanted| wanted.to_string() != status) {
            self.wrong.push(format!("the status is {status}, expected {wanted}"));
        }
        self.unseen.extend(immediate.unseen.iter().cloned());
    }

    /// The phases of one body. Of several phases each has a part of the whole, one behind the other.
    fn bodies(&mut self, phases: &[Phase], message: Option<&Seen>, answer: &Seen) {
        if let Some(phase) = phases.iter().find(|phase| is_immediate(phase)) {
            return self.head(&phase.expected, None, answer);
        }
        let Some(message) = message else { return };
        for matcher in phases.iter().flat_map(|phase| &phase.expected.body).filter(|one| one.inverted) {
            self.text("the body", matcher, &message.body);
        }
        match phases {
            [] => {}
            [phase] => {
                for matcher in phase.expected.body.iter().filter(|one| !one.inverted) {
                    self.text("the body", matcher, &message.body);
                }
            }
            several => self.parts(several, &message.body),
        }
    }

    fn parts(&mut self, phases: &[Phase], body: &[u8]) {
        let part = |phase: &Phase| match phase.expected.body.iter().find(|one| !one.inverted) {
            None => "(?s-u:.*)".to_owned(),
            Some(Matcher { wanted: Wanted::Exact(exact), .. }) => {
                exact.iter().map(|byte| format!(r"(?-u:\x{byte:02x})")).collect()
            }
            Some(Matcher { wanted: Wanted::Regex(regex), .. }) => {
                regex.as_str().replace(r"\A", "").replace(r"\z", "")
            }
        };
        let whole: String = phases.iter().map(part).collect();
        let whole = regex::bytes::Regex::new(&format!(r"\A{whole}\z")).expect("its parts are patterns");
        if !whole.is_match(body) {
            let parts: Vec<_> = phases.iter().flat_map(|phase| &phase.expected.body).collect();
            let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
            self.wrong.push(format!("the body is {}, expected {}", shown(body), parts.join(" and ")));
        }
    }

    /// The log is one for all phases: what one of them must not write may be what another has to.
    fn log(&mut self, test: &Test, log: &[String]) {
        let phases = test.request_headers.iter().chain(&test.request_body);
        let phases = phases.chain(&test.response_headers).chain(&test.response_body);
        let matchers: Vec<_> = phases.flat_map(|phase| &phase.expected.log).chain(&test.life).collect();
        let is = |matcher: &Matcher, line: &String| {
            matcher.is(line.as_bytes()) || matcher.is(format!("{line}\n").as_bytes())
        };
        let wanted = |line: &String| matchers.iter().any(|one| !one.inverted && is(one, line));
        for matcher in &matchers {
            let found = match matcher.inverted {
                false => log.iter().any(|line| is(matcher, line)),
                true => log.iter().any(|line| is(matcher, line) && !wanted(line)),
            };
            if found == matcher.inverted {
                self.wrong.push(format!("the log lacks {matcher}, it is {log:#?}"));
            }
        }
    }

    fn text(&mut self, what: &str, matcher: &Matcher, text: &[u8]) {
        if matcher.is(text) == matcher.inverted {
            self.wrong.push(format!("{what} is {}, expected {matcher}", shown(text)));
        }
    }
}

impl Seen {
    /// All values of a name, joined as the samples' own runner joins them.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.headers.iter().filter(|(is, _)| is.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// `name: value`, with the name as it came and in small letters.
    fn lines(&self) -> impl Iterator<Item = String> {
        self.headers.iter().flat_map(|(name, _)| {
            let value = self.value(name).unwrap_or_default();
            [format!("{name}: {value}"), format!("{}: {value}", name.to_ascii_lowercase())]
        })
    }
}

fn is_immediate(phase: &Phase) -> bool {
    phase.expected.immediate.is_some()
}

fn shown(text: &[u8]) -> String {
    let start = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
    format!("{start:?} ({} bytes)", text.len())
}
