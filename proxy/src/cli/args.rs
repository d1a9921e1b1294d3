//! Arguments to a command.

use std::path::PathBuf;

use super::format;
use crate::config::lint;

/// What the program is asked to do.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Serve.
    Run(Box<Options>),
    /// Say what is wrong with a configuration (`-c`, `check`).
    Check(Box<Options>),
    /// Evaluate a condition (`-cc`).
    Condition(String),
    /// Print the TOML that means the same.
    Convert(Vec<PathBuf>),
    /// Print the whole way of a request.
    Explain(Box<crate::explain::Options>),
    /// Run a script's tests, and lines beside it.
    Lua(crate::lua_shell::Options),
    /// Say what a WASM file is.
    Inspect(super::wasm::Options),
    /// Run tests of policies.
    Test(crate::policy_test::Options),
    /// Serve an editor on the standard input and output.
    Language,
    /// Lay out files.
    Format(format::Options),
    /// Serve built-in origins on an embedded configuration.
    Demo,
    /// Tell a running daemon to read its configuration again: by its pid file or number.
    Reload(String),
    /// Print the version; with all details.
    Version(bool),
    /// Print the usage.
    Help,
}

/// HAProxy's options (HAProxy management manual, section 3).
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// `-f`: files and folders.
    pub files: Vec<PathBuf>,
    /// `-C`: the folder to go to first.
    pub folder: Option<PathBuf>,
    /// `-D`: to the background.
    pub daemon: bool,
    /// `-d`, `-db`: stay in the foreground, whatever the configuration says.
    pub foreground: bool,
    /// `-q`: say nothing that is not an error.
    pub quiet: bool,
    /// `-V`: say that a configuration is valid.
    pub verbose: bool,
    /// `-W`, `-Ws`: one process that is master and worker; `-Ws` tells the service manager when it is ready.
    pub master: bool,
    /// `-Ws`
    pub notify: bool,
    /// `-S`: where the master's runtime API listens.
    pub master_socket: Option<String>,
    /// `-p`: the pid file.
    pub pidfile: Option<PathBuf>,
    /// `-L`: the name of the local peer.
    pub local_peer: Option<String>,
    /// `-n`: the global `maxconn`.
    pub maxconn: Option<u32>,
    /// `-m`: megabytes that client connections may need; sets the global `maxconn` where nothing else does.
    pub megabytes: Option<u32>,
    /// `-dr`: servers that cannot be resolved are no error.
    pub ignore_unresolved: bool,
    /// `-dW`: warnings are errors.
    pub warnings_fatal: bool,
    /// `--allow`: lints that are not wanted.
    pub allow: Vec<String>,
    /// `--deny`: lints that are errors.
    pub deny: Vec<String>,
    /// `-sf`: processes to tell that they should finish once this one serves.
    pub finish: Vec<i32>,
    /// `-st`: processes to terminate then.
    pub terminate: Vec<i32>,
    /// `--watch`: reads the configuration again when a file of it changes.
    pub watch: bool,
}

/// The help text.
pub const USAGE: &str = "\
portero - a programmable proxy and load balancer

usage: portero -f FILE [-f FILE ...] [options]     serve
       portero run --watch -f FILE ...             serve, and take what changes in files and scripts at once
       portero check [--allow LINT] [--deny LINT] FILE ...
                                                   say what is wrong with a configuration
       portero convert haproxy.cfg ...             print the TOML that means the same
       portero explain -f FILE --request 'GET /'   print the whole way of a request: docs/explain.md
       portero test POLICY.test ...                run the tests of a policy: docs/testing.md
       portero lua FILE [ARGUMENT ...]             run a script's tests, and lines beside it: docs/lua.md
       portero wasm inspect [--json] FILE          say what a WASM file is, and what it needs: docs/wasm.md
       portero fmt [--check] FILE ...              lay out haproxy.cfg and files of rules; '-' is the standard input
       portero lsp                                 the language server, for editors: docs/editors.md
       portero demo                                three built-in origins behind one door, nothing else needed
       portero reload PIDFILE|PID                  make a running daemon read its configuration again

