//! The arguments of `portero explain`.

use crate::config::address_of;
use crate::explain::Options;

/// What is to be explained; the error is a sentence.
pub fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--json" {
            options.json = true;
            continue;
        }
        if !arg.starts_with('-') {
            return Err(format!("'explain' takes options only, and '{arg}' is none"));
        }
        let value = rest.next().ok_or_else(|| format!("'{arg}' needs a value"))?.clone();
        match arg.as_str() {
            "-f" => options.config.push(value.into()),
            "--request" | "-r" => options.request = request(value)?,
            "--header" | "-H" => options.headers.push(header(&value)?),
            "--body" => options.body = value,
            "--src" => options.src = Some(address_of(&value, 50_000)?),
            "--dst" => options.dst = Some(address_of(&value, 80)?),
            "--frontend" => options.frontend = Some(value),
            "--response" => options.response = Some(response(value)?),
            "--response-header" => options.response_headers.push(header(&value)?),
            "--response-body" => options.response_body = value,
            "--down" => options.down.push(value),
            _ => return Err(format!("unknown option '{arg}' of 'explain'")),
        }
    }
    match (options.config.is_empty(), options.request.is_empty()) {
        (true, _) => Err("'explain' needs a configuration: '-f FILE'".into()),
        (_, true) => Err("'explain' needs a request: \"--request 'GET /'\"".into()),
        _ => Ok(options),
    }
}

fn request(line: String) -> Result<String, String> {
    match line.split(' ').count() {
        2 | 3 => Ok(line),
        _ => Err(format!("'{line}' is not a request line such as 'GET /' or 'GET / HTTP/1.1'")),
    }
}

/// `HTTP/1.1 200 OK`, `200 OK` or `200`.
fn response(line: String) -> Result<String, String> {
    let (version, rest) = match line.split_once(' ') {
        Some((version, rest)) if version.starts_with("HTTP/") => (version, rest),
        _ => ("HTTP/1.1", line.as_str()),
    };
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = status.parse::<u16>().ok().filter(|status| (200..600).contains(status));
    let number = number.ok_or_else(|| format!("'{line}' is not a status line such as 'HTTP/1.1 200 OK'"))?;
    let reason = if reason.is_empty() { crate::http1::reason(number) } else { reason };
    Ok(format!("{version} {number} {reason}"))
}

fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| format!("'{line}' is not a header such as 'Host: www.example.org'"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Options, String> {
        parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_request_with_all_that_may_be_said_of_it() {
        let options = parsed(&[
            "-f",
            "a.cfg",
            "--request",
            "GET /",
            "--header",
            "Host: a",
            "--src",
            "10.0.0.1",
            "--dst",
            "[::1]:443",
            "--response",
            "404",
        ]);
        let options = options.expect("it is good");
        assert_eq!(options.headers, [("Host".to_owned(), "a".to_owned())]);
        assert_eq!(options.src.map(|a| a.to_string()).as_deref(), Some("10.0.0.1:50000"));
        assert_eq!(options.response.as_deref(), Some("HTTP/1.1 404 Not Found"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (args, message) in [
            (&["--request", "GET /"][..], "'explain' needs a configuration: '-f FILE'"),
            (&["-f", "a"], "'explain' needs a request: \"--request 'GET /'\""),
            (&["-f", "a", "--request", "/"], "'/' is not a request line such as 'GET /' or 'GET / HTTP/1.1'"),
            (&["-f"], "'-f' needs a value"),
            (&["--frob", "x"], "unknown option '--frob' of 'explain'"),
            (&["--response", "abc"], "'abc' is not a status line such as 'HTTP/1.1 200 OK'"),
        ] {
            assert_eq!(parsed(args), Err(message.to_owned()), "{args:?}");
        }
    }
}
