"""`./bench h1`: the CPU time of a request over HTTP/1, of Portero, HAProxy and nginx side by side."""

from benches import beside, policies
from benches.beside import Case, Suite

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
    "Cookie: theme=dark; visits=12",
)
CASES = [
    Case("keepalive-1k", "1 kB, 64 keep-alive connections, no rules", 0.75),
    Case("rules-log", "the same, 10 ACLs and an access log to a unix socket", 0.90, policy=policies.TEN_RULES),
    Case("body-64k", "64 kB bodies", 0.90, path="/64k"),
    Case("conn-per-request", "a connection per request, 1 kB", 0.90, headers=("Connection: close",)),
    Case("rules-100", "1 kB keep-alive, 100 rules that are all tried and do not hold", 0.75, path="/1k?lang=en&page=2",
         headers=BROWSER, policy=policies.HUNDRED_RULES),
    Case("map-1m", "1 kB keep-alive, a key of a header in a map of a million", 0.75,
         policy=policies.MAP_OF_A_MILLION, script=policies.key_script()),
    Case("table-1m", "1 kB keep-alive, a key of a header tracked in a table of a million", 0.75,
         policy=policies.TABLE_OF_A_MILLION, script=policies.key_script()),
]
SUITE = Suite("h1", f"{__doc__}\n\n{beside.__doc__}", CASES, memory=True)


def main(words: list[str]) -> int:
    """The exit code."""
    return beside.main(SUITE, words)
