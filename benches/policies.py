"""What the cases of `./bench h1` ask of a proxy beside forwarding: the same work on all sides.

`$home` in a text is the folder of the program that gets it.
"""

import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benches.rig import BenchError

KEYS = 1_000_000
ASKED = 1 << 14  # keys that the requests of a case name, in turn: wrk has them ready
LINE = 15_000  # bytes of a line to the runtime API; both sides take 16 kB
FILL_LIMIT = 120.0  # seconds in which a table must be full


@dataclass(frozen=True)
class Nginx:
    """The nearest equivalent in nginx: lines before all, in `http`, and those of the location."""

    main: str = ""
    http: str = ""
    location: str = "        proxy_pass http://origin;\n"


@dataclass(frozen=True)
class Policy:
    """Rules and what they need. `frontend` and `sections` are haproxy.cfg, `ours` what Portero gets in the place of them where
    it has a word that HAProxy lacks; without `nginx` the case leaves nginx out."""

    frontend: str = ""
    sections: str = ""
    nginx: Nginx | None = Nginx()
    ours: tuple[str, str] | None = None
    first: str = ""  # lines of the global section
    log: bool = False
    prepare: Callable[[Path], None] = lambda home: None  # makes the files that the rules name
    fill: Callable[[Path], None] = lambda home: None  # fills the running program


