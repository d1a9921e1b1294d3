"""What every benchmark needs: free ports, pinned programs, their CPU time and memory, wrk, a log reader.

The proxy under test has core 0 for itself; wrk, the origin, the log reader and this script share core 1.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing import Process, Value
from pathlib import Path

PROXY_CORE = 0
LOAD_CORE = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_LIMIT = 60.0  # seconds in which a program must listen; a map of a million entries takes some


class BenchError(Exception):
    """Something that makes the figures worthless; shown without a traceback."""


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def require(*programs: str) -> None:
    """Raises when one of the programs is not on this machine."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise BenchError(f"not installed: {', '.join(missing)} (Debian: apt-get install wrk nginx-light haproxy)")


@dataclass
class Running:
    """A program that was started, and where it listens."""

    name: str
    process: subprocess.Popen
    port: int

    def cpu_seconds(self) -> float:
        """User and system time of all threads so far, also of those that have ended."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def rss_bytes(self) -> int:
        """Resident memory."""
        return self._memory("VmRSS")

    def peak_bytes(self) -> int:
        """The most resident memory that it ever had."""
        return self._memory("VmHWM")

    def _memory(self, what: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+) kB", status).group(1)) * 1024


@contextlib.contextmanager
def running(name: str, command: list[str], port: int, core: int, log: Path):
    """Starts a program pinned to a core, waits until its port answers, and ends it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        wait_for_port(name, process, port, log)
        yield Running(name, process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(name: str, process: subprocess.Popen, port: int, log: Path) -> None:
    """Returns when the port accepts a connection."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise BenchError(f"{name} does not listen on port {port}; it said:\n{log.read_text(errors='replace')[-2000:]}")


@dataclass
class Load:
    """What wrk counted."""

    requests: int
    per_second: float


def wrk(
    port: int, path: str, connections: int, seconds: int, headers: tuple[str, ...] = (), script: Path | None = None
) -> Load:
    """One run of wrk on the load core, the requests as a script makes them if there is one. Raises when requests failed."""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", str(script)]
    command.append(f"http://127.0.0.1:{port}{path}")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 30)
    text = done.stdout
    if done.returncode != 0:
        raise BenchError(f"wrk: {done.stderr}{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    if "Non-2xx" in text:
        raise BenchError(f"some answers were not 2xx:\n{text}")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = sum(map(int, errors.groups())) if errors else 0
    if requests == 0 or failed > requests / 1000:
        raise BenchError(f"more than one request in 1,000 failed:\n{text}")
    return Load(requests, float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)))


class LogReader:
    """A unix datagram socket that is drained by a process of its own; counts the lines."""

    def __init__(self, path: Path):
        self.path = path
        self._count = Value("Q", 0, lock=False)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        listener.bind(str(path))
        self._process = Process(target=_drain, args=(listener, self._count), daemon=True)
        self._process.start()
        listener.close()

    def count(self) -> int:
        """Lines so far."""
        return self._count.value

    def close(self) -> None:
        """Ends the reader."""
        self._process.terminate()
        self._process.join()


def _drain(listener: socket.socket, count) -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(-15)  # the kernel queues few datagrams: a reader that waits for wrk loses most lines
    buffer = bytearray(65536)
    while True:
        listener.recv_into(buffer)
        count.value += 1


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)
