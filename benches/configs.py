"""The configurations that `./bench h1` gives to each program: the same work on all sides.

Portero is given the very file that haproxy is given.
"""

from pathlib import Path

RULES_HAPROXY = """
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
"""

RULES_NGINX = """
        if ($request_method ~ ^(TRACE|CONNECT)$) { return 403; }
        if ($admin_outside) { return 403; }
        if ($http_user_agent ~* (badbot|crawler)) { return 403; }
        if ($huge) { return 413; }
        if ($arg_v = 1) { return 302 /; }
        proxy_set_header X-Session $has_session;
        proxy_set_header X-Kind $kind;
        proxy_set_header X-Client $remote_addr;
        proxy_pass http://$chosen;
"""

MAPS_NGINX = """
    geo $local { default 0; 10.0.0.0/8 1; 192.168.0.0/16 1; }
    map "$local:$uri" $admin_outside { default 0; "~^0:/admin" 1; }
    map $http_content_length $huge { default 0; "~^[0-9]{7,}" 1; }
    map $cookie_session $has_session { default ""; "~." yes; }
    map $uri $kind { default ""; "~\\.(png|css|js)$" static; "~^/api" api; }
    map $http_host $chosen { default origin; "www.example.com" other; }
"""


def haproxy(port: int, origin: int, rules: bool, log: Path | None) -> str:
    """haproxy.cfg, one thread, all else as a newcomer would leave it."""
    logging = f"    log {log} len 1024 local0\n" if log else ""
    use_log = "    log global\n    option httplog\n" if log else ""
    return f"""global
    nbthread 1
    maxconn 8000
{logging}
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    option http-keep-alive
{use_log}
frontend front
    bind 127.0.0.1:{port}{RULES_HAPROXY if rules else ""}
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}

backend other
    server o1 127.0.0.1:{origin}
"""


def nginx_proxy(folder: Path, port: int, origin: int, rules: bool, log: Path | None) -> str:
    """nginx as a proxy: one process, connections to the origin kept."""
    access = f"access_log syslog:server=unix:{log},tag=nginx combined;" if log else "access_log off;"
    body = RULES_NGINX if rules else "        proxy_pass http://origin;\n"
    return f"""daemon off;
master_process off;
pid {folder}/nginx.pid;
worker_rlimit_nofile 20000;
events {{ worker_connections 18000; }}
http {{
    {access}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    keepalive_requests 1000000000;
    keepalive_timeout 60s;
    server_tokens off;
    {MAPS_NGINX if rules else ""}
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 128; keepalive_requests 1000000000; }}
    upstream other {{ server 127.0.0.1:{origin}; keepalive 128; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
        proxy_http_version 1.1;
        proxy_set_header Connection "";
{body}
        }}
    }}
}}
"""


def nginx_origin(folder: Path, port: int) -> str:
    """The origin: /1k from memory, /64k from a file. Cheaper per request than any of the proxies."""
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "64k").write_bytes(b"x" * 65536)
    return f"""daemon off;
master_process off;
pid {folder}/origin.pid;
worker_rlimit_nofile 20000;
events {{ worker_connections 18000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    sendfile on;
    open_file_cache max=16;
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        location = /1k {{ default_type text/plain; return 200 "{'x' * 1024}"; }}
        location / {{ root {folder}/files; }}
    }}
}}
"""