options (HAProxy's):
  -f FILE    a configuration (haproxy.cfg or portero.toml) or a folder of .cfg files; may be given many times
  -c         check only            -V   say that it is valid
  -cc COND   evaluate a condition of .if and exit with 0 when it is true
  -C DIR     go to this folder first
  -D         to the background     -d, -db   stay in the foreground
  -W, -Ws    master and worker in one process; -Ws tells the service manager when it is ready
  -S ADDR    the master's runtime API
  -p FILE    write the process number here
  -L NAME    the name of the local peer
  -n N       connections at the most
  -q         say errors only       -dW  warnings are errors      -dr  servers need not resolve
  -sf PID... tell these processes to finish once this one serves; -st to terminate
  -v, -vv    version
";

/// Options with one value that follows.
const WITH_VALUE: [&str; 8] = ["-f", "-C", "-S", "-p", "-L", "-n", "-m", "-x"];

/// What the arguments ask for; the error is a sentence.
pub fn parse(args: &[String]) -> Result<Command, String> {
    match args.first().map(String::as_str) {
        None | Some("help" | "-h" | "--help") => Ok(Command::Help),
        Some("run") => haproxy(&args[1..]),
        Some("demo") => no_more(args, Command::Demo),
        Some("version" | "--version") => Ok(Command::Version(false)),
        Some("check") => check(args),
        Some("explain") => Ok(Command::Explain(Box::new(super::explain::parse(&args[1..])?))),
        Some("test") => Ok(Command::Test(test(&args[1..])?)),
        Some("lua") => Ok(Command::Lua(lua(&args[1..])?)),
        Some("wasm") => Ok(Command::Inspect(super::wasm::parse(&args[1..])?)),
        Some("convert") => Ok(Command::Convert(paths(args)?)),
        // editors add the way to talk, of which there is one
        Some("lsp") if args[1..].iter().all(|arg| arg == "--stdio") => Ok(Command::Language),
        Some("lsp") => Err("'lsp' talks on the standard input and output, and takes no argument".into()),
        Some("fmt") => format(args),
        Some("reload") => match args {
            [_, target] => Ok(Command::Reload(target.clone())),
            _ => Err("'reload' takes a pid file or a process number".into()),
        },
        Some(_) => haproxy(args),
    }
}

fn no_more(args: &[String], command: Command) -> Result<Command, String> {
    match args {
        [_] => Ok(command),
        [name, extra, ..] => Err(format!("'{name}' takes no argument, and '{extra}' is one")),
        [] => Ok(command),
    }
}

/// `check [--allow LINT] [--deny LINT] FILE ...`
fn check(args: &[String]) -> Result<Command, String> {
    let mut options = Options { verbose: true, ..Options::default() };
    let mut rest = args[1..].iter();
    while let Some(arg) = rest.next() {
        let list = match arg.as_str() {
            "--allow" => &mut options.allow,
            "--deny" => &mut options.deny,
            option if option.starts_with("--") => return Err(format!("unknown option '{option}'")),
            file => {
                options.files.push(file.into());
                continue;
            }
        };
        let name = rest.next().ok_or_else(|| format!("'{arg}' needs the name of a lint"))?;
        if name != "all" && lint::named(name).is_none() {
            return Err(format!("there is no lint '{name}'"));
        }
        list.push(name.clone());
    }
    match options.files.is_empty() {
        true => Err("'check' needs a file".into()),
        false => Ok(Command::Check(Box::new(options))),
    }
}

/// `fmt [--check] FILE ...`
fn format(args: &[String]) -> Result<Command, String> {
    let (options, files): (Vec<_>, Vec<_>) = args[1..].iter().partition(|arg| arg.starts_with("--"));
    match (options.iter().find(|option| **option != "--check"), files.is_empty()) {
        (Some(other), _) => Err(format!("unknown option '{other}'")),
        (None, true) => Err("'fmt' needs a file".into()),
        (None, false) => {
            let files = files.iter().map(PathBuf::from).collect();
            Ok(Command::Format(format::Options { check: !options.is_empty(), files }))
        }
    }
}

fn paths(args: &[String]) -> Result<Vec<PathBuf>, String> {
    match args {
        [name] => Err(format!("'{name}' needs a file")),
        [_, files @ ..] => Ok(files.iter().map(PathBuf::from).collect()),
        [] => Ok(Vec::new()),
    }
}

/// `portero test`: files and folders, options, and for the rest parts of the names of tests.
fn test(args: &[String]) -> Result<crate::policy_test::Options, String> {
    let mut options = crate::policy_test::Options::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().map(PathBuf::from).ok_or_else(|| format!("'{arg}' needs a file"));
        match arg.as_str() {
            "-f" => options.config.push(value()?),
            "--junit" => options.junit = Some(value()?),
            "--json" => options.json = true,
            "--coverage" => options.coverage = true,
            option if option.starts_with('-') => return Err(format!("unknown option '{option}' of 'test'")),
            path if path.ends_with(".test") || std::path::Path::new(path).is_dir() => {
                options.files.push(path.into())
            }
            name => options.filters.push(name.to_owned()),
        }
    }
    match options.files.is_empty() {
        true => Err("'test' needs a file whose name ends in '.test', or a folder of them".into()),
        false => Ok(options),
    }
}

/// `lua [--test] [--request LINE] [--header 'NAME: VALUE'] FILE [ARGUMENT ...]`
fn lua(args: &[String]) -> Result<crate::lua_shell::Options, String> {
    let mut options = crate::lua_shell::Options::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("'{arg}' needs a value"));
        match arg.as_str() {
            "--test" => options.tests_alone = true,
            "--request" => options.request = Some(value()?.clone()),
            "--header" => {
                let field = value()?;
                let (name, value) =
                    field.split_once(':').ok_or_else(|| format!("'{field}' is no 'NAME: VALUE'"))?;
                options.headers.push((name.to_owned(), value.trim().to_owned()));
            }
            option if option.starts_with('-') => return Err(format!("unknown option '{option}' of 'lua'")),
            file => {
                options.file = file.into();
                options.args = rest.cloned().collect();
                return Ok(options);
            }
        }
    }
    Err("'lua' needs a script".into())
}

