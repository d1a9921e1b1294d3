//! What the function of a rule is called with: a new object of a class, or a value, and the words of the rule.
//!
//! A few lines of Lua around the function give it that, which costs less than to hand everything over at each call.

use mlua::{FromLuaMulti, Function, Lua, MultiValue, Value};

use crate::class::Classes;

/// What a function is called with each time.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// What comes first.
    pub(crate) first: First,
    /// The words behind it.
    pub(crate) words: Vec<String>,
}

/// A function that keeps what another returns.
pub(crate) struct Keeping {
    /// The function.
    pub(crate) call: Function,
    /// Returns once more what it returned last.
    pub(crate) kept: Function,
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
        if matches!(self.first, First::Caller) && self.words.is_empty() {
            return Ok(function.clone());
        }
        self.lines(lua, function, |takes, call| format!("return function({takes}) return {call} end"))
    }

    /// The same, and what the other returns is kept.
    ///
    /// # Errors
    ///
    /// There are more words than Lua has places for.
    pub(crate) fn keeping(&self, lua: &Lua, function: &Function) -> mlua::Result<Keeping> {
        let (call, kept) = self.lines(lua, function, |takes, call| {
            let keep = format!("function({takes}) local value = {call} kept = value return value end");
            format!("local kept return {keep}, function() return kept end")
        })?;
        Ok(Keeping { call, kept })
    }

    /// Makes functions around another: by what they take, and how it is called.
    fn lines<T: FromLuaMulti>(
        &self,
        lua: &Lua,
        function: &Function,
        body: impl Fn(&str, &str) -> String,
    ) -> mlua::Result<T> {
        let (takes, first, class) = match self.first {
            First::Caller => ("value", "value", None),
            First::Object(class) => ("", "new({}, class)", Some(class)),
        };
        let places: String = (0..self.words.len()).map(|at| format!(", w{at}")).collect();
        let body = body(takes, &format!("f({first}{places})"));
        let source = format!("local f, new, class{places} = ...\n{body}");
        lua.load(source).set_name("=rule").call(self.upvalues(lua, function, class)?)
    }

    /// What the lines around the function know.
    fn upvalues(&self, lua: &Lua, function: &Function, class: Option<&str>) -> mlua::Result<MultiValue> {
        let mut values = MultiValue::from_iter([Value::Function(function.clone())]);
        let classes = lua.app_data_ref::<Classes>().expect("every state of ours has them");
        values.push_back(Value::Function(classes.setmetatable().clone()));
        values.push_back(match class {
            Some(class) => Value::Table(classes.metatable(class)?),
            None => Value::Nil,
        });
        for word in &self.words {
            values.push_back(Value::String(lua.create_string(word)?));
        }
        Ok(values)
    }
}
