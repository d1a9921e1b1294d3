"""`./bench rules`: what conditions, maps, formats and tracked entries cost by themselves, in Rust, without a socket.

Runs policies/benches/*.rs (divan): a table with the time of one evaluation.
"""

import argparse
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCHES = ("rules", "maps")


def main(words: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="./bench rules", description=__doc__)
    parser.add_argument("filter", nargs="*", help="only benches whose names contain one of these (acl, track, map, ...)")
    parser.add_argument("--seconds", type=float, default=1.0, help="the most that one row is measured (default 1)")
    options = parser.parse_args(words)
    command = ["cargo", "bench", "--quiet", "-p", "portero-policies"]
    command += [word for bench in BENCHES for word in ("--bench", bench)]
    command += ["--", "--max-time", str(options.seconds), *options.filter]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