/// Which of HAProxy's modes was asked for.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Run,
    Check,
}

fn haproxy(args: &[String]) -> Result<Command, String> {
    let mut options = Options::default();
    let mut mode = Mode::Run;
    let mut rest = args.iter().map(String::as_str).peekable();
    while let Some(arg) = rest.next() {
        if WITH_VALUE.contains(&arg) {
            let value = rest.next().ok_or_else(|| format!("'{arg}' needs a value"))?;
            take_value(&mut options, arg, value)?;
            continue;
        }
        match arg {
            "-c" => mode = Mode::Check,
            "-cc" => return Ok(Command::Condition(rest.next().ok_or("'-cc' needs a condition")?.to_owned())),
            "-v" | "-vv" => return Ok(Command::Version(arg == "-vv")),
            "-d" | "-db" => options.foreground = true,
            "-D" => options.daemon = true,
            "--watch" => options.watch = true,
            "-q" => options.quiet = true,
            "-V" => options.verbose = true,
            "-W" => options.master = true,
            "-Ws" => (options.master, options.notify) = (true, true),
            "-dr" => options.ignore_unresolved = true,
            "-dW" => options.warnings_fatal = true,
            "-sf" | "-st" => {
                let list = if arg == "-sf" { &mut options.finish } else { &mut options.terminate };
                while let Some(pid) = rest.peek().and_then(|p| p.parse().ok()) {
                    list.push(pid);
                    rest.next();
                }
            }
            "--" => options.files.extend(rest.by_ref().map(PathBuf::from)),
            // switches for parts of HAProxy's engine: memory poisoning, its pollers and splicing, forks, traces
            other if is_engine_switch(other) => {}
            other => return Err(format!("unknown option '{other}'")),
        }
    }
    Ok(match mode {
        Mode::Run => Command::Run(Box::new(options)),
        Mode::Check => Command::Check(Box::new(options)),
    })
}

fn take_value(options: &mut Options, arg: &str, value: &str) -> Result<(), String> {
    match arg {
        "-f" => options.files.push(value.into()),
        "-C" => options.folder = Some(value.into()),
        "-S" => options.master_socket = Some(value.to_owned()),
        "-p" => options.pidfile = Some(value.into()),
        "-L" => options.local_peer = Some(value.to_owned()),
        "-n" => {
            let number = value.parse().map_err(|_| format!("'-n {value}': not a number"))?;
            options.maxconn = Some(number);
        }
        "-m" => {
            let number = value.parse().map_err(|_| format!("'-m {value}': not a number"))?;
            options.megabytes = Some(number);
        }
        // -x fetches sockets that a reload in place never lets go of
        _ => {}
    }
    Ok(())
}

fn is_engine_switch(arg: &str) -> bool {
    let exact = ["-dI", "-dG", "-dV", "-dS", "-dZ", "-de", "-dp", "-dk", "-ds", "-dR", "-dL", "-dF", "-dC"];
    exact.contains(&arg) || ["-dM", "-dt", "-dK", "-dD"].iter().any(|p| arg.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_of_the_regression_tests() {
        let Ok(Command::Run(options)) = parsed("-d -Ws -S fd@5 -dM -dI -dW -f /tmp/cfg -p /tmp/pid") else {
            panic!("no run")
        };
        assert_eq!(options.files, [PathBuf::from("/tmp/cfg")]);
        assert!(options.foreground && options.notify && options.warnings_fatal);
        assert_eq!(options.master_socket.as_deref(), Some("fd@5"));
    }

    #[test]
    fn process_numbers_end_with_the_next_option() {
        let Ok(Command::Run(options)) = parsed("-f a -sf 12 13 -D") else { panic!("no run") };
        assert_eq!((options.finish, options.daemon), (vec![12, 13], true));
    }

    #[test]
    fn files_are_watched_where_that_is_asked_for() {
        let Ok(Command::Run(options)) = parsed("run --watch -f a") else { panic!("no run") };
        assert_eq!((options.watch, options.files), (true, vec![PathBuf::from("a")]));
    }

    #[test]
    fn what_is_unknown_is_named() {
        assert_eq!(parsed("-f a --frobnicate"), Err("unknown option '--frobnicate'".into()));
        assert_eq!(parsed("check --deny unused-alc a"), Err("there is no lint 'unused-alc'".into()));
        assert_eq!(parsed("check --allow all"), Err("'check' needs a file".into()));
        assert_eq!(parsed("-f"), Err("'-f' needs a value".into()));
        assert_eq!(parsed("lua --test"), Err("'lua' needs a script".into()));
        assert_eq!(parsed("demo now"), Err("'demo' takes no argument, and 'now' is one".into()));
    }
}
