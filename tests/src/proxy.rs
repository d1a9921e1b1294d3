//! The program under test, started as a user starts it.
//!
//! The listening sockets are opened here and handed over by number, as HAProxy's own test runner does it: `bind ${front}`
//! becomes `bind fd@10`. So a port is never taken twice, a client can connect at once, and nothing polls for readiness.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use command_fds::{CommandFdExt, FdMapping};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::{Client, get};
use crate::{Folder, Response, Stats, eventually, portero};

const FIRST_DESCRIPTOR: i32 = 10;

/// A proxy that is about to start.
#[derive(Debug)]
pub struct Starting {
    program: PathBuf,
    config: String,
    file: &'static str,
    values: Vec<(String, String)>,
    doors: Vec<String>,
    files: Vec<(String, String)>,
    descriptors: Option<u32>,
    arguments: Vec<String>,
}

/// A proxy that runs; killed on drop.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    folder: Folder,
    file: PathBuf,
    values: Vec<(String, String)>,
    doors: HashMap<String, SocketAddr>,
    output: Arc<Mutex<Vec<String>>>,
    collectors: Vec<JoinHandle<()>>,
}

impl Starting {
    /// Puts a value in the place of `${name}` in the configuration.
    pub fn set(mut self, name: &str, value: impl ToString) -> Starting {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// Writes a file into `${dir}`; `${...}` in it are filled as in the configuration.
    pub fn file(mut self, name: &str, text: &str) -> Starting {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Opens one more listening socket beside `front`.
    pub fn door(mut self, name: &str) -> Starting {
        self.doors.push(name.to_owned());
        self
    }

    /// Lets the proxy have so many file descriptors and no more.
    pub fn descriptors(mut self, most: u32) -> Starting {
        self.descriptors = Some(most);
        self
    }

    /// Runs another program than the one under test: what it is compared with.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Starting {
        self.program = program.into();
        self
    }

    /// One more word on the command line.
    pub fn argument(mut self, word: &str) -> Starting {
        self.arguments.push(word.to_owned());
        self
    }

    /// Starts the program.
    pub fn start(mut self) -> Proxy {
        let folder = Folder::new();
        self.values.push(("dir".to_owned(), folder.path().display().to_string()));
        let (mut mappings, mut doors) = (Vec::new(), HashMap::new());
        for (name, child_fd) in self.doors.iter().zip(FIRST_DESCRIPTOR..) {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            doors.insert(name.clone(), listener.local_addr().expect("it is bound"));
            self.values.push((name.clone(), format!("fd@{child_fd}")));
            mappings.push(FdMapping { parent_fd: OwnedFd::from(listener), child_fd });
        }
        for (name, text) in &self.files {
            folder.write(name, fill(text, &self.values));
        }
        let file = folder.write(self.file, fill(&self.config, &self.values));
        let mut command = command(&self.program, self.descriptors);
        command.args(["-db", "-f"]).arg(&file).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.fd_mappings(mappings).expect("each number is given once");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        drop(command); // and our copies of the listening sockets with it: a proxy that dies is seen at once
        let output = Arc::new(Mutex::new(Vec::new()));
        let collectors = vec![
            collect(child.stdout.take().expect("it is piped"), output.clone()),
            collect(child.stderr.take().expect("it is piped"), output.clone()),
        ];
        Proxy { child, folder, file, values: self.values, doors, output, collectors }
    }
}

impl Proxy {
    /// A proxy with this haproxy.cfg. `${front}` is its door, `${dir}` a folder of its own; see [`Starting::set`].
    pub fn with(config: &str) -> Starting {
        Proxy::from_text(config, "haproxy.cfg")
    }

    /// A proxy with this portero.toml.
    pub fn with_toml(config: &str) -> Starting {
        Proxy::from_text(config, "portero.toml")
    }

    fn from_text(config: &str, file: &'static str) -> Starting {
        let (values, doors) = (Vec::new(), vec!["front".to_owned()]);
        Starting {
            program: portero().to_owned(),
            config: config.to_owned(),
            file,
            values,
            doors,
            files: Vec::new(),
            descriptors: None,
            arguments: Vec::new(),
        }
    }

    /// Where the door `front` is.
    pub fn front(&self) -> SocketAddr {
        self.door("front")
    }

    /// Where the named door is.
    pub fn door(&self, name: &str) -> SocketAddr {
        self.doors[name]
    }

    /// A connection to the front door.
    pub fn connect(&self) -> Client {
        Client::to(self.front())
    }

    /// One request over a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        get(self.front(), target)
    }

    /// The statistics, where the configuration has `stats uri /stats` behind the front door.
    pub fn stats(&self) -> Stats {
        Stats::from_csv(&self.get("/stats;csv").text())
    }

    /// What the program has printed so far.
    pub fn output(&self) -> Vec<String> {
        self.output.lock().expect("the collectors never panic").clone()
    }

    /// Ends the program softly, and tells all that it has printed.
    pub fn last_words(&mut self) -> Vec<String> {
        self.signal(Signal::SIGUSR1);
        self.ended();
        for collector in self.collectors.drain(..) {
            collector.join().expect("a collector never panics");
        }
        self.output()
    }

    /// Waits for a printed line with this text.
    pub fn output_with(&self, text: &str) -> String {
        eventually(&format!("output with {text:?}"), || {
            self.output().into_iter().find(|line| line.contains(text))
        })
    }

    /// The folder `${dir}`.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The configuration file.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes another configuration in the place of the first; `${...}` are filled as at the start.
    pub fn rewrite(&self, config: &str) {
        self.replace(&self.file, config);
    }

    /// The same for another file of `${dir}`.
    pub fn rewrite_file(&self, name: &str, text: &str) {
        self.replace(&self.folder.path().join(name), text);
    }

    fn replace(&self, file: &Path, text: &str) {
        // moved into place: the proxy must never read half a file
        let new = self.folder.write("new", fill(text, &self.values));
        std::fs::rename(new, file).expect("same folder");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process number fits");
        kill(Pid::from_raw(pid), signal).expect("it is our child");
    }

    /// True while the program runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits until the program has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the end of the proxy", || child.try_wait().expect("it is our child"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- the proxy said:\n{}\n---", self.output().join("\n"));
        }
    }
}

/// The program, below a limit of descriptors where one is set.
fn command(program: &Path, descriptors: Option<u32>) -> Command {
    match descriptors {
        None => Command::new(program),
        Some(most) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\"")]).arg(program);
            shell
        }
    }
}

/// Puts the values in, in the order they were set: a value may name those set after it, and `${dir}`.
fn fill(config: &str, values: &[(String, String)]) -> String {
    let put = |text: String, (name, value): &(String, String)| text.replace(&format!("${{{name}}}"), value);
    values.iter().fold(format!("{config}\n"), put)
}

fn collect(stream: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().expect("nobody panics while holding this").push(line);
        }
    })
}
