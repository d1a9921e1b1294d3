//! The steps of a trace as text, in the manner of a compiler's messages.

use std::fmt::Write;

use portero_api::trace::{
    Act, Change, Choice, Condition, ConditionKind, Place, RuleEnd, RuleStep, Sampled, Step, Test, Truth,
};

use super::paint::{Paint, Tone};

/// Bytes of a value that are shown.
const SHOWN: usize = 120;

/// The steps, each with what it saw and did.
pub fn steps(steps: &[Step], paint: Paint) -> String {
    let mut writer = Writer { out: String::new(), paint, file: None };
    steps.iter().for_each(|step| writer.step(step));
    writer.out
}

struct Writer {
    out: String,
    paint: Paint,
    /// The file that the lines of the present set are in.
    file: Option<std::rc::Rc<str>>,
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Set(name) => {
                let title = self.paint.of(Tone::Title, &format!("{} rules of {}", name.family, name.proxy));
                self.line(&format!("\n{title}"));
                self.file = None;
            }
            Step::Rule(rule) => self.rule(rule),
            Step::Rest(rules) => {
                let plural = if *rules == 1 { "" } else { "s" };
                let text = format!("{rules} more rule{plural} of this set: not reached");
                let text = self.paint.of(Tone::Quiet, &text);
                self.line(&format!("     = {text}"));
            }
            Step::Did(act) => self.act(act),
            Step::Choice(choice) => self.choice(choice),
        }
    }

    fn rule(&mut self, rule: &RuleStep) {
        if self.file.as_ref() != Some(&rule.place.file) && !rule.place.file.is_empty() {
            let arrow = self.paint.of(Tone::Gutter, "-->");
            self.line(&format!("    {arrow} {}", rule.place.file));
            self.file = Some(rule.place.file.clone());
        }
        let acts = !matches!(rule.end, RuleEnd::Skipped);
        let (mark, tone) = if acts { (">", Tone::Yes) } else { ("|", Tone::Gutter) };
        let number = self.paint.of(Tone::Gutter, &format!("{:>4}", rule.place.line));
        let mark = self.paint.of(tone, mark);
        let text = if acts { rule.text.to_string() } else { self.paint.of(Tone::Quiet, &rule.text) };
        self.line(&format!("{number} {mark} {text}"));
        if let Some(condition) = &rule.condition {
            self.condition(condition, &rule.place, 0);
        }
        self.changes(&rule.changes);
        match &rule.end {
            RuleEnd::Skipped | RuleEnd::Done => {}
            RuleEnd::Open => self.note("=", "waits for more data: it is asked again when that has come"),
            RuleEnd::Waits(what) => self.note("=", &format!("waits {what}")),
            RuleEnd::Ended(what) => self.note("=", what),
        }
    }

    /// A line behind the gutter.
    fn behind(&mut self, text: &str) {
        let gutter = self.paint.of(Tone::Gutter, "|");
        self.line(&format!("     {gutter}   {text}"));
    }

    fn note(&mut self, mark: &str, text: &str) {
        let mark = self.paint.of(Tone::Gutter, mark);
        let text = self.paint.of(Tone::Strong, text);
        self.line(&format!("     {mark} {text}"));
    }

    fn condition(&mut self, condition: &Condition, rule: &Place, depth: usize) {
        match &condition.kind {
            ConditionKind::All(parts) => parts.iter().for_each(|part| self.condition(part, rule, depth)),
            ConditionKind::Any(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.behind(&format!("{}or", "  ".repeat(depth)));
                    }
                    self.condition(part, rule, depth + usize::from(parts.len() > 1));
                }
            }
            ConditionKind::Not(inner) => match &inner.kind {
                ConditionKind::Acl(name, tests) => {
                    self.acl(condition.truth, true, name.as_deref(), tests, rule, depth);
                }
                _ => {
                    let truth = self.truth(condition.truth);
                    self.behind(&format!("{}{truth} unless", "  ".repeat(depth)));
                    self.condition(inner, rule, depth + 1);
                }
            },
            ConditionKind::Acl(name, tests) => {
                self.acl(condition.truth, false, name.as_deref(), tests, rule, depth);
            }
        }
    }

    fn acl(
        &mut self,
        truth: Truth,
        negated: bool,
        name: Option<&str>,
        tests: &[Test],
        rule: &Place,
        depth: usize,
    ) {
        let not = if negated { "!" } else { "" };
        let lead = format!("{}{} ", "  ".repeat(depth), self.truth(truth));
        let Some(name) = name else {
            let test = tests.first();
            let text = test.map_or("", |test| &test.text);
            let saw = test.map(|test| self.saw(test)).unwrap_or_default();
            return self.behind(&format!("{lead}{not}{{ {text} }}{saw}"));
        };
        let asked = tests.iter().filter(|test| test.truth != Truth::Unasked).count();
        match tests {
            [only] => {
                let (place, saw) = (at(&only.place, rule), self.saw(only));
                let text = self.paint.of(Tone::Quiet, &format!("{}{place}", only.text));
                self.behind(&format!("{lead}{not}{name}: {text}{saw}"));
            }
            [] => self.behind(&format!("{lead}{not}{name}")),
            _ if asked == 0 => self.behind(&format!("{lead}{not}{name}: not asked")),
            many => {
                self.behind(&format!("{lead}{not}{name}:"));
                for test in many {
                    let (truth, saw) = (self.truth(test.truth), self.saw(test));
                    let text = self.paint.of(Tone::Quiet, &format!("{}{}", test.text, at(&test.place, rule)));
                    self.behind(&format!("{}{truth} {text}{saw}", "  ".repeat(depth + 2)));
                }
            }
        }
    }

    /// What a test looked at, as the end of its line.
    fn saw(&self, test: &Test) -> String {
        if let Some(never) = &test.never {
            return format!("  {never}");
        }
        match (test.truth, &test.samples[..]) {
            (Truth::Unasked, _) => format!("  {}", self.paint.of(Tone::Quiet, "not asked")),
            (Truth::Later, _) => "  not there yet".to_owned(),
            (_, []) => "  no value".to_owned(),
            (_, samples) => {
                let all: Vec<_> = samples.iter().map(|sample| self.sample(sample)).collect();
                format!("  {}", all.join("; "))
            }
        }
    }

    fn sample(&self, sample: &Sampled) -> String {
        let mut text = String::new();
        for (i, (name, value)) in sample.path.iter().enumerate() {
            let value = value.as_ref().map_or_else(|| "nothing".to_owned(), |value| quoted(value));
            let value = self.paint.of(Tone::Value, &value);
            let _ =
                if i == 0 { write!(text, "{name} = {value}") } else { write!(text, ", {name} = {value}") };
        }
        if let Some(pattern) = &sample.matched {
            let told = match pattern.as_str() {
                "there is a value" | "true" => String::new(),
                other => format!(" matches {other}"),
            };
            text.push_str(&told);
        }
        text
    }

    fn truth(&self, truth: Truth) -> String {
        match truth {
            Truth::Yes => self.paint.of(Tone::Yes, "yes"),
            Truth::No => self.paint.of(Tone::No, "no "),
            Truth::Later => self.paint.of(Tone::Strong, "?? "),
            Truth::Unasked => self.paint.of(Tone::Quiet, "-- "),
        }
    }

    fn changes(&mut self, changes: &[Change]) {
        for line in changes_lines(changes, self.paint) {
            self.behind(&line);
        }
    }

    fn act(&mut self, act: &Act) {
        let title = self.paint.of(Tone::Title, &format!("{:<9}", act.part));
        self.line(&format!("\n{title} {}", act.text));
        self.changes(&act.changes);
    }

    fn choice(&mut self, choice: &Choice) {
        let title = self.paint.of(Tone::Title, &format!("{:<9}", "server"));
        let name = choice.chosen.and_then(|place| choice.candidates.get(place));
        let name = match name {
            Some(candidate) => self.paint.of(Tone::Yes, &candidate.name),
            None => self.paint.of(Tone::No, "none can take the request now"),
        };
        self.line(&format!("\n{title} {name}, by {}", choice.by));
        let width = choice.candidates.iter().map(|c| c.name.len()).max().unwrap_or(0);
        for (place, candidate) in choice.candidates.iter().enumerate() {
            let mark =
                if choice.chosen == Some(place) { self.paint.of(Tone::Yes, ">") } else { " ".to_owned() };
            let why =
                candidate.out.map_or_else(String::new, |why| format!(", {}", self.paint.of(Tone::No, why)));
            let facts = format!("weight {}, sessions {}", candidate.weight, candidate.sessions);
            self.line(&format!("     {mark} {:<width$}  {facts}{why}", candidate.name));
        }
    }
}

/// Changes as the lines of a diff.
pub fn changes_lines(changes: &[Change], paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes {
        let name = match change.what.as_str() {
            "request header" | "response header" => String::new(),
            what => format!("{what}: "),
        };
        if let Some(before) = &change.before {
            lines.push(paint.of(Tone::No, &format!("- {name}{}", short(before))));
        }
        if let Some(after) = &change.after {
            lines.push(paint.of(Tone::Yes, &format!("+ {name}{}", short(after))));
        }
    }
    lines
}

/// The line of an ACL, where it is not that of the rule.
fn at(place: &Place, rule: &Place) -> String {
    match place {
        Place { line: 0, .. } => String::new(),
        place if place == rule => String::new(),
        Place { file, line } if *file == rule.file => format!(" (line {line})"),
        Place { file, line } => format!(" ({file}:{line})"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", short(text))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text[..at].escape_debug().to_string().replace("\\\"", "\"")),
        None => text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"),
    }
}
