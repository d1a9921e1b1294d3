//! Conditions: matchers of every kind over expressions, put together with every operator.

use fastrand::Rng;

use crate::expressions::{Kind, expression};

/// A condition whose every alternative begins with `mine`. With `named`, its first part is an ACL of that name; the lines
/// of the ACL come first.
pub(crate) fn condition(name: &str, named: bool, mine: &str, rng: &mut Rng) -> (String, String) {
    let mut acls = String::new();
    let mut made = format!("{mine} ");
    for part in 0..rng.usize(1..4) {
        if part > 0 {
            made.push_str(&if rng.u8(..3) == 0 { format!(" or {mine} ") } else { " ".to_owned() });
        }
        if rng.u8(..4) == 0 {
            made.push('!');
        }
        let test = test(rng);
        if named && part == 0 {
            let lines = if rng.u8(..3) == 0 { vec![test, self::test(rng)] } else { vec![test] };
            acls.extend(lines.iter().map(|line| format!("    acl {name} {line}\n")));
            made.push_str(name);
        } else {
            made.push_str(&format!("{{ {test} }}"));
        }
    }
    (acls, made)
}

/// One test: an expression, flags, patterns.
fn test(rng: &mut Rng) -> String {
    let fold = if rng.bool() { "-i " } else { "" };
    let word = |rng: &mut Rng| {
        let words = [
            "a",
            "/a",
            "/api",
            "b",
            "Hello",
            "www",
            "www.example.com",
            ".js",
            "1",
            "x-a",
            "c/d",
            "",
            "text",
            "%20",
        ];
        match words[rng.usize(..words.len())] {
            "" => "--".to_owned() + " -",
            word => word.to_owned(),
        }
    };
    match rng.u8(..14) {
        0 => format!("{} -m found", any(rng)),
        1 => format!(
            "{} -m str {fold}{} {}",
            expression(Kind::Str, rng),
            word(rng).replace("-- -", "q"),
            "Hello"
        ),
        2 => format!("{} -m beg {fold}{}", expression(Kind::Str, rng), word(rng)),
        3 => format!("{} -m end {fold}{}", expression(Kind::Str, rng), word(rng)),
        4 => format!("{} -m sub {fold}{}", expression(Kind::Str, rng), word(rng)),
        5 => format!("{} -m dir {fold}{}", expression(Kind::Str, rng), word(rng)),
        6 => format!("{} -m dom {fold}{}", expression(Kind::Str, rng), word(rng)),
        7 => format!(
            "{} -m reg {fold}{}",
            expression(Kind::Str, rng),
            ["^/a", "[0-9]+$", "a.c", "(x|b)"][rng.usize(..4)]
        ),
        8 => format!("{} -m len {}:{}", expression(Kind::Str, rng), rng.u8(..4), rng.u8(4..9)),
        9 => format!(
            "{} {} {}",
            expression(Kind::Int, rng),
            ["eq", "ge", "le", "lt", "gt"][rng.usize(..5)],
            rng.u8(..12)
        ),
        10 => format!("{} -m int {} 3:6 40:", expression(Kind::Int, rng), rng.i32(..3).unsigned_abs() % 50),
        11 => format!("{} -m ip 192.0.2.0/24 2001:db8::/32 127.0.0.1", expression(Kind::Ip, rng)),
        12 => format!("{} -m bool", expression(Kind::Bool, rng)),
        _ => shorthand(rng),
    }
}

fn any(rng: &mut Rng) -> String {
    let kind = *rng.choice(&[Kind::Str, Kind::Int, Kind::Ip, Kind::Bin]).expect("there are some");
    expression(kind, rng)
}

/// The forms with the method in the name.
fn shorthand(rng: &mut Rng) -> String {
    let tests = [
        "path_beg /a /b",
        "path_end .js .css /",
        "path_sub a/ %",
        "path_dir c img",
        "path_len gt 4",
        "path_reg ^/[a-z]+/",
        "hdr(host) -i www.example.com",
        "hdr_dom(host) example.com",
        "hdr_beg(host) -i www.",
        "hdr_end(host) -i .com",
        "hdr_sub(user-agent) -i moz curl",
        "hdr_cnt(x-list) gt 1",
        "hdr_val(x-num) 1:100",
        "hdr_len(x-a) lt 3",
        "hdr_ip(x-ip) 10.0.0.0/8 192.0.2.0/24",
        "cook(sid) -m found",
        "cook_beg(lang) e f",
        "urlp(a) -m beg 1 x",
        "urlp_reg(b) [0-9]",
        "url_beg /a http",
        "method GET HEAD",
        "method OPTIONS",
        "req.ver 1.1",
        "src 127.0.0.0/8",
    ];
    tests[rng.usize(..tests.len())].to_owned()
}
