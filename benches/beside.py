"""Programs side by side: the CPU time of a request and the memory of a connection, of Portero, HAProxy and nginx.

Each proxy has one thread on core 0; wrk and the origin share core 1. The programs take turns (A B C A B C ...), so that
whatever the machine does meanwhile hits all alike. The figure is user + system time of the proxy process over the requests
that wrk counted: it is steady where the throughput of a busy machine is not.

Environment: PORTERO and HAPROXY name other programs to measure; PORTERO=none leaves ours out.
"""

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benches import configs, memory, rig
from benches.policies import PLAIN, Policy
from benches.rig import BenchError, say

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Suite:
    """A benchmark: its cases, and whether memory is measured too."""

    name: str
    about: str
    cases: list["Case"]
    memory: bool = False

    def names(self) -> list[str]:
        """What `--case` may name."""
        return [case.name for case in self.cases] + (list(memory.CASES) if self.memory else [])


@dataclass(frozen=True)
class Case:
    """One kind of load. `aim` is the most that portero may cost as a share of haproxy."""

    name: str
    what: str
    aim: float
    path: str = "/1k"
    connections: int = 64
    headers: tuple[str, ...] = ()
    policy: Policy = PLAIN
    script: str = ""


@dataclass
class Figures:
    """What one program did in one case, a value per round."""

    micros: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    lines_per_request: list[float] = field(default_factory=list)

    def median(self) -> float:
        return statistics.median(self.micros)


class Bench:
    """The programs, their folder and the origin."""

    def __init__(self, folder: Path, programs: dict[str, str], origin_port: int):
        self.folder = folder
        self.programs = programs
        self.origin_port = origin_port

    def home(self, name: str) -> Path:
        """The folder of a program."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        return home

    def start(self, name: str, policy: Policy, log: Path | None, origin: int = 0):
        """A context in which the named proxy runs on core 0, in front of the origin or of another server."""
        port, home = rig.free_port(), self.home(name)
        origin = origin or self.origin_port
        config = home / "config"
        if name == "nginx":
            config.write_text(configs.nginx_proxy(home, port, origin, policy.nginx, log))
            command = [self.programs[name], "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)]
        else:
            config.write_text(configs.haproxy(home, port, origin, policy, log, name == "portero"))
            command = [self.programs[name], "-db", "-f", str(config)]
        return rig.running(name, command, port, rig.PROXY_CORE, home / "output.log")

    def cpu_case(self, case: Case, rounds: int, seconds: int) -> dict[str, Figures]:
        """Interleaved rounds of one case."""
        reader = rig.LogReader(self.folder / f"{case.name}.log.sock") if case.policy.log else None
        names = [name for name in self.programs if name != "nginx" or case.policy.nginx]
        figures = {name: Figures() for name in names}
        (self.folder / f"{case.name}.lua").write_text(case.script)
        for name in names:
            case.policy.prepare(self.home(name))
        try:
            for number in range(1, rounds + 1):
                for name in names:
                    self.round(case, name, seconds, reader, figures[name])
                medians = ", ".join(f"{name} {found.micros[-1]:.2f}" for name, found in figures.items())
                say(f"{case.name}, round {number} of {rounds}: {medians} µs")
        finally:
            if reader:
                reader.close()
        return figures

    def round(self, case: Case, name: str, seconds: int, reader, figures: Figures) -> None:
        """One measurement, which is added to the figures."""
        script = self.folder / f"{case.name}.lua" if case.script else None
        with self.start(name, case.policy, reader.path if reader else None) as proxy:
            case.policy.fill(self.home(name))
            rig.wrk(proxy.port, case.path, case.connections, 1, case.headers, script)  # warm up
            lines, cpu = reader.count() if reader else 0, proxy.cpu_seconds()
            load = rig.wrk(proxy.port, case.path, case.connections, seconds, case.headers, script)
            figures.micros.append((proxy.cpu_seconds() - cpu) / load.requests * 1e6)
            figures.per_second.append(load.per_second)
            if reader:
                figures.lines_per_request.append((reader.count() - lines) / load.requests)


def report(
    cases: list[Case], results: dict[str, dict[str, Figures]], sizes: dict[str, dict[str, float]], markdown: bool
) -> bool:
    """Prints the tables. True when portero was measured and holds every aim."""
    rows = [("case", "program", "µs per request", "spread", "requests/s", "log lines", "to haproxy", "aim")]
    held = memory.held(sizes)
    for case in cases:
        for name, figures in results.get(case.name, {}).items():
            ratio = figures.median() / results[case.name]["haproxy"].median()
            held &= name != "portero" or ratio <= case.aim
            lines = f"{statistics.median(figures.lines_per_request):.2f}" if figures.lines_per_request else "-"
            spread = f"{min(figures.micros):.2f} to {max(figures.micros):.2f}"
            aim = f"at most {case.aim:.2f}" if name == "portero" else ""
            rows.append((case.name, name, f"{figures.median():.2f}", spread,
                         f"{statistics.median(figures.per_second):.0f}", lines, f"{ratio:.2f}", aim))
    rows += memory.rows(sizes)
    print_table(rows, markdown)
    return held


def print_table(rows: list[tuple[str, ...]], markdown: bool) -> None:
    """Aligned columns, or a table of Markdown."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print(f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip())
        if number == 0 and markdown:
            print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")


