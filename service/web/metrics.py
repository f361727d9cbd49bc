"""Metrics of requests, which add up over the worker processes of a server (Prometheus).

Every worker writes to files of its own, mapped into memory, and whoever is asked for the metrics adds them up
(prometheus-client's multiprocess mode). A file is of a worker's place, not of its process number: who takes
the place of a worker that ended counts on in its files. So they stay as many as there are workers, however
many were killed. The places are given out by the server's master: ``service.web.metrics_places``.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder of the files, as prometheus-client reads it."""
PLACE = "PARLEY_METRICS_PLACE"
"""The variable that tells a worker which place it has; none: it keeps no metrics."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
READS = frozenset(("GET", "HEAD", "OPTIONS"))


class Metrics:
    """Those of this process."""

    def __init__(self) -> None:
        here = CollectorRegistry()
        self._took = Histogram(
            "parley_request_seconds",
            "Seconds from the first byte of the request to the last of the answer.",
            ("route", "method", "status"),
            buckets=SECONDS,
            registry=here,
        )
        self._under_way = Gauge(
            "parley_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=here
        )
        self._writes = Counter("parley_writes", "Requests that wrote, answered 2xx.", registry=here)
        self._unavailable = Counter(
            "parley_unavailable", "Answers that the database did not allow (503).", registry=here
        )
        self._broken_off = Counter(
            "parley_requests_broken_off",
            "Requests whose caller went before the answer was sent.",
            registry=here,
        )
        # Each found once: labels() makes strings and takes a lock.
        self._found: dict[tuple[str, str, int], Histogram] = {}

    def began(self) -> None:
        """A request has come."""
        self._under_way.inc()

    def ended(self, route: str, method: str, status: int, seconds: float, whole: bool) -> None:
        """It was answered, as a ``whole`` or until its caller went."""
        self._under_way.dec()
        key = route, method, status // 100
        (self._found.get(key) or self._find(*key)).observe(seconds)
        if key[2] == 2 and method not in READS:
            self._writes.inc()
        if status == 503:
            self._unavailable.inc()
        if not whole:
            self._broken_off.inc()

    def _find(self, route: str, method: str, status: int) -> Histogram:
        # Any word may stand where a method does: all that are none count as one.
        known = method in METHODS
        found: Histogram = self._took.labels(route, method if known else "OTHER", f"{status}xx")
        if known:
            self._found[route, method, status] = found
        return found


def of_this_worker() -> Metrics | None:
    """The metrics of this worker, in its place; None if it has none."""
    place = os.environ.get(PLACE)
    if not place:
        return None
    values.ValueClass = values.MultiProcessValue(lambda: int(place))  # type: ignore[no-untyped-call]
    return Metrics()
