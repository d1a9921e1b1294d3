//! One line for every alias, for editors (HAProxy manual, section 8.2.6).

/// The aliases, and what each shows.
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ABOUT.iter().copied()
}

const ABOUT: &[(&str, &str)] = &[
    ("B", "bytes sent to the client"),
    ("CC", "the captured cookie of the request"),
    ("CS", "the captured cookie of the response"),
    ("H", "the name of the machine"),
    ("HM", "the method of the request"),
    ("HP", "the path of the request, with its scheme and host when they were written"),
    ("HPO", "the path of the request alone"),
    ("HQ", "the query of the request, with its question mark"),
    ("HU", "the target of the request as received"),
    ("HV", "the version of HTTP of the request"),
    ("ID", "the unique id of the request"),
    ("ST", "the status of the response"),
    ("T", "when the request came, in UTC"),
    ("Ta", "milliseconds from the first byte of the request to the end of the response"),
    ("Tc", "milliseconds until the server was connected"),
    ("Td", "milliseconds for the body of the response"),
    ("Th", "milliseconds for the handshakes of the connection"),
    ("Ti", "milliseconds that the connection was idle before the request"),
    ("Tl", "when the request came, in local time"),
    ("Tq", "milliseconds from the accept, or the last request, to the whole head"),
    ("TR", "milliseconds from the first byte of the request to its whole head"),
    ("Tr", "milliseconds until the server answered"),
    ("Ts", "when the connection was accepted, in seconds since 1970"),
    ("Tt", "milliseconds from the accept to the end"),
    ("Tu", "milliseconds as the user feels them: without the idle time"),
    ("Tw", "milliseconds in queues"),
    ("U", "bytes received from the client"),
    ("ac", "connections of the whole process"),
    ("b", "the name of the backend"),
    ("bc", "connections of the backend"),
    ("bi", "the address that the server was connected from"),
    ("bp", "the port that the server was connected from"),
    ("bq", "how many waited before in the queue of the backend"),
    ("ci", "the address of the client"),
    ("cp", "the port of the client"),
    ("f", "the name of the frontend"),
    ("fc", "connections of the frontend"),
    ("fi", "the address that the client connected to"),
    ("fp", "the port that the client connected to"),
    ("ft", "the name of the frontend, with '~' behind it under TLS"),
    ("hr", "the captured header fields of the request"),
    ("hrl", "the captured header fields of the request, as a list"),
    ("hs", "the captured header fields of the response"),
    ("hsl", "the captured header fields of the response, as a list"),
    ("lc", "the number of this log line"),
    ("ms", "the milliseconds of the moment of accept"),
    ("pid", "the number of the process"),
    ("r", "the request line as received"),
    ("rc", "how often the connection to the server was tried again"),
    ("rt", "the number of this request"),
    ("s", "the name of the server"),
    ("sc", "connections of the server"),
    ("si", "the address of the server"),
    ("sp", "the port of the server"),
    ("sq", "how many waited before in the queue of the server"),
    ("sslc", "the cipher of the connection"),
    ("sslv", "the version of TLS of the connection"),
    ("t", "when the connection was accepted, with milliseconds"),
    ("tr", "when the request came, with milliseconds"),
    ("trg", "when the request came, in UTC"),
    ("trl", "when the request came, in local time"),
    ("ts", "how the exchange ended: who, and in which phase"),
    ("tsc", "how the exchange ended, and what became of the cookie"),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_alias_has_its_line() {
        // `o` sets flags and shows nothing
        let about: Vec<_> = super::ABOUT.iter().map(|(name, _)| *name).collect();
        let names: Vec<_> = crate::format::aliases().filter(|name| *name != "o").collect();
        assert_eq!(about, names);
    }
}
