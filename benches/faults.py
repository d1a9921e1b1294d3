"""`./bench faults`: scripts and WASM modules that go wrong, under load. Not a measurement but a soak: it says whether anybody else
was hurt.

Each case has one function or module that does wrong. wrk asks for pages, which a good function or module of the same kind looks at as
well (a WASM module that does wrong sees them all); beside it a client does what makes the guilty one do wrong, again and again. A case is
held when no request but the guilty ones failed, each guilty one got the answer that the configuration means, and the memory never was
more than it was in the first tenth of the time: it rises and falls while states are spoiled and made anew, so peaks are compared.
"""

import argparse
import http.client
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benches import beside, configs, faulty, rig
from benches.rig import BenchError, say

PAUSE = 0.05  # seconds between two guilty requests
RELOADS = 1.0  # seconds between two changes of a module
GROWTH, SLACK = 1.25, 16 << 20  # how much larger the memory may be at the end, as a share and in bytes


@dataclass
class Guilty:
    """What the guilty client saw."""

    port: int
    home: Path
    signal: Callable[[int], None]
    asked: int = 0
    wrong: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, fits: Callable[[int, int], bool]) -> None:
        """Asks for the guilty function until it is told to stop, or an answer comes that does not fit."""
        while not self.stop.is_set() and not self.wrong:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                client.request("GET", "/guilty", headers={"x-guilty": "yes"})
                status = client.getresponse().status
                self.asked += 1
                if not fits(status, self.asked):
                    self.wrong = f"guilty request {self.asked} was answered with {status}"
            except OSError as error:
                self.wrong = f"a guilty request had no answer: {error}"
            finally:
                client.close()
            self.stop.wait(PAUSE)

    def replace(self, texts: list[str]) -> None:
        """Puts the texts in the place of the module one after the other, with a reload behind each."""
        while not self.stop.is_set():
            new = self.home / "new"
            new.write_text(texts[self.asked % len(texts)])
            new.rename(self.home / "guilty.wasm")
            self.signal(signal.SIGUSR2)
            self.asked += 1
            self.stop.wait(RELOADS)


def config(home: Path, port: int, origin: int, case: str) -> str:
    """haproxy.cfg of a case."""
    loads, rules = faulty.lines(case, home)
    return f"""global
    nbthread 1
{loads}

defaults
    mode http
    timeout client 60s
    timeout server {"1s" if case == "wasm-pause" else "60s"}
    timeout connect 5s

frontend front
    bind 127.0.0.1:{port}
{rules}
    default_backend origin

backend origin
    server o1 127.0.0.1:{origin}
"""


def guilt(case: str, guilty: Guilty) -> None:
    """What the guilty client does all the time."""
    match case:
        case "wasm-swap":
            guilty.replace([faulty.MODULES["wasm-good"], faulty.MODULES["wasm-swap"]])
        case "wasm-start":
            guilty.replace([faulty.MODULES["wasm-start"]])
        case "wasm-pause":
            guilty.ask(lambda status, _: status == 504)
        case "wasm-tenth":
            # the others pass, to an origin that has no such page
            guilty.ask(lambda status, number: status == (500 if number % 10 == 0 else 404))
        case _:
            guilty.ask(lambda status, _: status == 500)


def soak(program: str, name: str, folder: Path, origin: int, seconds: int) -> bool:
    """One case; true when it is held."""
    home, port = folder / name, rig.free_port()
    home.mkdir()
    faulty.write(name, home)
    (home / "config").write_text(config(home, port, origin, name))
    command = [program, "-db", "-f", str(home / "config")]
    with rig.running("portero", command, port, rig.PROXY_CORE, home / "output.log") as proxy:
        guilty = Guilty(port, home, proxy.process.send_signal)
        beginning = max(5, seconds // 10)
        thread = threading.Thread(target=guilt, args=(name, guilty))
        thread.start()
        try:
            rig.wrk(port, "/1k", 16, beginning)
            before = proxy.peak_bytes()
            load = rig.wrk(port, "/1k", 16, seconds - beginning)
            after = proxy.peak_bytes()
        finally:
            guilty.stop.set()
            thread.join()
    flat = after <= before * GROWTH + SLACK
    held = flat and not guilty.wrong and guilty.asked > 0
    memory = f"{before >> 20} MB, then {after >> 20} MB"
    say(f"{name}: {load.requests} good requests, none failed; {guilty.asked} guilty ones; {memory}; "
        f"{'held' if held else 'NOT HELD: ' + (guilty.wrong or 'the memory grew')}")
    return held


def main(words: list[str]) -> int:
    """The exit code: 1 when a case is not held."""
    parser = argparse.ArgumentParser(prog="./bench faults", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="seconds of each case (default 600)")
    parser.add_argument("--case", action="append", choices=faulty.CASES, help="only this case (may be repeated)")
    parser.add_argument("--jobs", type=int, default=1, help="cases that run side by side (default 1)")
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
                with ThreadPoolExecutor(options.jobs) as pool:
                    run = partial(soak, program, folder=folder, origin=port, seconds=options.seconds)
                    held = list(pool.map(run, options.case or faulty.CASES))
    except BenchError as error:
        say(f"bench: {error}")
        return 1
    return 0 if all(held) else 1
