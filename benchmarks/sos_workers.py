"""
Two workers beside one: how many requests a second they answer where each has a processor of its own.

The machine is shared, with other programs and with those who ask, so it is not the time on the wall that is looked at:
a worker can answer as long as it has CPU time, and the one that has to do most is done last. Two workers that share
the requests evenly, and cost no more for each than one alone, give twice as many.
"""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import clock_gettime

from benchmarks import sos_data
from benchmarks.frame import Line, Scale, at_least, require_equal
from benchmarks.http import get_observation
from benchmarks.server import Server, serving_sos

_CLIENTS = 4
_REQUESTS = 2000


def run(scale: Scale) -> list[Line]:
    """Ask for few and for many observations, over a new connection each time."""
    data, lines = sos_data.large(scale), []
    for size, share in ((1, 1), (min(1000, sos_data.rows(scale)), 4)):
        requests = scale.of(_REQUESTS // share, least=20)
        with serving_sos(data) as one:
            single, seconds = _ask(one, size, requests)
        with serving_sos(data, "--workers", "2") as two:
            double, _ = _ask(two, size, requests)
        lines.append(
            Line(
                f"two workers, GetObservation of {size}",
                seconds / requests * 1e6,
                "µs",
                double / single,
                "times as many requests as one, each on a processor of its own",
                target=at_least(1.6),
            )
        )
    return lines


def _ask(server: Server, size: int, requests: int) -> tuple[float, float]:
    """Give the requests that are answered in a second, and the CPU seconds of all."""
    address = get_observation(0, size)
    workers = _workers(server)

    def ask(_: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        connection.request("GET", address)
        found = connection.getresponse().read().count(b"</om:OM_Observation>")
        connection.close()
        return found

    with ThreadPoolExecutor(_CLIENTS) as clients:
        require_equal("the observations of each answer", {size}, set(clients.map(ask, range(20 * _CLIENTS))))
        before = [clock_gettime(clock) for clock in workers]
        require_equal("the observations of each answer", {size}, set(clients.map(ask, range(requests))))
    spent = [clock_gettime(clock) - begun for clock, begun in zip(workers, before, strict=True)]
    return requests / max(spent), sum(spent)


def _workers(server: Server) -> list[int]:
    """Give the CPU clocks of the processes that answer: the children, or the process itself where it has none."""
    number = server.number
    children = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="ascii").split()
    return [(~int(each) << 3) | 2 for each in children or [str(number)]]
