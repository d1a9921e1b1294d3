//! The scripts of examples/03-lua, in front of servers of their own.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use portero_tests::{Client, Origin, Peer, Proxy, Response, eventually, repository};

const SCRIPTS: [&str; 8] = ["auth", "bucket", "canary", "check", "cors", "flags", "rewrite", "service"];

/// The example at work.
struct Stand {
    proxy: Proxy,
    auth: Origin,
    stable: Origin,
    /// What the canary says of itself to who checks it.
    canary_says: Arc<Mutex<String>>,
    /// Asks for flags so far.
    flags_asked: Arc<AtomicUsize>,
    _canary: Origin,
}

/// Answers one request.
fn answer(peer: &mut Peer, status: &str, fields: &str, body: &str) -> io::Result<()> {
    peer.send(format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// A server of the site: `/moved` leads to the old host, `/ready` tells how it is.
fn site(name: &'static str, says: Arc<Mutex<String>>) -> Origin {
    Origin::scripted(move |mut peer| {
        loop {
            let (head, _) = peer.request()?;
            match head.start_line().split(' ').nth(1) {
                Some("/ready") => {
                    let said = says.lock().expect("nobody panics with it").clone();
                    return answer(&mut peer, "200 OK", "", &said);
                }
                Some("/moved") => answer(
                    &mut peer,
                    "301 Moved",
                    "Location: http://old.example.com/a?b\r\nServer: x\r\n",
                    "",
                )?,
                _ => answer(&mut peer, "200 OK", "Server: x\r\n", &format!("{name}\n{}", head.0))?,
            }
        }
    })
}

/// Knows who may see what, and who takes part in the beta test.
fn auth(flags_asked: Arc<AtomicUsize>) -> Origin {
    Origin::scripted(move |mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let flags = head.start_line().contains("/flags");
            match head.header("authorization") {
                _ if flags => {
                    answer(&mut peer, "200 OK", "", "ann\nbob\n")?;
                    flags_asked.fetch_add(1, Ordering::SeqCst);
                }
                Some("ann's word") => answer(&mut peer, "204 No Content", "X-User: ann\r\n", "")?,
                Some(_) => answer(&mut peer, "403 Forbidden", "", "no")?,
                None => answer(&mut peer, "401 Unauthorized", "", "who?")?,
            }
        }
    })
}

/// The example; its token bucket holds so many tokens.
fn start(tokens: usize) -> Stand {
    let folder = repository().join("examples/03-lua");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the example is there");
    let (canary_says, flags_asked) = (Arc::new(Mutex::new("ready".to_owned())), Arc::default());
    let (stable, canary) = (site("stable", Arc::default()), site("canary", canary_says.clone()));
    let auth = auth(Arc::clone(&flags_asked));
    let mut config = read("haproxy.cfg")
        .replace("*:8090", "${front}")
        .replace("clients 10 2", &format!("clients {tokens} 0"))
        .replace("check lua.ready", "check lua.ready inter 50ms");
    for (port, origin) in [(5001, &stable), (5002, &canary), (5003, &auth)] {
        config = config.replace(&format!("127.0.0.1:{port}"), &origin.address().to_string());
    }
    let with = |starting: portero_tests::Starting, name: &&str| {
        let file = format!("{name}.lua");
        starting.file(&file, &read(&file))
    };
    let proxy = SCRIPTS.iter().fold(Proxy::with(&config), with).start();
    Stand { proxy, auth, stable, canary_says, flags_asked, _canary: canary }
}

impl Stand {
    /// A request with these fields.
    fn ask(&self, method: &str, path: &str, fields: &str) -> Response {
        let mut client: Client = self.proxy.connect();
        client.send(format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).response()
    }

    /// Which server a user comes to.
    fn server_of(&self, user: &str) -> String {
        let text = self.ask("GET", "/", &format!("X-User: {user}\r\n")).text();
        text.lines().next().unwrap_or_default().to_owned()
    }

    fn says(&self, what: &str) {
        what.clone_into(&mut self.canary_says.lock().expect("nobody panics with it"));
    }
}

