//! The functions that a component imports. They do what host functions of the ABI do, with types in the place of bytes.

#[cfg(test)]
mod tests;

use portero_api::{Exchange, Headers, clock};

use super::{exchange, given, plugin, tables, taken, types};
use crate::abi::headers::{self, Map, Shown};
use crate::abi::{self, Answer, Status};
use crate::guest::Guest;
use crate::scene;
use crate::settings::Level;
use crate::tables::{Spot, table};
use exchange::Message;
use types::{Error, Sample};

impl types::Host for Guest {}

impl exchange::Host for Guest {
    fn headers(&mut self, of: Message) -> Vec<(String, Vec<u8>)> {
        let field =
            |(name, value): (&[u8], &[u8])| (String::from_utf8_lossy(name).into_owned(), value.to_vec());
        self.see(|exchange| match of {
            Message::Request => exchange.request.headers.iter().map(field).collect(),
            Message::Response => exchange.response.headers.iter().map(field).collect(),
        })
        .unwrap_or_default()
    }

    fn get_header(&mut self, of: Message, name: String) -> Option<Vec<u8>> {
        self.see(|exchange| {
            let shown = match of {
                Message::Request => Shown::request(exchange),
                Message::Response => Shown::response(exchange),
            };
            shown.get(name.as_bytes(), b", ").map(|value| value.into_owned())
        })?
    }

    fn set_header(&mut self, of: Message, name: String, value: Vec<u8>) -> Result<(), Error> {
        self.put(of, &name, &value, Headers::set)
    }

    fn add_header(&mut self, of: Message, name: String, value: Vec<u8>) -> Result<(), Error> {
        self.put(of, &name, &value, Headers::add)
    }

    fn remove_header(&mut self, of: Message, name: String) -> Result<(), Error> {
        done(headers::remove(self, map(of), name.as_bytes()))
    }

    fn method(&mut self) -> Vec<u8> {
        self.get_header(Message::Request, ":method".to_owned()).unwrap_or_default()
    }

    fn set_method(&mut self, method: Vec<u8>) -> Result<(), Error> {
        self.put(Message::Request, ":method", &method, Headers::set)
    }

    fn path(&mut self) -> Vec<u8> {
        self.get_header(Message::Request, ":path".to_owned()).unwrap_or_default()
    }

    fn set_path(&mut self, path: Vec<u8>) -> Result<(), Error> {
        self.put(Message::Request, ":path", &path, Headers::set)
    }

    fn status(&mut self) -> u16 {
        self.see(|exchange| exchange.response.status).unwrap_or_default()
    }

    fn set_status(&mut self, status: u16) -> Result<(), Error> {
        self.put(Message::Response, ":status", status.to_string().as_bytes(), Headers::set)
    }

    fn get_variable(&mut self, name: String) -> Option<Sample> {
        self.see(|exchange| abi::variable(exchange, &name))?.map(given)
    }

    fn set_variable(&mut self, name: String, value: Sample) -> Result<(), Error> {
        done(abi::set_variable(self, &name, taken(value).ok_or(Error::BadArgument)?))
    }

    fn evaluate(&mut self, expression: String) -> Result<Option<Sample>, Error> {
        // what the language does not know is the fault of who asks
        abi::evaluate(self, &expression, given).map_err(|_| Error::BadArgument)
    }
}

impl tables::Host for Guest {
    fn get(&mut self, table: String, key: Sample, field: String) -> Result<Sample, Error> {
        self.spot(&table, key)?.get(&field).map(given).map_err(error)
    }

    fn set(
        &mut self,
        table: String,
        key: Sample,
        field: String,
        value: Sample,
    ) -> Result<Option<Sample>, Error> {
        let value = taken(value).ok_or(Error::BadArgument)?;
        let before = self.spot(&table, key)?.set(&field, &value).map_err(error)?;
        Ok(before.map(given))
    }

    fn add(&mut self, table: String, key: Sample, field: String, by: i64) -> Result<i64, Error> {
        self.spot(&table, key)?.add(&field, by).map_err(error)
    }

    fn remove(&mut self, table: String, key: Sample) -> Result<bool, Error> {
        Ok(self.spot(&table, key)?.remove())
    }
}

impl plugin::Host for Guest {
    fn log(&mut self, level: plugin::Level, text: String) {
        let level = match level {
            plugin::Level::Trace => Level::Trace,
            plugin::Level::Debug => Level::Debug,
            plugin::Level::Info => Level::Info,
            plugin::Level::Warn => Level::Warn,
            plugin::Level::Error => Level::Error,
            plugin::Level::Critical => Level::Critical,
        };
        Guest::log(self, level, text.as_bytes());
    }

    fn config(&mut self) -> Vec<u8> {
        self.plan.load.configuration.clone()
    }

    fn now(&mut self) -> u64 {
        abi::nanoseconds(clock::date())
    }
}

impl Guest {
    /// Looks at the exchange, where one is lent.
    fn see<T>(&self, look: impl FnOnce(&Exchange) -> T) -> Option<T> {
        self.is_lent().then(|| scene::see(look)).flatten()
    }

    fn put(
        &mut self,
        of: Message,
        name: &str,
        value: &[u8],
        change: fn(&mut Headers, &[u8], &[u8]),
    ) -> Result<(), Error> {
        done(headers::put(self, map(of), (name.as_bytes(), value), change))
    }

    fn spot(&self, name: &str, key: Sample) -> Result<Spot, Error> {
        let table = table(&self.plan.common, name).map_err(error)?;
        Spot::new(table, &taken(key).ok_or(Error::BadArgument)?).map_err(error)
    }
}

fn map(of: Message) -> Map {
    match of {
        Message::Request => Map::Request,
        Message::Response => Map::Response,
    }
}

fn done(answer: Answer) -> Result<(), Error> {
    answer.map_err(error)
}

fn error(status: Status) -> Error {
    match status {
        Status::NotFound => Error::NotFound,
        Status::InternalFailure => Error::Failed,
        _ => Error::BadArgument,
    }
}
