//! Receives log lines as syslog does: datagrams, over UDP or a unix socket.

use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::eventually;

/// A log server; it keeps every line.
#[derive(Debug)]
pub struct Syslog {
    place: Place,
    lines: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
enum Place {
    Udp(SocketAddr),
    Unix(PathBuf),
}

impl Syslog {
    /// Listens on a free UDP port.
    pub fn udp() -> Syslog {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let place = Place::Udp(socket.local_addr().expect("it is bound"));
        Syslog::collect(place, move |buffer| socket.recv(buffer))
    }

    /// Listens on a unix datagram socket in the folder.
    pub fn unix(folder: &Path) -> Syslog {
        let path = folder.join("log.sock");
        let socket = UnixDatagram::bind(&path).expect("the folder can be written");
        Syslog::collect(Place::Unix(path), move |buffer| socket.recv(buffer))
    }

    /// The address as a `log` line has it.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Udp(address) => address.to_string(),
            Place::Unix(path) => path.display().to_string(),
        }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("the collector never panics").clone()
    }

    /// Waits for the first line that contains all of the parts.
    pub fn line_with(&self, parts: &[&str]) -> String {
        let found = |line: &String| parts.iter().all(|part| line.contains(part));
        let mut seen = Vec::new();
        let line = || {
            seen = self.lines();
            seen.iter().find(|line| found(line)).cloned()
        };
        eventually(&format!("a log line with {parts:?}"), line)
    }

    fn collect(
        place: Place,
        receive: impl Fn(&mut [u8]) -> std::io::Result<usize> + Send + 'static,
    ) -> Syslog {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(length) = receive(&mut buffer) {
                let line = String::from_utf8_lossy(&buffer[..length]).trim_end().to_owned();
                kept.lock().expect("nobody panics while holding this").push(line);
            }
        });
        Syslog { place, lines }
    }
}
