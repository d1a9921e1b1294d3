"""`./bench lua`: what functions of Lua scripts cost, of Portero, HAProxy and nginx side by side.

Portero and HAProxy run the same script by `lua-load-per-thread`; nginx the nearest that its Lua module has, on LuaJIT
(Debian's libnginx-mod-http-lua). HAProxy has no balancers in Lua: there an action names the server for `use-server`.
"""

from pathlib import Path

from benches import beside
from benches.beside import Case, Suite
from benches.policies import Nginx, Policy

MODULES = "load_module /usr/lib/nginx/modules/ndk_http_module.so;\nload_module /usr/lib/nginx/modules/ngx_http_lua_module.so;\n"
FORWARD = "        proxy_pass http://origin;\n"
LOAD = "    lua-load-per-thread $home/script.lua\n"
HEADERS = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "X-Key: client-1")

SCRIPT = """
core.register_action("mark", { "http-req" }, function(txn)
    local key = txn.http:req_get_headers()["x-key"]
    txn.http:req_set_header("X-Seen", key and key[0] or "none")
end)
core.register_fetches("greeting", function(txn)
    return "hello " .. txn.sf:path()
end)
core.register_converters("shout", function(text)
    return text:upper() .. "!"
end)
local body = string.rep("x", 1024)
core.register_service("page", "http", function(applet)
    applet:set_status(200)
    applet:add_header("content-length", #body)
    applet:add_header("content-type", "text/plain")
    applet:start_response()
    applet:send(body)
end)
local turn = 0
core.register_action("choose", { "http-req" }, function(txn)
    turn = turn % 3 + 1
    txn:set_var("txn.server", "s" .. turn)
end)
if core.register_balancer then
    local turn = 0
    core.register_balancer("turns", function(txn, servers)
        turn = turn % #servers + 1
        return servers[turn]
    end)
end
"""

SERVERS = "".join(f"    server s{number} 127.0.0.1:$origin\n" for number in (1, 2, 3))


def write_script(home: Path) -> None:
    """The script of all cases."""
    (home / "script.lua").write_text(SCRIPT)


def policy(frontend: str, location: str, sections: str = "", ours: tuple[str, str] | None = None) -> Policy:
    """Rules that use the script."""
    return Policy(first=LOAD, frontend=frontend, sections=sections, ours=ours, prepare=write_script,
                  nginx=Nginx(main=MODULES, location=location))


CASES = [
    Case("lua-action", "an action that reads one header and sets one", 0.75, headers=HEADERS, policy=policy(
        "    http-request lua.mark\n",
        """        access_by_lua_block {
            local key = ngx.req.get_headers()["x-key"]
            ngx.req.set_header("X-Seen", key or "none")
        }
""" + FORWARD)),
    Case("lua-fetch", "a fetch that looks at the path, into a header", 0.75, headers=HEADERS, policy=policy(
        "    http-request set-header X-Greeting %[lua.greeting]\n",
        """        set_by_lua_block $$greeting { return "hello " .. ngx.var.uri }
        proxy_set_header X-Greeting $$greeting;
""".replace("$$", "$") + FORWARD)),
    Case("lua-converter", "a converter of a header, into a header", 0.75, headers=HEADERS, policy=policy(
        "    http-request set-header X-Loud %[req.hdr(x-key),lua.shout]\n",
        """        set_by_lua_block $$loud { return ngx.var.http_x_key:upper() .. "!" }
        proxy_set_header X-Loud $$loud;
""".replace("$$", "$") + FORWARD)),
    Case("lua-balancer", "the choice of one of three servers", 0.75, headers=HEADERS, policy=policy(
        "    http-request lua.choose\n    use_backend farm\n",
        FORWARD,
        f"\nbackend farm\n    use-server %[var(txn.server)] if TRUE\n{SERVERS}",
        ("    use_backend farm\n", f"\nbackend farm\n    balance lua.turns\n{SERVERS}"))),
    Case("lua-service", "a service of 1 kB", 0.75, headers=HEADERS, policy=policy(
        "    http-request use-service lua.page\n",
        """        content_by_lua_block {
            ngx.header.content_type = "text/plain"
            ngx.header.content_length = 1024
            ngx.print(string.rep("x", 1024))
        }
""")),
]
SUITE = Suite("lua", f"{__doc__}\n\n{beside.__doc__}", CASES)


def main(words: list[str]) -> int:
    """The exit code."""
    return beside.main(SUITE, words)
