//! The Flask application of the first example, as a real process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::client::get;
use crate::{Origin, eventually, repository};

/// A Flask server; killed on drop.
#[derive(Debug)]
pub struct Flask {
    name: String,
    address: SocketAddr,
    child: Child,
}

impl Flask {
    /// Starts examples/01-flask/app.py on a free port and waits until it answers.
    pub fn start(name: &str) -> Flask {
        Flask::start_at(name, Origin::nobody())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, and tells where it was.
    pub fn stop(mut self) -> (String, SocketAddr) {
        self.end();
        (self.name.clone(), self.address)
    }

    /// Starts it at a known address, after [`Flask::stop`].
    pub fn start_at(name: &str, address: SocketAddr) -> Flask {
        let child = Command::new(python())
            .args(["-m", "flask", "--app", "app", "run", "--host", "127.0.0.1", "--port"])
            .arg(address.port().to_string())
            .current_dir(repository().join("examples/01-flask"))
            .env("APP_NAME", name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        let mut flask = Flask { name: name.to_owned(), address, child };
        eventually(&format!("an answer of Flask {name}"), || {
            let ended = flask.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "Flask ended at once ({ended:?}): is it installed? ./test does that");
            std::net::TcpStream::connect(address).ok()
        });
        assert_eq!(get(address, "/").status(), 200);
        flask
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Flask {
    fn drop(&mut self) {
        self.end();
    }
}

/// The Python that has Flask: `PORTERO_TEST_PYTHON` (set by ./test), else python3.
fn python() -> PathBuf {
    std::env::var_os("PORTERO_TEST_PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}