def own() -> dict[str, str]:
    """Name and path of our program, which is built when PORTERO does not name one; nothing for `none`."""
    ours = os.environ.get("PORTERO", "")
    if not ours:
        say("building portero (release)")
        subprocess.run(["cargo", "build", "--release", "-p", "portero"], cwd=ROOT, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        ours = str(target / "release" / "portero")
    return {} if ours == "none" else {"portero": ours}


def programs() -> dict[str, str]:
    """Name and path of each program."""
    found = own() | {"haproxy": os.environ.get("HAPROXY", "haproxy"), "nginx": "nginx"}
    rig.require("wrk", "taskset", *found.values())
    return found


def arguments(suite: "Suite", words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=f"./bench {suite.name}", description=suite.about, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two short rounds: to see that it runs, not for figures")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of each case (default 5, quick 2)")
    parser.add_argument("--seconds", type=int, default=0, help="seconds of each measurement (default 2, quick 1)")
    parser.add_argument("--case", action="append", choices=suite.names(),
                        help="only this case (may be repeated)")
    parser.add_argument("--markdown", action="store_true", help="print a table of Markdown")
    parser.add_argument("--check", action="store_true", help="exit 1 when portero does not hold an aim")
    return parser.parse_args(words)


def lengths(options: argparse.Namespace) -> tuple[int, int]:
    """Rounds, and the seconds of each measurement."""
    return options.rounds or (2 if options.quick else 5), options.seconds or (1 if options.quick else 2)


@contextlib.contextmanager
def with_origin(chosen: dict[str, str], make: Callable[..., Bench] = Bench) -> Iterator[Bench]:
    """The programs, with an origin that runs."""
    with tempfile.TemporaryDirectory(prefix="portero-bench-") as name:
        folder, port = Path(name), rig.free_port()
        (folder / "origin").mkdir()
        config = folder / "origin" / "config"
        config.write_text(configs.nginx_origin(folder / "origin", port))
        command = ["nginx", "-p", str(folder / "origin"), "-e", str(folder / "origin.err"), "-c", str(config)]
        with rig.running("origin", command, port, rig.LOAD_CORE, folder / "origin.log"):
            yield make(folder, chosen, port)


def measure(suite: "Suite", options: argparse.Namespace) -> bool:
    """Runs the chosen cases and prints the table."""
    rounds, seconds = lengths(options)
    wanted = options.case or suite.names()
    with with_origin(programs()) as bench:
        results = {case.name: bench.cpu_case(case, rounds, seconds) for case in suite.cases if case.name in wanted}
        sizes = {name: case(bench) for name, case in memory.CASES.items() if name in wanted}
    return report(suite.cases, results, sizes, options.markdown)


def main(
    suite: "Suite", words: list[str], measure: Callable[[Suite, argparse.Namespace], bool] = measure
) -> int:
    """The exit code."""
    options = arguments(suite, words)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {rig.LOAD_CORE})
    try:
        held = measure(suite, options)
    except BenchError as error:
        say(f"bench: {error}")
        return 2
    return 1 if options.check and not held else 0
