//! What the function of a rule is called with: a new object of a class, or a value, and the words of the rule.
//!
//! A few lines of Lua around the function give it that, which costs less than to hand everything over at each call.

use mlua::{Function, Lua, MultiValue, Value};

use crate::class::Classes;

/// What a function is called with each time.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// What comes first.
    pub(crate) first: First,
    /// The words behind it.
    pub(crate) words: Vec<String>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum First {
    /// What the caller gives.
    #[default]
    Caller,
    /// A new object of a class: what a script puts into it is gone with the call.
    Object(&'static str),
}

impl Given {
    /// An object of a class, and words.
    pub(crate) fn object(class: &'static str, words: &[String]) -> Given {
        Given { first: First::Object(class), words: words.to_vec() }
    }

    /// A value of the caller's, and words.
    pub(crate) fn value(words: &[String]) -> Given {
        Given { first: First::Caller, words: words.to_vec() }
    }

    /// A function that gives it to another.
    ///
    /// # Errors
    ///
    /// There are more words than Lua has places for.
    pub(crate) fn to(&self, lua: &Lua, function: &Function) -> mlua::Result<Function> {
        let (takes, first, class) = match self.first {
            First::Caller if self.words.is_empty() => return Ok(function.clone()),
            First::Caller => ("value", "value", None),
            First::Object(class) => ("", "new({}, class)", Some(class)),
        };
        let places: String = (0..self.words.len()).map(|at| format!(", w{at}")).collect();
        let source = format!(
            "local f, new, class{places} = ...\nreturn function({takes}) return f({first}{places}) end"
        );
        let mut args = MultiValue::from_iter([Value::Function(function.clone())]);
        {
            let classes = lua.app_data_ref::<Classes>().expect("every state of ours has them");
            args.push_back(Value::Function(classes.setmetatable().clone()));
            args.push_back(match class {
                Some(class) => Value::Table(classes.metatable(class)?),
                None => Value::Nil,
            });
        }
        for word in &self.words {
            args.push_back(Value::String(lua.create_string(word)?));
        }
        lua.load(source).set_name("=rule").call(args)
    }
}
