//! From words to a tree (CEL specification, "Grammar").

use super::tokens::Token;
use super::value::Value;

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    Value(Value),
    /// An attribute, or the first part of its path.
    Name(String),
    /// `of.name`.
    Select(Box<Node>, String),
    /// `of[key]`.
    Index(Box<Node>, Box<Node>),
    /// `name(args)`, `of.name(args)` with `of` as the first.
    Call(String, Vec<Node>),
    /// `has(of.name)`: a [`Node::Select`].
    Has(Box<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    /// Two operands and the sign between them.
    Two(&'static str, Box<[Node; 2]>),
    /// `condition ? one : other`.
    Choice(Box<[Node; 3]>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Signs between two operands by how strongly they bind.
const LEVELS: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">", "in"], &["+", "-"], &["*", "/", "%"]];

/// The tree of an expression.
///
/// # Errors
///
/// What is missing or too much.
pub(super) fn read(tokens: Vec<Token>) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let node = parser.expression()?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(more) => Err(format!("{} is too much", shown(&more))),
    }
}

type Parsed = Result<Node, String>;

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

/// Expressions within each other, at most: whoever reads or evaluates them needs stack for each.
const DEEPEST: usize = 50;

impl Parser {
    fn expression(&mut self) -> Parsed {
        self.deeper(Parser::choice)
    }

    fn deeper(&mut self, read: fn(&mut Parser) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is more than {DEEPEST} expressions deep"));
        }
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn choice(&mut self) -> Parsed {
        let condition = self.level(0)?;
        if !self.comes("?") {
            return Ok(condition);
        }
        let one = self.level(0)?;
        self.need(":")?;
        Ok(Node::Choice(Box::new([condition, one, self.expression()?])))
    }

    fn level(&mut self, level: usize) -> Parsed {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut node = self.level(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.comes(sign)) {
            node = Node::Two(sign, Box::new([node, self.level(level + 1)?]));
        }
        Ok(node)
    }

    fn unary(&mut self) -> Parsed {
        if self.comes("!") {
            return Ok(Node::Not(Box::new(self.deeper(Parser::unary)?)));
        }
        if !self.comes("-") {
            return self.member();
        }
        // the smallest number has no positive counterpart
        if let Some(&Token::Int(number)) = self.tokens.peek()
            && let Some(number) = 0_i64.checked_sub_unsigned(number)
        {
            self.tokens.next();
            return Ok(Node::Value(Value::Int(number)));
        }
        Ok(Node::Negative(Box::new(self.deeper(Parser::unary)?)))
    }

    fn member(&mut self) -> Parsed {
        let mut node = self.primary()?;
        loop {
            if self.comes(".") {
                let name = self.name()?;
                node = match self.comes("(") {
                    true => Node::Call(name, self.rest_of_list(vec![node], ")")?),
                    false => Node::Select(Box::new(node), name),
                };
            } else if self.comes("[") {
                let key = self.expression()?;
                self.need("]")?;
                node = Node::Index(Box::new(node), Box::new(key));
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        Ok(match self.tokens.next().ok_or("it ends too early")? {
            Token::Int(number) => {
                let number = i64::try_from(number).map_err(|_| format!("{number} is too large"))?;
                Node::Value(Value::Int(number))
            }
            Token::Uint(number) => Node::Value(Value::Uint(number)),
            Token::Double(number) => Node::Value(Value::Double(number)),
            Token::Text(text) => Node::Value(Value::Text(text)),
            Token::Bytes(bytes) => Node::Value(Value::Bytes(bytes)),
            Token::Name(name) => self.named(name)?,
            Token::Sign("(") => {
                let node = self.expression()?;
                self.need(")")?;
                node
            }
            Token::Sign("[") => Node::List(self.rest_of_list(Vec::new(), "]")?),
            Token::Sign("{") => self.map()?,
            other => return Err(format!("{} does not belong there", shown(&other))),
        })
    }

    fn named(&mut self, name: String) -> Parsed {
        Ok(match name.as_str() {
            "true" => Node::Value(Value::Bool(true)),
            "false" => Node::Value(Value::Bool(false)),
            "null" => Node::Value(Value::Null),
            "in" => return Err("'in' has nothing before it".to_owned()),
            "has" if self.comes("(") => match self.rest_of_list(Vec::new(), ")")?.pop() {
                Some(of @ Node::Select(..)) => Node::Has(Box::new(of)),
                _ => return Err("has() takes one field: has(a.b)".to_owned()),
            },
            _ if self.comes("(") => Node::Call(name, self.rest_of_list(Vec::new(), ")")?),
            _ => Node::Name(name),
        })
    }

    fn rest_of_list(&mut self, mut nodes: Vec<Node>, close: &str) -> Result<Vec<Node>, String> {
        while !self.comes(close) {
            nodes.push(self.expression()?);
            if !self.comes(",") {
                self.need(close)?;
                break;
            }
        }
        Ok(nodes)
    }

    fn map(&mut self) -> Parsed {
        let mut pairs = Vec::new();
        while !self.comes("}") {
            let key = self.expression()?;
            self.need(":")?;
            pairs.push((key, self.expression()?));
            if !self.comes(",") {
                self.need("}")?;
                break;
            }
        }
        Ok(Node::Map(pairs))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Name(name)) => Ok(name),
            _ => Err("a name is missing behind '.'".to_owned()),
        }
    }

    /// True when that sign (or `in`) is the next word, which is taken then.
    fn comes(&mut self, wanted: &str) -> bool {
        let is = |token: &Token| match token {
            Token::Sign(sign) => *sign == wanted,
            Token::Name(name) => wanted == "in" && name == wanted,
            _ => false,
        };
        self.tokens.next_if(is).is_some()
    }

    fn need(&mut self, sign: &str) -> Result<(), String> {
        if self.comes(sign) { Ok(()) } else { Err(format!("'{sign}' is missing")) }
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Sign(sign) => format!("'{sign}'"),
        Token::Name(name) => format!("'{name}'"),
        _ => "a value".to_owned(),
    }
}
