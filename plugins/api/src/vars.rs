//! Variables of every scope (HAProxy manual, section 2.8).

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock, RwLock};

use crate::Sample;

/// How long a variable lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scope {
    /// The whole process.
    Proc,
    /// The client's connection.
    Sess,
    /// Request and response.
    Txn,
    /// The request only.
    Req,
    /// The response only.
    Res,
    /// A health check.
    Check,
}

/// A variable's name as a number: comparing costs nothing. Names are unique within the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VarId {
    /// Where it lives.
    pub scope: Scope,
    name: u32,
}

impl VarId {
    /// The variable that a full name such as `txn.a` means; the error is a sentence for the user.
    pub fn parse(full: &str) -> Result<VarId, String> {
        Ok(VarId { scope: scope_of(full)?, name: intern(full) })
    }

    /// The same where the name is known already: from the configuration, or because somebody has set it. For names that
    /// come from outside, of which there may be any number.
    pub fn find(full: &str) -> Result<Option<VarId>, String> {
        let scope = scope_of(full)?;
        let names = names().lock().unwrap_or_else(|e| e.into_inner());
        Ok(names.get(full).map(|&name| VarId { scope, name }))
    }

    /// The same for a name that a script makes up: new ones are taken in up to a bound, for names are kept for ever.
    ///
    /// # Errors
    ///
    /// A sentence: it is no name, or there are too many.
    pub fn of_script(full: &str) -> Result<VarId, String> {
        if let Some(known) = VarId::find(full)? {
            return Ok(known);
        }
        let kept = names().lock().unwrap_or_else(|e| e.into_inner()).len();
        match kept < MOST_NAMES {
            true => VarId::parse(full),
            false => Err(format!("there are {MOST_NAMES} names of variables already: no room for '{full}'")),
        }
    }

    /// Its full name. A search through all names: for traces, not for the road.
    pub fn name(self) -> String {
        let names = names().lock().unwrap_or_else(|e| e.into_inner());
        names.iter().find(|&(_, &id)| id == self.name).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

/// The scope that a full name begins with.
fn scope_of(full: &str) -> Result<Scope, String> {
    let (scope, name) = full.split_once('.').unwrap_or((full, ""));
    let scope = match scope {
        "proc" => Scope::Proc,
        "sess" => Scope::Sess,
        "txn" => Scope::Txn,
        "req" => Scope::Req,
        "res" => Scope::Res,
        "check" => Scope::Check,
        _ => {
            let scopes = "'proc.', 'sess.', 'txn.', 'req.', 'res.' or 'check.'";
            return Err(format!("variable '{full}' must start with its scope: {scopes}"));
        }
    };
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    match name.is_empty() || !name.bytes().all(good) {
        true => Err(format!("'{full}' is no variable name: letters, digits, '.', '_' and '-' are allowed")),
        false => Ok(scope),
    }
}

/// Names that are kept of scripts at the most.
const MOST_NAMES: usize = 65_536;

fn names() -> &'static Mutex<HashMap<String, u32>> {
    static NAMES: OnceLock<Mutex<HashMap<String, u32>>> = OnceLock::new();
    NAMES.get_or_init(Mutex::default)
}

fn intern(name: &str) -> u32 {
    let mut names = names().lock().unwrap_or_else(|e| e.into_inner());
    let next = names.len() as u32;
    *names.entry(name.to_owned()).or_insert(next)
}

/// What a variable holds: a sample that owns its bytes and is cheap to hand out.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Ip(IpAddr),
    Str(Rc<[u8]>),
    Bin(Rc<[u8]>),
    Method(Rc<[u8]>),
}

impl Value {
    /// Takes a sample in.
    pub fn from_sample(sample: &Sample<'_>) -> Value {
        match sample {
            Sample::Bool(b) => Value::Bool(*b),
            Sample::Int(i) => Value::Int(*i),
            Sample::Ip(ip) => Value::Ip(*ip),
            Sample::Str(s) => Value::Str(Rc::from(&s[..])),
            Sample::Bin(s) => Value::Bin(Rc::from(&s[..])),
            Sample::Method(s) => Value::Method(Rc::from(&s[..])),
        }
    }

