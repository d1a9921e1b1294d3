//! `balance url_param`: a parameter of the query keeps its server.

use portero_api::{BadArg, Exchange, Plugin, Setup};

use super::keyed::{Hasher, Key, Keyed};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("url_param", "by a parameter of the query")
        .balance(|setup| Keyed::new(UrlParam::read(setup)?, setup, "url_param"))
}

/// The value of the first parameter of this name.
struct UrlParam(Box<[u8]>);

impl UrlParam {
    fn read(setup: &Setup<'_>) -> Result<UrlParam, BadArg> {
        match setup.args {
            [] => Err(BadArg::new("'url_param' needs the name of a parameter")),
            [name] => Ok(UrlParam(name.as_bytes().into())),
            [_, word, ..] if word == "check_post" => {
                Err(BadArg::at(1, "'check_post' is not supported: only the query is looked into"))
            }
            [_, word, ..] => Err(BadArg::at(1, format!("'{word}' is one word too many"))),
        }
    }
}

impl Key for UrlParam {
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32> {
        let parameters = exchange.request.query().split(|&b| b == b'&');
        let mut values = parameters.filter_map(|p| p.strip_prefix(&*self.0)?.strip_prefix(b"="));
        values.next().filter(|value| !value.is_empty()).map(|value| hasher.bytes(value))
    }
}

#[cfg(test)]
mod tests {
    use portero_conformance::rig::{Bench, Farm, exchange};
    use portero_conformance::{Balancer, balance};

    use super::*;

    #[test]
    fn it_keeps_to_the_hook() {
        balance(&Balancer { plugin: &plugin(), args: "id", lines: &[], live: false });
    }

    #[test]
    fn requests_without_the_parameter_take_turns() {
        let farm = Farm::new(&[1, 1]);
        let balancer = Bench::new("id").balancer(&plugin()).expect("good arguments");
        for target in ["/", "/?id", "/?id=", "/?idx=1"] {
            let picks = farm.picks(&*balancer, &exchange(target), 2);
            assert_eq!(picks, [0, 1].map(Some), "{target}");
        }
    }

    #[test]
    fn one_value_has_one_server_wherever_it_stands() {
        let farm = Farm::new(&[1; 9]);
        let balancer = Bench::new("id").balancer(&plugin()).expect("good arguments");
        let home = farm.pick(&*balancer, &exchange("/?id=ann"), &[]);
        assert_eq!(farm.pick(&*balancer, &exchange("/other?x=1&id=ann&id=bob"), &[]), home);
    }

    #[test]
    fn looking_into_bodies_is_refused_by_name() {
        let error = Bench::new("id check_post").balancer(&plugin()).err().expect("refused");
        assert!(error.arg == Some(1) && error.message.contains("'check_post'"));
    }
}