#[test]
fn auth_asks_another_server_whether_a_request_may_pass() {
    let stand = start(1000);
    assert_eq!(stand.ask("GET", "/private/a?b=c", "").status(), 401);
    assert_eq!(stand.ask("GET", "/private/a", "Authorization: a lie\r\n").status(), 403);
    let seen = stand.ask("GET", "/private/a?b=c", "Authorization: ann's word\r\n");
    assert_eq!(seen.status(), 200);
    assert!(seen.text().to_lowercase().contains("x-user: ann"), "{}", seen.text());
    let asked = stand.auth.heads();
    let last = asked.iter().rfind(|head| head.start_line().starts_with("GET /auth ")).expect("it was asked");
    assert_eq!(last.header("x-original-uri"), Some("/private/a?b=c"));
    assert!(stand.stable.heads().iter().filter(|head| head.0.contains("/private")).count() <= 1);
}

#[test]
fn cors_answers_preflights_and_marks_answers() {
    let stand = start(1000);
    let ours = "Origin: https://app.example.com\r\n";
    let preflight = stand.ask("OPTIONS", "/", &format!("{ours}Access-Control-Request-Method: PUT\r\n"));
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://app.example.com"));
    let answer = stand.ask("GET", "/", ours);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
    let other = stand.ask("GET", "/", "Origin: https://other.example.com\r\n");
    assert_eq!((other.status(), other.header("access-control-allow-origin")), (200, None));
}

#[test]
fn canary_sends_a_share_of_the_users_and_check_takes_it_away() {
    let stand = start(100_000);
    let users: Vec<String> = (0..100).map(|n| format!("user-{n}")).collect();
    let servers: Vec<String> = users.iter().map(|user| stand.server_of(user)).collect();
    let share = servers.iter().filter(|server| *server == "canary").count();
    assert!((1..30).contains(&share), "{share} of 100");
    let user = &users[servers.iter().position(|server| server == "canary").expect("there is one")];
    assert_eq!(stand.server_of(user), "canary", "it stays");
    stand.says("on fire");
    eventually("the canary taken away", || (stand.server_of(user) == "stable").then_some(()));
    stand.says("ready");
    eventually("the canary back", || (stand.server_of(user) == "canary").then_some(()));
}

#[test]
fn check_gives_a_server_the_weight_that_it_asks_for() {
    let stand = start(100_000);
    let weight = |number: &str| {
        let wanted = format!("\"weight\":{number}");
        let status = || stand.ask("GET", "/status", "").text();
        eventually("the weight in the status", || {
            let text = status();
            let (_, canary) = text.split_once("\"canary1\":{")?;
            canary.split_once('}')?.0.contains(&wanted).then_some(())
        });
    };
    weight("100");
    stand.says("busy 40");
    weight("40");
}

#[test]
fn bucket_is_empty_after_so_many_requests() {
    let stand = start(3);
    let statuses: Vec<u16> = (0..5).map(|_| stand.ask("GET", "/", "").status()).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}

#[test]
fn rewrite_changes_redirections_and_hides_the_server() {
    let stand = start(1000);
    let moved = stand.ask("GET", "/moved", "");
    assert_eq!(moved.header("location"), Some("https://www.example.com/a?b"));
    assert_eq!(moved.header("server"), None);
}

#[test]
fn service_shows_backends_as_json() {
    let stand = start(1000);
    let status = stand.ask("GET", "/status", "");
    assert_eq!((status.status(), status.header("content-type")), (200, Some("application/json")));
    let text = status.text();
    for part in ["\"app\":{", "\"stable\":{", "\"auth_server\":{", "\"sessions\":"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn flags_come_from_a_task_into_a_map() {
    let stand = start(100_000);
    eventually("the task to ask", || (stand.flags_asked.load(Ordering::SeqCst) > 0).then_some(()));
    eventually("the flags", || {
        let text = stand.ask("GET", "/", "X-User: ann\r\n").text().to_lowercase();
        text.contains("x-beta: yes").then_some(())
    });
    let text = stand.ask("GET", "/", "X-User: eve\r\n").text().to_lowercase();
    assert!(!text.contains("x-beta"), "{text}");
}
