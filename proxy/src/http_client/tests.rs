//! The client against servers that say what the test tells them to.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};

use super::*;

const STEP: Duration = Duration::from_secs(10);

fn get(url: &str) -> HttpAsk {
    HttpAsk {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body: Bytes::new(),
        trailers: Vec::new(),
        dst: None,
        timeout: STEP,
        retries: Some(0),
    }
}

fn field(name: &str, value: &str) -> (Box<[u8]>, Box<[u8]>) {
    (name.as_bytes().into(), value.as_bytes().into())
}

/// Reads a request up to these bytes.
async fn hear(stream: &mut (impl AsyncReadExt + Unpin), end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.expect("more of the request");
        heard.push(byte[0]);
    }
    String::from_utf8(heard).expect("the request is text")
}

async fn ask_it(ask: HttpAsk) -> Result<HttpTold, HttpFail> {
    call(ask, HttpClient::default()).await
}

/// What the server heard, and what the client was told.
async fn talk(ask: HttpAsk, end: &str, answer: &[u8]) -> (String, Result<HttpTold, HttpFail>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dst = Some(Address::Ip(listener.local_addr().expect("an address")));
    let server = async {
        let mut stream = listener.accept().await.expect("a connection").0;
        let heard = hear(&mut stream, end).await;
        stream.write_all(answer).await.expect("the client listens");
        heard
    };
    tokio::join!(server, ask_it(HttpAsk { dst, ..ask }))
}

#[tokio::test]
async fn a_request_says_host_and_agent_unless_the_plugin_does() {
    let answer = b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok";
    let (heard, told) = talk(get("http://u:p@example.test:81/a?b=c"), "\r\n\r\n", answer).await;
    assert_eq!(
        heard,
        "GET /a?b=c HTTP/1.1\r\nhost: example.test:81\r\naccept: */*\r\nuser-agent: HAProxy\r\n\r\n"
    );
    let told = told.expect("an answer");
    assert_eq!((told.status, told.reason.as_str(), &told.body[..]), (200, "Fine", &b"ok"[..]));
    assert_eq!(told.headers, [field("x-a", "1"), field("x-a", "2"), field("content-length", "2")]);

    let headers = vec![field("Host", "h"), field("User-Agent", "me"), field("Accept", "text/html")];
    let (heard, _) = talk(HttpAsk { headers, ..get("http://x") }, "\r\n\r\n", answer).await;
    assert_eq!(heard, "GET / HTTP/1.1\r\nhost: h\r\nuser-agent: me\r\naccept: text/html\r\n\r\n");
}

#[tokio::test]
async fn a_body_has_its_own_length_whatever_the_plugin_says() {
    let headers = vec![field("content-length", "99"), field("transfer-encoding", "chunked")];
    let ask = HttpAsk { method: "POST".into(), body: "hello".into(), headers, ..get("http://x/") };
    let chunked =
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n";
    let (heard, told) = talk(ask, "hello", chunked).await;
    assert!(heard.contains("\r\ncontent-length: 5\r\n"), "{heard}");
    assert!(!heard.contains("99") && !heard.contains("chunked"), "{heard}");
    assert_eq!(told.map(|t| (t.reason, t.body)), Ok(("Created".into(), Bytes::from_static(b"abc"))));
}

#[tokio::test]
async fn trailers_are_sent_behind_chunks_and_named_before_and_those_of_the_answer_are_read() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n";
    let trailers = vec![field("x-md5", "abc"), field("x-md5", "def"), field("grpc-status", "0")];
    for (body, chunk) in [("hello", "5\r\nhello\r\n"), ("", "")] {
        let ask = HttpAsk { trailers: trailers.clone(), body: body.into(), ..get("http://x/") };
        let (heard, told) = talk(ask, "grpc-status: 0\r\n\r\n", answer).await;
        assert!(heard.contains("\r\ntrailer: x-md5\r\ntrailer: grpc-status\r\n"), "{heard}");
        let end = format!("{chunk}0\r\nx-md5: abc\r\nx-md5: def\r\ngrpc-status: 0\r\n\r\n");
        assert!(heard.contains("\r\ntransfer-encoding: chunked\r\n") && heard.ends_with(&end), "{heard}");
        assert_eq!(told.map(|told| told.trailers), Ok(vec![field("x-sum", "7")]));
    }
    let ask = HttpAsk { trailers: vec![field("Content-Type", "a/b")], ..get("http://127.0.0.1/") };
    let failed = ask_it(ask).await;
    assert!(matches!(&failed, Err(HttpFail::Bad(why)) if why.contains("'content-type'")), "{failed:?}");
}

