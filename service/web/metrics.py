"""What a Prometheus can scrape: how many requests, how long they took, what the store holds.

The numbers of all workers add up, also of those that are gone: each keeps its own in a file that is mapped
into memory, and whoever is asked adds the files up (prometheus-client's multiprocess mode, which
gunicorn.conf.py turns on before this module is loaded).
"""

import socketserver
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service import questions
from service.errors import ParleyError

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

took = Histogram(
    "parley_request_seconds",
    "Seconds from the first byte of the request to the last of the answer.",
    ("route", "method", "status"),
    buckets=SECONDS,
)
under_way = Gauge("parley_requests_in_progress", "Requests under way.", multiprocess_mode="livesum")
unavailable = Counter("parley_unavailable", "Answers that the database did not allow (503).")
broken_off = Counter("parley_requests_broken_off", "Requests whose caller went before the answer was sent.")


class _Store(Collector):
    """What is asked of the store when somebody looks."""

    def collect(self) -> Iterator[Metric]:
        try:
            revision, due = questions.standing()
        except ParleyError:
            yield GaugeMetricFamily("parley_store_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("parley_store_up", "Whether the database answers.", value=1)
        yield GaugeMetricFamily("parley_revision", "The number of the newest revision.", value=revision)
        yield GaugeMetricFamily(
            "parley_deliveries_due", "Revisions that webhooks have not been sent.", value=due
        )


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no event."""


class _Shared(socketserver.ThreadingMixIn, WSGIServer):
    """Each worker listens at the same address, and the system gives each caller one that lives."""

    allow_reuse_port = True
    daemon_threads = True


def serve(bind: str) -> None:
    """Answer at this address, host and port, in a thread of its own."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Store())
    host, _, port = bind.rpartition(":")
    server = make_server(
        host.strip("[]"), int(port), make_wsgi_app(registry), server_class=_Shared, handler_class=_Quiet
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
