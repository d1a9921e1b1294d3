//! The evaluation of a tree.

use std::cmp::Ordering;

use super::functions;
use super::parse::Node;
use super::value::Value;

/// One evaluation.
pub(super) struct Run<'a> {
    pub(super) find: super::Find<'a>,
}

type Found = Result<Value, String>;

impl Run<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Found {
        match node {
            Node::Value(value) => Ok(value.clone()),
            Node::Name(_) | Node::Select(..) | Node::Index(..) => self.member(node),
            Node::Has(of) => Ok(Value::Bool(self.member(of).is_ok())),
            Node::Call(name, args) => {
                let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
                functions::call(name, &args)
            }
            Node::Not(of) => Ok(Value::Bool(!self.bool(of)?)),
            Node::Negative(of) => match self.value(of)? {
                Value::Int(number) => number.checked_neg().map(Value::Int).ok_or_else(too_large),
                Value::Double(number) => Ok(Value::Double(-number)),
                _ => Err("only a number has a negative".to_owned()),
            },
            Node::Two(sign @ ("&&" | "||"), both) => self.logic(*sign == "||", both),
            Node::Two(sign, both) => two(sign, self.value(&both[0])?, self.value(&both[1])?),
            Node::Choice(all) => {
                let [condition, one, other] = &**all;
                let chosen = if self.bool(condition)? { one } else { other };
                self.value(chosen)
            }
            Node::List(all) => {
                all.iter().map(|one| self.value(one)).collect::<Result<_, _>>().map(Value::List)
            }
            Node::Map(all) => {
                let pair = |(key, value): &(Node, Node)| Ok((self.value(key)?, self.value(value)?));
                all.iter().map(pair).collect::<Result<_, String>>().map(Value::Map)
            }
        }
    }

    fn bool(&mut self, node: &Node) -> Result<bool, String> {
        match self.value(node)? {
            Value::Bool(yes) => Ok(yes),
            _ => Err("a condition is no bool".to_owned()),
        }
    }

    /// `decides` (true for `||`) on either side is the answer, whatever the other side is, if it be a mistake.
    fn logic(&mut self, decides: bool, both: &[Node; 2]) -> Found {
        let one = self.bool(&both[0]);
        if one == Ok(decides) {
            return Ok(Value::Bool(decides));
        }
        match self.bool(&both[1])? {
            other if other == decides => Ok(Value::Bool(decides)),
            other => one.map(|_| Value::Bool(other)),
        }
    }

    /// An attribute by its whole path; else a part of what stands before the last dot or bracket.
    fn member(&mut self, node: &Node) -> Found {
        if let Some(path) = self.path(node)?
            && let Some(value) = (self.find)(&path)
        {
            return Ok(value);
        }
        let (of, key) = match node {
            Node::Select(of, name) => (of, Value::Text(name.clone())),
            Node::Index(of, key) => (of, self.value(key)?),
            Node::Name(name) => return Err(format!("there is no attribute '{name}'")),
            _ => return Err("it has no parts".to_owned()),
        };
        let of = self.value(of)?;
        of.get(&key).cloned().ok_or_else(|| "there is no such field or key".to_owned())
    }

    /// The parts of a path that begins with a name; none of what begins otherwise.
    fn path(&mut self, node: &Node) -> Result<Option<Vec<String>>, String> {
        let (of, part) = match node {
            Node::Name(name) => return Ok(Some(vec![name.clone()])),
            Node::Select(of, name) => (of, name.clone()),
            Node::Index(of, key) => match self.value(key)? {
                Value::Text(text) => (of, text),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let path = self.path(of)?;
        Ok(path.map(|mut path| {
            path.push(part);
            path
        }))
    }
}

fn two(sign: &str, one: Value, other: Value) -> Found {
    let ordered = |fits: fn(Ordering) -> bool| {
        let order = one.compare(&other).ok_or_else(|| format!("'{sign}' cannot compare these"))?;
        Ok(Value::Bool(fits(order)))
    };
    match sign {
        "==" => Ok(Value::Bool(one == other)),
        "!=" => Ok(Value::Bool(one != other)),
        "<" => ordered(Ordering::is_lt),
        "<=" => ordered(Ordering::is_le),
        ">" => ordered(Ordering::is_gt),
        ">=" => ordered(Ordering::is_ge),
        "in" => match &other {
            Value::List(list) => Ok(Value::Bool(list.contains(&one))),
            Value::Map(_) => Ok(Value::Bool(other.get(&one).is_some())),
            _ => Err("'in' takes a list or a map".to_owned()),
        },
        _ => reckoned(sign, one, other),
    }
}

fn reckoned(sign: &str, one: Value, other: Value) -> Found {
    macro_rules! whole {
        ($make:path, $one:expr, $other:expr) => {
            match sign {
                "+" => $one.checked_add($other),
                "-" => $one.checked_sub($other),
                "*" => $one.checked_mul($other),
                "/" => $one.checked_div($other),
                _ => $one.checked_rem($other),
            }
            .map($make)
            .ok_or_else(too_large)
        };
    }
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => whole!(Value::Int, one, other),
        (Value::Uint(one), Value::Uint(other)) => whole!(Value::Uint, one, other),
        (Value::Double(one), Value::Double(other)) => match sign {
            "+" => Ok(Value::Double(one + other)),
            "-" => Ok(Value::Double(one - other)),
            "*" => Ok(Value::Double(one * other)),
            "/" => Ok(Value::Double(one / other)),
            _ => Err("'%' takes whole numbers".to_owned()),
        },
        (Value::Text(one), Value::Text(other)) if sign == "+" => Ok(Value::Text(one + &other)),
        (Value::Bytes(one), Value::Bytes(other)) if sign == "+" => Ok(Value::Bytes([one, other].concat())),
        (Value::List(one), Value::List(other)) if sign == "+" => Ok(Value::List([one, other].concat())),
        _ => Err(format!("'{sign}' does not fit its operands")),
    }
}

fn too_large() -> String {
    "a number is too large, or divided by 0".to_owned()
}
