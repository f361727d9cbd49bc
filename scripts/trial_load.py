"""Callers that write and read without end, and remember what they were told."""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

TIMEOUT = 10.0
"""Seconds that a caller waits for an answer before it asks again."""
PAUSE = 0.05
"""Seconds between an answer that is no success and the next attempt, whatever Retry-After says."""


@dataclass
class Load:
    """Callers of one service, and what came of it. Instants are seconds of the monotonic clock."""

    port: int
    token: str
    record: str = ""
    """The path that readers ask for."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Idempotency-Key → id of the record that was acknowledged under it."""
    written: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by method and status, or the error that broke them off."""
    ending: threading.Event = field(default_factory=threading.Event)
    callers: list[threading.Thread] = field(default_factory=list)

    def start(self, writers: int, readers: int) -> None:
        works = [self._write] * writers + [self._read] * readers
        self.callers = [threading.Thread(target=self._call, args=(work,), daemon=True) for work in works]
        for caller in self.callers:
            caller.start()

    def stop(self) -> None:
        """Let every caller finish what it has begun."""
        self.ending.set()
        for caller in self.callers:
            caller.join(120)

    def _call(self, work: Callable[[http.client.HTTPConnection], None]) -> None:
        # After an error it is closed, and opens itself when it is next asked.
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
            work(connection)

    def _write(self, connection: http.client.HTTPConnection) -> None:
        while not self.ending.is_set():
            key = str(uuid.uuid4())
            body = json.dumps({"type": "person", "name": key})
            headers = {"Content-Type": "application/json", "Idempotency-Key": key}
            # Until it is acknowledged, also when it is told to stop: each key is to be found exactly once.
            until = time.monotonic() + 90
            while time.monotonic() < until:
                answer = self._ask(connection, "POST", "/v1/actors", body, headers)
                if answer is not None:
                    self.acknowledged[key] = answer["id"]
                    self.written.append(time.monotonic())
                    break
                time.sleep(PAUSE)

    def _read(self, connection: http.client.HTTPConnection) -> None:
        while not self.ending.is_set():
            answer = self._ask(connection, "GET", self.record, None, {})
            if answer is None:
                time.sleep(PAUSE)
                continue
            self.read.append(time.monotonic())
            time.sleep(0.005)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: str | None,
        headers: dict[str, str],
    ) -> Any:
        """The document that was answered; None if none was."""
        try:
            connection.request(method, path, body, {**headers, "Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.refused[f"{method} {type(error).__name__}"] += 1
            connection.close()
            return None
        if answer.status not in (200, 201):
            self.refused[f"{method} {answer.status}"] += 1
            return None
        return json.loads(text)


def longest_gap(instants: list[float], since: float) -> float:
    """Seconds of the longest time without a success, of those that ended after an instant; inf: none."""
    ordered = sorted(instants)
    if not ordered or ordered[-1] < since:
        return float("inf")
    return max((later - sooner for sooner, later in pairwise(ordered) if later >= since), default=0.0)
