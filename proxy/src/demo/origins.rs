//! The servers behind the demo: each answers every request with its name.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of a request head at the most.
const MAX_HEAD: usize = 16 * 1024;

/// Starts a server for each name, on ports that the system chooses, in a thread of their own.
pub(super) fn start(names: &[&'static str]) -> io::Result<Vec<SocketAddr>> {
    let bind = |&name| -> io::Result<_> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok((name, listener))
    };
    let listeners = names.iter().map(bind).collect::<io::Result<Vec<_>>>()?;
    let addresses = listeners.iter().map(|(_, l)| l.local_addr()).collect::<io::Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("origins".to_owned()).spawn(move || {
        runtime.block_on(async {
            for (name, listener) in listeners {
                tokio::spawn(accept(name, listener));
            }
            std::future::pending::<()>().await;
        });
    })?;
    Ok(addresses)
}

async fn accept(name: &'static str, listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(name, stream));
    }
}

/// Answers requests until the client closes. A request with a body is the last one: the body is not read.
async fn serve(name: &str, mut stream: TcpStream) -> io::Result<()> {
    let mut input = Vec::new();
    loop {
        while let Some(end) = input.windows(4).position(|w| w == b"\r\n\r\n") {
            let head: Vec<u8> = input.drain(..end + 4).collect();
            stream.write_all(&answer(name, &head)).await?;
            if !head.starts_with(b"GET ") && !head.starts_with(b"HEAD ") {
                return stream.shutdown().await;
            }
        }
        if input.len() > MAX_HEAD || stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

fn answer(name: &str, head: &[u8]) -> Vec<u8> {
    let body = format!("Hello from {name}\n");
    let length = body.len();
    let mut text = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    if !head.starts_with(b"HEAD ") {
        text.push_str(&body);
    }
    text.into_bytes()
}