    /// Hands it out as a sample.
    pub fn to_sample(&self) -> Sample<'static> {
        match self {
            Value::Bool(b) => Sample::Bool(*b),
            Value::Int(i) => Sample::Int(*i),
            Value::Ip(ip) => Sample::Ip(*ip),
            Value::Str(s) => Sample::text(&s[..]),
            Value::Bin(s) => Sample::bytes(&s[..]),
            Value::Method(s) => Sample::Method(s.to_vec().into()),
        }
    }
}

/// The variables of a connection or an exchange. Setting needs no exclusive access: converters set variables too.
#[derive(Debug, Default)]
pub struct Vars {
    list: RefCell<Vec<(VarId, Value)>>,
}

impl Vars {
    /// The value of a variable.
    pub fn get(&self, id: VarId) -> Option<Value> {
        self.list.borrow().iter().find(|(i, _)| *i == id).map(|(_, v)| v.clone())
    }

    /// Sets a variable.
    pub fn set(&self, id: VarId, value: Value) {
        let mut list = self.list.borrow_mut();
        match list.iter_mut().find(|(i, _)| *i == id) {
            Some((_, old)) => *old = value,
            None => list.push((id, value)),
        }
    }

    /// Removes a variable and says whether it was there.
    pub fn unset(&self, id: VarId) -> bool {
        let mut list = self.list.borrow_mut();
        let before = list.len();
        list.retain(|(i, _)| *i != id);
        list.len() != before
    }

    /// All variables, in the order they were first set.
    pub fn all(&self) -> Vec<(VarId, Value)> {
        self.list.borrow().clone()
    }

    /// Forgets the variables of a scope.
    pub fn clear_scope(&self, scope: Scope) {
        self.list.borrow_mut().retain(|(i, _)| i.scope != scope);
    }

    /// True when no variable is set.
    pub fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Forgets all variables.
    pub fn clear(&self) {
        self.list.borrow_mut().clear();
    }
}

/// The variables of the process: read by all workers, written rarely.
#[derive(Debug, Default)]
pub struct ProcessVars {
    map: RwLock<HashMap<VarId, Sample<'static>>>,
}

impl ProcessVars {
    /// The value of a variable.
    pub fn get(&self, id: VarId) -> Option<Sample<'static>> {
        self.map.read().unwrap_or_else(|e| e.into_inner()).get(&id).cloned()
    }

    /// Sets a variable.
    pub fn set(&self, id: VarId, value: Sample<'static>) {
        self.map.write().unwrap_or_else(|e| e.into_inner()).insert(id, value);
    }

    /// All variables.
    pub fn all(&self) -> Vec<(VarId, Sample<'static>)> {
        let map = self.map.read().unwrap_or_else(|e| e.into_inner());
        map.iter().map(|(id, value)| (*id, value.clone())).collect()
    }

    /// Forgets all variables: a policy test begins with none.
    pub fn clear(&self) {
        self.map.write().unwrap_or_else(|e| e.into_inner()).clear();
    }

    /// All variables, in no order.
    pub fn each(&self, mut visit: impl FnMut(VarId, &Sample<'static>)) {
        let map = self.map.read().unwrap_or_else(|e| e.into_inner());
        map.iter().for_each(|(id, value)| visit(*id, value));
    }

    /// Removes a variable and says whether it was there.
    pub fn unset(&self, id: VarId) -> bool {
        self.map.write().unwrap_or_else(|e| e.into_inner()).remove(&id).is_some()
    }
}

/// The variables of the process (`proc.`).
pub fn process_vars() -> &'static ProcessVars {
    static VARS: OnceLock<ProcessVars> = OnceLock::new();
    VARS.get_or_init(ProcessVars::default)
}