def hundred_rules() -> str:
    """Each of the conditions with each of the actions."""
    lines = []
    for number in range(len(CONDITIONS) * len(ACTIONS)):
        condition, action = CONDITIONS[number % len(CONDITIONS)], ACTIONS[number // len(CONDITIONS)]
        lines.append(f"acl rule{number} {condition.format(n=number)}")
        lines.append(f"http-request {action.format(n=number)} if rule{number}")
    return "".join(f"    {line}\n" for line in lines)


def key(number: int) -> str:
    """What a map or a table has one entry for."""
    return f"client-{number:06}"


def key_script() -> str:
    """A script for wrk whose requests name keys in no order. They are made once: what is left to do is to take the next."""
    numbers = random.Random(1).sample(range(KEYS), ASKED)
    keys = ",".join(f'"{key(number)}"' for number in numbers)
    return f"""
local keys = {{{keys}}}
local requests, at = {{}}, 0
init = function(args)
    for i, key in ipairs(keys) do requests[i] = wrk.format("GET", nil, {{ ["X-Key"] = key }}) end
end
request = function()
    at = at % #requests + 1
    return requests[at]
end
"""


def write_map(home: Path) -> None:
    """The map of all keys."""
    (home / "keys.map").write_text("".join(f"{key(number)} tenant-{number % 997}\n" for number in range(KEYS)))


def fill_table(home: Path) -> None:
    """Sets all keys of the table through the runtime API: commands behind each other, as many as a line may hold."""
    end = time.monotonic() + FILL_LIMIT
    commands = [f"set table clients key {key(number)} data.gpc0 1" for number in range(KEYS)]
    per_line = LINE // (len(commands[0]) + 1)
    for start in range(0, KEYS, per_line):
        said = ask(home / "api.sock", ";".join(commands[start:start + per_line]))
        if said.strip():
            raise BenchError(f"set table: {said.strip()[:200]}")
        if time.monotonic() > end:
            raise BenchError(f"only {start + per_line} of {KEYS} keys were set in {FILL_LIMIT:.0f} s")
    used = ask(home / "api.sock", "show table")
    if f"used:{KEYS}" not in used:
        raise BenchError(f"the table does not hold {KEYS} keys: {used.strip()}")


def ask(api: Path, line: str) -> str:
    """What the runtime API answers to a line."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(api))
        client.sendall(f"{line}\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


CONDITIONS = [
    "path_beg /private{n}/",
    "path_end .php{n} .asp{n}",
    "path_dir admin{n}",
    "path_sub /../{n}",
    "path -i /login{n} /signin{n}",
    "path_reg ^/v[0-9]+/item{n}/[a-z]+$$",
    "src 10.{n}.0.0/16 192.0.2.{n}",
    "hdr(host) -i www{n}.example.com shop{n}.example.com",
    "hdr_dom(host) tenant{n}.example",
    "hdr_end(host) .internal{n}.example",
    "hdr_sub(user-agent) -i badbot{n} crawler{n} scraper{n}",
    "hdr_reg(user-agent) -i ^curl/{n}\\.[0-9]+",
    "hdr_val(content-length) eq {n}000000",
    "hdr_cnt(x-forwarded-for) eq 1{n}",
    "req.hdr(accept-language),field(1,;) -m beg zz{n}",
    "cook(session{n}) -m found",
    "url_param(debug{n}) -m str 1 true",
    "query -m sub union+select{n}",
    "method TRACE CONNECT PATCH{n}",
    "url_len eq 4{n}0",
]
ACTIONS = [
    "deny",
    "deny deny_status 429",
    "redirect location /moved/{n}",
    "set-header X-Rule {n}",
    "set-var(txn.rule) str(rule{n})",
]

PLAIN = Policy()

TEN_RULES = Policy(
    log=True,
    frontend="""
    acl bad_method method TRACE CONNECT
    acl admin path_beg /admin
    acl local src 10.0.0.0/8 192.168.0.0/16
    acl bot hdr_sub(user-agent) -i badbot crawler
    acl static path_end .png .css .js
    acl api path_beg /api
    acl other_host hdr(host) -i www.example.com
    acl huge hdr_val(content-length) gt 1000000
    acl old url_param(v) -m str 1
    acl session cook(session) -m found
    http-request deny if bad_method
    http-request deny if admin !local
    http-request deny if bot
    http-request deny deny_status 413 if huge
    http-request redirect location / if old
    http-request set-header X-Session yes if session
    http-request set-header X-Kind static if static
    http-request set-header X-Kind api if api
    http-request set-header X-Client %[src]
    use_backend other if other_host
""",
    nginx=Nginx(
        http="""
    geo $local { default 0; 10.0.0.0/8 1; 192.168.0.0/16 1; }
    map "$local:$uri" $admin_outside { default 0; "~^0:/admin" 1; }
    map $http_content_length $huge { default 0; "~^[0-9]{7,}" 1; }
    map $cookie_session $has_session { default ""; "~." yes; }
    map $uri $kind { default ""; "~\\.(png|css|js)$" static; "~^/api" api; }
    map $http_host $chosen { default origin; "www.example.com" other; }
""",
        location="""
        if ($request_method ~ ^(TRACE|CONNECT)$) { return 403; }
        if ($admin_outside) { return 403; }
        if ($http_user_agent ~* (badbot|crawler)) { return 403; }
        if ($huge) { return 413; }
        if ($arg_v = 1) { return 302 /; }
        proxy_set_header X-Session $has_session;
        proxy_set_header X-Kind $kind;
        proxy_set_header X-Client $remote_addr;
        proxy_pass http://$chosen;
""",
    ),
)

HUNDRED_RULES = Policy(nginx=None, frontend=hundred_rules())

# A key that is not found would be denied, and an answer that is no 2xx makes a run worthless.
MAP_OF_A_MILLION = Policy(
    nginx=None,
    prepare=write_map,
    frontend="""
    http-request set-var(txn.tenant) req.hdr(x-key),map_str($home/keys.map)
    http-request deny unless { var(txn.tenant) -m found }
    http-request set-header X-Tenant %[var(txn.tenant)]
""",
)

TABLE_OF_A_MILLION = Policy(
    nginx=None,
    fill=fill_table,
    sections="""
global
    stats socket $home/api.sock level admin

backend clients
    stick-table type string len 16 size 2m expire 1h store gpc0,conn_cur,http_req_cnt,http_req_rate(10s)
""",
    frontend="""
    http-request track-sc0 req.hdr(x-key) table clients
    http-request deny unless { sc_get_gpc0(0) gt 0 }
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000 }
    http-request sc-inc-gpc0(0)
""",
)
