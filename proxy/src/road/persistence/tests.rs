use super::*;

fn cookie(mode: CookieMode) -> Cookie {
    Cookie {
        name: b"SRV".to_vec(),
        mode,
        indirect: false,
        nocache: false,
        postonly: false,
        preserve: false,
        httponly: false,
        secure: false,
        domains: Vec::new(),
        attributes: Vec::new(),
        maxidle: None,
        maxlife: None,
    }
}

/// What a server gets to see of a line of cookies, and the values that were visited.
fn edited(cookie: &Cookie, line: &str) -> (Option<String>, Vec<String>) {
    let mut request = Request::default();
    request.headers.add(b"Host", b"a");
    request.headers.add(b"Cookie", line.as_bytes());
    request.headers.add(b"Accept", b"*/*");
    let mut seen = Vec::new();
    edit_cookies(&mut request, cookie, |value| seen.push(String::from_utf8_lossy(value).into_owned()));
    assert!(request.headers.contains(b"accept"));
    (request.headers.get(b"cookie").map(|v| String::from_utf8_lossy(v).into_owned()), seen)
}

fn response(line: &str) -> Response {
    let mut response = Response::default();
    response.headers.add(b"Set-Cookie", b"other=1");
    response.headers.add(b"Set-Cookie", line.as_bytes());
    response
}

fn second(response: &Response) -> Option<&[u8]> {
    response.headers.all(b"set-cookie").nth(1)
}

#[test]
fn an_inserted_cookie_is_left_to_the_server_unless_it_is_indirect() {
    let mut insert = cookie(CookieMode::Insert);
    assert_eq!(edited(&insert, "a=1; SRV=s1"), (Some("a=1; SRV=s1".into()), vec!["s1".into()]));
    insert.indirect = true;
    assert_eq!(edited(&insert, "a=1;SRV=s1 ;b=2"), (Some("a=1; b=2".into()), vec!["s1".into()]));
    assert_eq!(edited(&insert, "SRV=s1"), (None, vec!["s1".into()]));
    assert_eq!(edited(&insert, "a=1;srv=s1"), (Some("a=1;srv=s1".into()), vec![]));
}

#[test]
fn a_prefix_is_taken_off_for_the_server() {
    let prefix = cookie(CookieMode::Prefix);
    assert_eq!(edited(&prefix, "SRV=s1~abc; c=3"), (Some("SRV=abc; c=3".into()), vec!["s1~abc".into()]));
    assert_eq!(server_id(&prefix, b"s1~abc").0, b"s1");
    assert_eq!(server_id(&prefix, b"abc").0, b"");
}

#[test]
fn the_servers_own_cookie_is_deleted_rewritten_prefixed_or_left() {
    let id = Some(&b"s1"[..]);
    let mut r = response("SRV=x; path=/a");
    assert_eq!(from_server(&mut r, &cookie(CookieMode::Insert), id, false), b'D');
    assert_eq!(second(&r), None);
    let mut r = response("SRV=x; path=/a");
    assert_eq!(from_server(&mut r, &cookie(CookieMode::Rewrite), id, false), b'R');
    assert_eq!(second(&r), Some(&b"SRV=s1; path=/a"[..]));
    let mut r = response("SRV=x; path=/a");
    assert_eq!(from_server(&mut r, &cookie(CookieMode::Prefix), id, false), b'R');
    assert_eq!(second(&r), Some(&b"SRV=s1~x; path=/a"[..]));
    let mut r = response("SRV=x");
    assert_eq!(from_server(&mut r, &cookie(CookieMode::Passive), id, false), b'P');
    assert_eq!(second(&r), Some(&b"SRV=x"[..]));
    let preserve = Cookie { preserve: true, ..cookie(CookieMode::Insert) };
    let mut r = response("SRV=x");
    assert_eq!(from_server(&mut r, &preserve, id, false), b'P');
    let mut r = response("b=2");
    assert_eq!(from_server(&mut r, &cookie(CookieMode::Insert), id, false), b'N');
}

#[test]
fn an_inserted_cookie_carries_its_attributes() {
    let cookie = Cookie {
        httponly: true,
        secure: true,
        domains: vec![b".x.y".to_vec()],
        attributes: vec![b"SameSite=Lax".to_vec()],
        ..cookie(CookieMode::Insert)
    };
    let mut response = Response::default();
    insert(&mut response, &cookie, b"s1", Dates::default());
    let expected = &b"SRV=s1; path=/; domain=.x.y; HttpOnly; Secure; SameSite=Lax"[..];
    assert_eq!(response.headers.get(b"set-cookie"), Some(expected));
}

#[test]
fn a_response_with_a_cookie_is_made_private_once() {
    let mut response = Response::default();
    make_private(&mut response);
    make_private(&mut response);
    assert_eq!(response.headers.all(b"cache-control").collect::<Vec<_>>(), [b"private"]);
}
