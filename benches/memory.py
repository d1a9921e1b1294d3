"""Resident memory for each connection of a client: of one that made a request and is silent, and of one whose request waits for its server.

Bytes that a program grew by, over the number of connections. The first is held to HAProxy's; the second says what a slow server costs.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from benches import rig
from benches.policies import PLAIN
from benches.rig import BenchError, say

IDLE = "idle-memory"
WAITING = "waiting-memory"
IDLE_CONNECTIONS = 5000
WAITING_CONNECTIONS = 3000  # the silent server has them all in its queue, which the system cuts at 4,096
SETTLE_SECONDS = 3
REQUEST = b"GET /1k HTTP/1.1\r\nHost: bench\r\n\r\n"


def idle(bench) -> dict[str, float]:
    """Connections that made one request each and stay open."""
    found = {}
    for name in bench.programs:
        with bench.start(name, PLAIN, None) as proxy:
            rig.wrk(proxy.port, "/1k", 16, 1)
            time.sleep(0.5)  # let the connections of the warm-up go
            found[name] = grown(name, proxy, answered, IDLE_CONNECTIONS)
    return found


def waiting(bench) -> dict[str, float]:
    """Connections whose requests a server has taken and does not answer."""
    found = {}
    for name in bench.programs:
        with silent_server() as origin, bench.start(name, PLAIN, None, origin) as proxy:
            early = [asked(proxy.port, number) for number in range(100)]  # warm up
            time.sleep(0.5)
            found[name] = grown(name, proxy, asked, WAITING_CONNECTIONS)
            for client in early:
                client.close()
    return found


CASES: dict[str, Callable[..., dict[str, float]]] = {IDLE: idle, WAITING: waiting}


def grown(name: str, proxy: rig.Running, connect: Callable[[int, int], socket.socket], count: int) -> float:
    """Bytes that a proxy holds for each of so many connections."""
    before = proxy.rss_bytes()
    clients = [connect(proxy.port, number) for number in range(count)]
    time.sleep(SETTLE_SECONDS)
    each = (proxy.rss_bytes() - before) / count
    for client in clients:
        client.close()
    say(f"{connect.__name__} connections: {name} {each:.0f} bytes")
    return each


def asked(port: int, number: int) -> socket.socket:
    """A connection that has asked. Source addresses are spread over the loopback network."""
    client = socket.socket()
    client.settimeout(10)
    client.bind((f"127.0.0.{2 + number // 1000}", 0))
    client.connect(("127.0.0.1", port))
    client.sendall(REQUEST)
    return client


def answered(port: int, number: int) -> socket.socket:
    """The same, and it has its answer."""
    client = asked(port, number)
    received = b""
    while len(received.partition(b"\r\n\r\n")[2]) < 1024:
        chunk = client.recv(65536)
        if not chunk:
            raise BenchError(f"connection {number} was closed instead of kept")
        received += chunk
    return client


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that lets everybody connect and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8192)
        yield server.getsockname()[1]


def rows(found: dict[str, dict[str, float]]) -> list[tuple[str, ...]]:
    """The lines of the table."""
    return [
        (case, name, f"{size:.0f} bytes", "-", "-", "-", f"{size / sizes['haproxy']:.2f}",
         "below 1.00" if (case, name) == (IDLE, "portero") else "")
        for case, sizes in found.items() for name, size in sizes.items()
    ]


def held(found: dict[str, dict[str, float]]) -> bool:
    """True when portero holds less for an idle connection than haproxy does, or was not measured."""
    sizes = found.get(IDLE, {})
    return "portero" not in sizes or sizes["portero"] < sizes["haproxy"]
