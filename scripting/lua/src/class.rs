//! Classes of the Lua API as tables of rows: a row registers a function and describes it, for the reference and for editors.

use std::collections::HashMap;

use mlua::{AnyUserData, FromLua, Function, Lua, Table, Value};

use crate::wish::WAITING;

/// A class: the functions that its objects have.
pub(crate) struct Class {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line for the reference and the editor.
    pub(crate) summary: &'static str,
    /// True when there is one object of it, a global of that name (`core`, `act`).
    pub(crate) global: bool,
    /// What its objects have beside functions.
    pub(crate) fields: &'static [Field],
    /// Its functions; several lists, for the rows of one class may stand in several files.
    pub(crate) functions: &'static [&'static [Method]],
}

impl Class {
    /// All its functions.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &'static Method> {
        self.functions.iter().copied().flatten()
    }
}

/// An attribute.
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type, as LuaLS writes it.
    pub(crate) kind: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
}

/// A function.
pub(crate) struct Method {
    /// Its name.
    pub(crate) name: &'static str,
    /// Parameters and results as LuaLS writes them: `(txn: TXN, name: string): any`.
    pub(crate) signature: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// What it is.
    pub(crate) make: Make,
}

/// How a function is made.
pub(crate) enum Make {
    /// A function that answers at once.
    Now(fn(&Lua) -> mlua::Result<Function>),
    /// The first half of one that may wait: see [`crate::wish`].
    Waits(fn(&Lua) -> mlua::Result<Function>),
}

/// A row for a function `fn(&Lua, args) -> mlua::Result<..>`.
macro_rules! now {
    ($name:literal, $signature:literal, $summary:literal, $function:path) => {
        crate::class::Method {
            name: $name,
            signature: $signature,
            summary: $summary,
            make: crate::class::Make::Now(|lua| lua.create_function($function)),
        }
    };
}

/// A row for the first half of a function that waits, `fn(&Lua, args) -> mlua::Result<Begun>`.
macro_rules! waits {
    ($name:literal, $signature:literal, $summary:literal, $function:path) => {
        crate::class::Method {
            name: $name,
            signature: $signature,
            summary: $summary,
            make: crate::class::Make::Waits(|lua| lua.create_function($function)),
        }
    };
}

/// A row for an attribute.
macro_rules! field {
    ($name:literal, $kind:literal, $summary:literal) => {
        crate::class::Field { name: $name, kind: $kind, summary: $summary }
    };
}

pub(crate) use {field, now, waits};

/// The classes in one state.
pub(crate) struct Classes {
    /// Their metatables, by name.
    metatables: HashMap<&'static str, Table>,
    /// Lua's own function, whatever scripts put in its place.
    setmetatable: Function,
}

impl Classes {
    /// Makes all classes; those with one object become globals.
    pub(crate) fn install(lua: &Lua, all: &[&'static Class]) -> mlua::Result<Classes> {
        let waiting = lua.load(WAITING).set_name("=waiting").into_function()?;
        let mut classes = HashMap::new();
        for class in all {
            let functions = lua.create_table()?;
            for method in class.methods() {
                let function = match method.make {
                    Make::Now(make) => make(lua)?,
                    Make::Waits(make) => waiting.call(make(lua)?)?,
                };
                functions.raw_set(method.name, function)?;
            }
            let metatable = lua.create_table_with_capacity(0, 2)?;
            metatable.raw_set("__index", &functions)?;
            metatable.raw_set("__name", class.name)?;
            if class.global {
                lua.globals().raw_set(class.name, functions)?;
            }
            classes.insert(class.name, metatable);
        }
        Ok(Classes { metatables: classes, setmetatable: lua.globals().raw_get("setmetatable")? })
    }

    /// The metatable of a class.
    pub(crate) fn metatable(&self, name: &str) -> mlua::Result<Table> {
        let found = self.metatables.get(name).cloned();
        found.ok_or_else(|| mlua::Error::runtime(format!("there is no class '{name}'")))
    }

    /// The function that makes a table an object of a class.
    pub(crate) fn setmetatable(&self) -> &Function {
        &self.setmetatable
    }

    /// The functions of a class, to be added to.
    pub(crate) fn functions(&self, name: &str) -> mlua::Result<Table> {
        self.metatable(name)?.raw_get("__index")
    }
}

/// An argument that is not looked at, such as the object of a class whose objects are names alone: any value is a bool, and
/// it costs nothing to take it as one.
pub(crate) type Ignored = bool;

/// What an object stands for: something of ours, which a script cannot look into.
pub(crate) struct Of<T>(pub(crate) T);

impl<T: Clone + 'static> FromLua for Of<T> {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Of<T>> {
        let held = match &value {
            Value::Table(object) => object.raw_get::<Option<AnyUserData>>(HELD)?,
            _ => None,
        };
        match held.map(|held| held.borrow::<T>().map(|it| it.clone())) {
            Some(Ok(it)) => Ok(Of(it)),
            _ => Err(mlua::Error::runtime(
                "this is a function of another object: call it as object:function()",
            )),
        }
    }
}

/// Where an object holds what it stands for.
const HELD: i64 = 0;

/// A new object of a class that stands for something of ours.
pub(crate) fn object_of<T: Send + Sync + 'static>(lua: &Lua, class: &str, it: T) -> mlua::Result<Table> {
    let object = object(lua, class)?;
    stand_for(lua, &object, it)?;
    Ok(object)
}

/// Makes an object stand for something of ours.
pub(crate) fn stand_for<T: Send + Sync + 'static>(lua: &Lua, object: &Table, it: T) -> mlua::Result<()> {
    object.raw_set(HELD, lua.create_any_userdata(it)?)
}

/// A new object of a class: a table whose metatable knows the functions.
pub(crate) fn object(lua: &Lua, class: &str) -> mlua::Result<Table> {
    let metatable = {
        let classes = lua.app_data_ref::<Classes>();
        classes.ok_or_else(|| mlua::Error::runtime("the classes are not there yet"))?.metatable(class)?
    };
    let table = lua.create_table()?;
    table.set_metatable(Some(metatable))?;
    Ok(table)
}
