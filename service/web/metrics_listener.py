"""Metrics on a listener of their own: a process beside the workers, which the server's master looks after.

No worker answers for all of them, and one that hangs or is killed takes no numbers with it. What the store
knows (the newest revision, what webhooks are still to be sent) is asked of it whenever somebody looks.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from logging.config import dictConfig
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service import logs, questions
from service import settings as all_settings
from service.errors import ParleyError
from service.storage import database
from service.web.metrics import FOLDER

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two looks whether the master lives, or whether the address has come free."""


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


def main() -> None:
    """Answer until the master that started this has gone."""
    master, stopped = os.getppid(), threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the master's, which then ends this.
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    settings = all_settings.load()
    dictConfig(logs.configuration(settings))
    host, _, port = settings.metrics_bind.rpartition(":")
    server: Any = None
    told = False
    while os.getppid() == master and not stopped.is_set():
        try:
            if server is None:
                database.connect(settings)
                registry = CollectorRegistry()
                MultiProcessCollector(registry, os.environ[FOLDER])  # type: ignore[no-untyped-call]
                registry.register(_Store())
                server = start_http_server(int(port), host.strip("[]"), registry)
        except (OSError, ParleyError) as error:
            # The listener of a server that was just killed has the address for a moment.
            if not told:
                log.warning("no metrics at %s yet: %s", settings.metrics_bind, error)
            told = True
        stopped.wait(PAUSE)


if __name__ == "__main__":
    main()
