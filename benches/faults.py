"""`./bench faults`: scripts that go wrong, under load. Not a measurement but a soak: it says whether anybody else was hurt.

Each case has one function that does wrong. wrk asks for pages whose rules run a good function of the same script; beside it a
client asks for the guilty one, again and again. A case is held when no request but the guilty ones failed, each guilty one got
the 500 that `lua-on-error fail` means, and the memory never was more than it was in the first tenth of the time: it rises and
falls while states are spoiled and made anew, so peaks are compared.
"""

import argparse
import http.client
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from benches import beside, configs, rig
from benches.rig import BenchError, say

GOOD = """
core.register_action("good", { "http-req" }, function(txn)
    txn.http:req_set_header("X-Seen", txn.sf:path())
end)
"""
CASES = {
    "endless": "while true do pcall(function() while true do end end) end",
    "memory": "kept = kept or {} for i = 1, 1e7 do kept[#kept + 1] = 'text ' .. i end",
    "recursion": "local function down(n) return 1 + down(n + 1) end return down(1)",
    "huge-string": "kept = (kept or 'x') .. string.rep('x', 1e9)",
    "error": "local nothing = nil return nothing.field",
}
PAUSE = 0.05  # seconds between two guilty requests
GROWTH, SLACK = 1.25, 16 << 20  # how much larger the memory may be at the end, as a share and in bytes


@dataclass
class Guilty:
    """What the guilty client saw."""

    asked: int = 0
    wrong: str = ""


def config(home: Path, port: int, origin: int) -> str:
    """haproxy.cfg of a case."""
    return f"""global
    nbthread 1
    lua-load-per-thread {home}/script.lua
    lua-on-error fail
    tune.lua.session-timeout 50ms
    tune.lua.maxmem 64

defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s

frontend front
    bind 127.0.0.1:{port}
    http-request lua.good
    http-request lua.guilty if {{ path /guilty }}
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}
"""


def ask_guilty(port: int, stop: threading.Event, seen: Guilty) -> None:
    """Asks for the guilty function until it is told to stop, or something else than a 500 comes."""
    while not stop.is_set() and not seen.wrong:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            client.request("GET", "/guilty")
            status = client.getresponse().status
            seen.asked += 1
            if status != 500:
                seen.wrong = f"a guilty request was answered with {status}"
        except OSError as error:
            seen.wrong = f"a guilty request had no answer: {error}"
        finally:
            client.close()
        stop.wait(PAUSE)


def soak(program: str, name: str, folder: Path, origin: int, seconds: int) -> bool:
    """One case; true when it is held."""
    home, port = folder / name, rig.free_port()
    home.mkdir()
    script = f'{GOOD}core.register_action("guilty", {{ "http-req" }}, function(txn) {CASES[name]} end)\n'
    (home / "script.lua").write_text(script)
    (home / "config").write_text(config(home, port, origin))
    command = [program, "-db", "-f", str(home / "config")]
    with rig.running("portero", command, port, rig.PROXY_CORE, home / "output.log") as proxy:
        stop, seen = threading.Event(), Guilty()
        beginning = max(5, seconds // 10)
        thread = threading.Thread(target=ask_guilty, args=(port, stop, seen))
        thread.start()
        try:
            rig.wrk(port, "/1k", 16, beginning)
            before = proxy.peak_bytes()
            load = rig.wrk(port, "/1k", 16, seconds - beginning)
            after = proxy.peak_bytes()
        finally:
            stop.set()
            thread.join()
    flat = after <= before * GROWTH + SLACK
    held = flat and not seen.wrong and seen.asked > 0
    memory = f"{before >> 20} MB, then {after >> 20} MB"
    say(f"{name}: {load.requests} good requests, none failed; {seen.asked} guilty ones; {memory}; "
        f"{'held' if held else 'NOT HELD: ' + (seen.wrong or 'the memory grew')}")
    return held


def main(words: list[str]) -> int:
    """The exit code: 1 when a case is not held."""
    parser = argparse.ArgumentParser(prog="./bench faults", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="seconds of each case (default 600)")
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this case (may be repeated)")
    options = parser.parse_args(words)
    try:
        program = beside.programs()["portero"]
        with tempfile.TemporaryDirectory(prefix="portero-faults-") as name:
            folder, port = Path(name), rig.free_port()
            (folder / "origin").mkdir()
            (folder / "origin" / "config").write_text(configs.nginx_origin(folder / "origin", port))
            command = ["nginx", "-p", str(folder / "origin"), "-e", str(folder / "origin.err"),
                       "-c", str(folder / "origin" / "config")]
            with rig.running("origin", command, port, rig.LOAD_CORE, folder / "origin.log"):
                # all cases are run, also behind one that is not held
                held = [soak(program, case, folder, port, options.seconds) for case in options.case or CASES]
    except BenchError as error:
        say(f"bench: {error}")
        return 1
    return 0 if all(held) else 1
