//! The steps of a trace as JSON.

use portero_api::trace::{
    Act, Change, Choice, Condition, ConditionKind, Place, RuleEnd, RuleStep, Step, Test, Truth,
};
use serde_json::{Value, json};

/// All steps, in order. Each has a `step` that says what it is.
pub fn steps(steps: &[Step]) -> Value {
    steps.iter().map(step).collect()
}

fn step(step: &Step) -> Value {
    match step {
        Step::Set(name) => json!({ "step": "rules", "proxy": &*name.proxy, "family": name.family }),
        Step::Rule(step) => rule(step),
        Step::Rest(rules) => json!({ "step": "not_reached", "rules": rules }),
        Step::Did(Act { part, text, changes }) => {
            json!({ "step": part, "text": text, "changes": changes.iter().map(change).collect::<Value>() })
        }
        Step::Choice(step) => choice(step),
    }
}

fn rule(step: &RuleStep) -> Value {
    let (end, why) = match &step.end {
        RuleEnd::Skipped => ("skipped", None),
        RuleEnd::Open => ("open", None),
        RuleEnd::Done => ("done", None),
        RuleEnd::Ended(what) => ("ended", Some(what)),
        RuleEnd::Waits(what) => ("waits", Some(what)),
    };
    json!({
        "step": "rule",
        "place": place(&step.place),
        "text": &*step.text,
        "end": end,
        "why": why,
        "condition": step.condition.as_ref().map(condition),
        "changes": step.changes.iter().map(change).collect::<Value>(),
    })
}

fn condition(condition: &Condition) -> Value {
    let parts = |parts: &[Condition]| parts.iter().map(self::condition).collect::<Value>();
    let value = truth(condition.truth);
    match &condition.kind {
        ConditionKind::All(all) => json!({ "value": value, "all": parts(all) }),
        ConditionKind::Any(any) => json!({ "value": value, "any": parts(any) }),
        ConditionKind::Not(inner) => json!({ "value": value, "not": self::condition(inner) }),
        ConditionKind::Acl(name, tests) => {
            json!({ "value": value, "acl": name.as_deref(), "tests": tests.iter().map(test).collect::<Value>() })
        }
    }
}

fn test(test: &Test) -> Value {
    let samples: Value = test
        .samples
        .iter()
        .map(|sample| {
            let path: Value =
                sample.path.iter().map(|(word, value)| json!({ "word": &**word, "value": value })).collect();
            json!({ "path": path, "matched": sample.matched })
        })
        .collect();
    json!({
        "place": place(&test.place),
        "text": &*test.text,
        "value": truth(test.truth),
        "samples": samples,
        "never": test.never.as_deref(),
    })
}

/// True and false as such; what is not known as a word.
fn truth(truth: Truth) -> Value {
    match truth {
        Truth::Yes => Value::Bool(true),
        Truth::No => Value::Bool(false),
        Truth::Later => "later".into(),
        Truth::Unasked => "unasked".into(),
    }
}

fn place(place: &Place) -> Value {
    match place.line {
        0 => Value::Null,
        line => json!({ "file": &*place.file, "line": line }),
    }
}

fn change(change: &Change) -> Value {
    json!({ "what": change.what, "before": change.before, "after": change.after })
}

fn choice(choice: &Choice) -> Value {
    let candidates: Value = choice
        .candidates
        .iter()
        .map(|c| json!({ "name": c.name, "weight": c.weight, "sessions": c.sessions, "out": c.out }))
        .collect();
    let chosen = choice.chosen.and_then(|place| choice.candidates.get(place)).map(|c| &c.name);
    json!({ "step": "server", "backend": choice.backend, "by": choice.by, "chosen": chosen, "candidates": candidates })
}