#[tokio::test]
async fn a_response_to_head_has_no_body_and_one_without_length_ends_with_the_connection() {
    let head = HttpAsk { method: "HEAD".into(), ..get("http://x/") };
    let (_, told) = talk(head, "\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
    assert_eq!(told.map(|t| t.body.len()), Ok(0));
    let (_, told) = talk(get("http://x/"), "\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nuntil the end").await;
    assert_eq!(told.map(|t| t.body), Ok(Bytes::from_static(b"until the end")));
}

#[tokio::test]
async fn names_are_resolved_and_unix_sockets_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://localhost:{}/", listener.local_addr().expect("an address").port());
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let server = async {
        let mut stream = listener.accept().await.expect("a connection").0;
        hear(&mut stream, "\r\n\r\n").await;
        stream.write_all(answer).await.expect("the client listens");
    };
    assert_eq!(tokio::join!(server, ask_it(get(&url))).1.map(|t| t.status), Ok(204));

    let path = std::env::temp_dir().join(format!("portero-http-client-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = async {
        let mut stream = listener.accept().await.expect("a connection").0;
        let heard = hear(&mut stream, "\r\n\r\n").await;
        stream.write_all(answer).await.expect("the client listens");
        heard
    };
    let ask = HttpAsk { dst: Some(Address::Unix(path.clone())), ..get("http://127.0.0.1") };
    let (heard, told) = tokio::join!(server, ask_it(ask));
    std::fs::remove_file(path).expect("it is ours");
    assert!(heard.contains("host: 127.0.0.1\r\n"), "{heard}");
    assert_eq!(told.map(|t| t.status), Ok(204));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_in_words() {
    let refused = async |ask: HttpAsk| match ask_it(ask).await {
        Err(HttpFail::Bad(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(get("https://a/")).await.contains("TLS"));
    assert!(refused(get("ftp://a/")).await.contains("http://"));
    assert!(refused(get("http://")).await.contains("'http://'"));
    assert!(refused(HttpAsk { method: "A B".into(), ..get("http://a/") }).await.contains("'A B'"));
    assert!(
        refused(HttpAsk { headers: vec![field("a b", "1")], ..get("http://a/") }).await.contains("'a b'")
    );
    assert!(refused(HttpAsk { headers: vec![field("a", "1\n2")], ..get("http://a/") }).await.contains("'a'"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_tried_again_as_often_as_the_plugin_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let begun = tokio::time::Instant::now();
    let failed = ask_it(HttpAsk { retries: Some(2), ..get(&url) }).await;
    assert!(matches!(&failed, Err(HttpFail::Connect(why)) if why.contains("refused")), "{failed:?}");
    assert_eq!(begun.elapsed().as_secs(), 2, "there is a pause before each further try");
}

#[tokio::test(start_paused = true)]
async fn each_step_has_its_time() {
    // nobody accepts, and nobody answers
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    assert_eq!(ask_it(get(&url)).await.map(|t| t.status), Err(HttpFail::Timeout));
}

#[tokio::test]
async fn an_answer_that_is_none_or_too_long_is_an_error() {
    let (_, told) = talk(get("http://x/"), "\r\n\r\n", b"220 smtp ready\r\n").await;
    assert!(matches!(told, Err(HttpFail::Response(_))), "{told:?}");
    let (_, told) =
        talk(get("http://x/"), "\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
    assert!(matches!(told, Err(HttpFail::Response(_))), "{told:?}");
    let mut long = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    long.resize(long.len() + MAX_BODY + 1, b'x');
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dst = Some(Address::Ip(listener.local_addr().expect("an address")));
    let server = async {
        let mut stream = listener.accept().await.expect("a connection").0;
        hear(&mut stream, "\r\n\r\n").await;
        // the client hangs up before the end
        let _ = stream.write_all(&long).await;
    };
    let told = tokio::join!(server, ask_it(HttpAsk { dst, ..get("http://x/") })).1;
    assert!(matches!(&told, Err(HttpFail::Response(why)) if why.contains("longer")), "{told:?}");
}
