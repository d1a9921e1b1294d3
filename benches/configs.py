"""The configurations that `./bench h1` gives to each program.

Portero is given the very file that haproxy is given, but for what only one of them has.
"""

from pathlib import Path
from string import Template

from benches.policies import Nginx, Policy

def haproxy(home: Path, port: int, origin: int, policy: Policy, log: Path | None, ours: bool) -> str:
    """haproxy.cfg, one thread, all else as a newcomer would leave it."""
    texts = policy.ours if ours and policy.ours else (policy.frontend, policy.sections)
    first, frontend, sections = (Template(text).substitute(home=home, origin=origin) for text in (policy.first, *texts))
    logging = f"    log {log} len 1024 local0\n" if log else ""
    use_log = "    log global\n    option httplog\n" if log else ""
    return f"""global
    nbthread 1
    maxconn 8000
{first}{logging}
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    option http-keep-alive
{use_log}
frontend front
    bind 127.0.0.1:{port}
{frontend}
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}

backend other
    server o1 127.0.0.1:{origin}
{sections}"""


def nginx_proxy(folder: Path, port: int, origin: int, rules: Nginx, log: Path | None) -> str:
    """nginx as a proxy: one process, connections to the origin kept."""
    access = f"access_log syslog:server=unix:{log},tag=nginx combined;" if log else "access_log off;"
    return f"""{rules.main}daemon off;
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
    {rules.http}
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 128; keepalive_requests 1000000000; }}
    upstream other {{ server 127.0.0.1:{origin}; keepalive 128; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
        proxy_http_version 1.1;
        proxy_set_header Connection "";
{rules.location}
        }}
    }}
}}
"""


def nginx_origin(folder: Path, port: int) -> str:
    """The origin: /1k from memory, /64k from a file, /seen says what came as X-Seen. Cheaper per request than any of the proxies."""
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
        location = /seen {{ default_type text/plain; return 200 "$http_x_seen"; }}
        location / {{ root {folder}/files; }}
    }}
}}
"""


def envoy(port: int, origin: int, module: Path | None) -> str:
    """Envoy as a proxy, one filter of WASM if there is a module; all else as a newcomer would leave it."""
    wasm = f"""
          - name: envoy.filters.http.wasm
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                vm_config: {{ runtime: envoy.wasm.runtime.v8, code: {{ local: {{ filename: {module} }} }} }}""" if module else ""
    return f"""static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts:
            - {{ name: all, domains: ["*"], routes: [ {{ match: {{ prefix: "/" }}, route: {{ cluster: origin }} }} ] }}
          http_filters:{wasm}
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: origin
    connect_timeout: 5s
    type: STATIC
    load_assignment:
      cluster_name: origin
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {origin} }} }} }}
"""
