"""A real server under writers who keep account of what was acknowledged to them: what trials stand on.

It works on whatever database ``PARLEY_DATABASE_URL`` names, which has to be empty.
"""

import http.client
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds in which a write must be acknowledged at last, and a server answer again."""
JSON = {"Content-Type": "application/json"}


class Acknowledged(NamedTuple):
    """A write that was answered 2xx: its own text, the record's id, and its revision."""

    text: str
    id: str
    revision: int


class Served:
    """A server of its own: ``parley serve``, whose processes can be told apart and killed."""

    def __init__(self, log: Path, **environ: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        unlimited = {"PARLEY_LIMIT_TOKEN": "off", "PARLEY_LIMIT_ADDRESS": "off"}
        told = {"PARLEY_LOG_FORMAT": "json", "PARLEY_BIND": self.address, "PYTHONPATH": str(TOP)}
        # While one worker starts anew, the others answer.
        self.environ = {**unlimited, "PARLEY_WORKERS": "3", **os.environ, **environ, **told}
        self.log = log
        self.master: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._answering: set[int] = set()

    def parley(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""
        command = [sys.executable, "-m", "scripts.cli", *arguments]
        return subprocess.run(  # noqa: S603 -- our own command
            command, cwd=TOP, env=self.environ, capture_output=True, text=True, check=check
        )

    def prepare(self) -> str:
        """Migrate the store, and see that it is empty: a token that may write."""
        self.parley("migrate")
        if self.parley("export", "records", "-").stdout:
            raise SystemExit("The store is not empty: a trial needs one of its own.")
        return self.parley("token", "create", "--scope", "write", "--name", "trial").stdout.strip()

    def start(self) -> None:
        """Start it, and return when it answers."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "scripts.cli", "serve"]
            self.master = subprocess.Popen(command, cwd=TOP, env=self.environ, stderr=log)  # noqa: S603
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask("GET", "/livez")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                if self.master.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"The server does not start: {self.log.read_text()[-2000:]}") from None
            time.sleep(0.05)

    def stop(self) -> int:
        """Stop it as an operator would: its exit status."""
        assert self.master  # noqa: S101 -- it was started
        self.master.terminate()
        return self.master.wait(PATIENCE)

    def gone(self) -> None:
        """See to it that nothing of it is left running, whatever came."""
        if self.master and self.master.poll() is None:
            self.master.kill()  # Its workers end when they notice.
            self.master.wait(PATIENCE)

    def kill_master(self) -> None:
        """Kill the master without a word; its workers notice a moment later that they have none."""
        assert self.master  # noqa: S101 -- it was started
        self.master.send_signal(signal.SIGKILL)
        self.master.wait(PATIENCE)

    def kill_worker(self, pid: int) -> None:
        """Kill one of the workers without a word; the master starts another."""
        self._answering.discard(pid)
        os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The workers that have answered a request since they were started, by what the log says."""
        assert self.master  # noqa: S101 -- it was started
        pid = self.master.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        with self.log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                if b'"event":"request"' in line:
                    self._answering.add(json.loads(line)["pid"])
        return [int(child) for child in children if int(child) in self._answering]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own: status, headers, body."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): v for name, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()


class Writers:
    """Threads that write one record after another, and keep on until each is acknowledged."""

    def __init__(self, server: Served, token: str, many: int) -> None:
        self.acknowledged: list[Acknowledged] = []
        self.counts: Counter[str] = Counter()
        self.longest = 0.0
        """Seconds that one write took from its first attempt until it was acknowledged, at most."""
        self.failure: BaseException | None = None
        self._server, self._bearer = server, f"Bearer {token}"
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._may = threading.Event()
        self._may.set()
        self._threads = [threading.Thread(target=self._go, args=(number,)) for number in range(many)]

    def begin(self) -> None:
        """Write what they refer to, and start them."""
        for path, document in (
            ("/v1/actors/speaker", {"type": "person", "name": "Speaker"}),
            ("/v1/sources/source", {"type": "article", "title": "Source"}),
        ):
            headers = {**JSON, "Authorization": self._bearer, "If-None-Match": "*"}
            status, _, body = self._server.ask("PUT", path, json.dumps(document).encode(), **headers)
            if status != 201:
                raise SystemExit(f"{path}: {status} {body.decode()}")
        for thread in self._threads:
            thread.start()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Meanwhile each finishes what it is at, and begins nothing."""
        self._may.clear()
        try:
            yield
        finally:
            self._may.set()

    def end(self) -> None:
        """Let each finish what it is at. Raises what one of them raised."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.failure:
            raise self.failure

    def wait_for(self, more: int) -> None:
        """Wait until so many more writes were acknowledged, or none ever will be."""
        wanted, end = len(self.acknowledged) + more, time.monotonic() + PATIENCE
        while len(self.acknowledged) < wanted and not self.failure and time.monotonic() < end:
            time.sleep(0.005)

    def so_far(self) -> list[Acknowledged]:
        """What was acknowledged until now."""
        with self._lock:
            return list(self.acknowledged)

    def _go(self, writer: int) -> None:
        try:
            for number in itertools.count():
                self._may.wait()
                if self._stop.is_set():
                    return
                self._write(f"Writer {writer} says {number}.")
        except BaseException as error:
            self.failure = error
            self._stop.set()
            raise

    def _write(self, text: str) -> None:
        # A record, its row of history, its two edges, its words: a write that could be halved.
        body = json.dumps(
            {"speaker": "speaker", "text": text, "made": "2025-12-21", "directness": "direct"}
            | {"status": "attested", "sources": [{"source": "source"}]}
        ).encode()
        headers = {**JSON, "Authorization": self._bearer, "Idempotency-Key": f'"{uuid.uuid4()}"'}
        began = time.monotonic()
        while True:
            try:
                status, answered, answer = self._server.ask("POST", "/v1/statements", body, **headers)
            except (OSError, http.client.HTTPException):
                status, answered, answer = 0, {}, b""
            if status == 201:
                break
            if status not in (0, 409, 503) or time.monotonic() - began > PATIENCE:
                raise AssertionError(f"{text} {status} {answer.decode()}")
            with self._lock:
                self.counts["broken off" if status == 0 else f"answered {status}"] += 1
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311 -- nothing secret hangs on it
        with self._lock:
            self.counts["replayed"] += "idempotency-replayed" in answered
            self.longest = max(self.longest, time.monotonic() - began)
            revision = int(answered["parley-revision"])
            self.acknowledged.append(Acknowledged(text, json.loads(answer)["id"], revision))


def differences(lines: list[str], acknowledged: list[Acknowledged], exact: bool) -> Counter[str]:
    """What an export lacks of what was acknowledged, holds twice or otherwise; if ``exact``, or more."""
    held = Counter[str]()
    ids = {}
    for line in lines:
        document = json.loads(line)
        if document["kind"] == "statement":
            held[document["text"]] += 1
            ids[document["text"]] = document["id"]
    texts = {one.text for one in acknowledged}
    found = Counter(
        lost=len(texts - held.keys()),
        doubled=sum(times > 1 for times in held.values()),
        under_another_id=sum(ids.get(one.text, one.id) != one.id for one in acknowledged),
    )
    if exact:
        found["never acknowledged"] = len(held.keys() - texts)
    return found


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for what a trial needs besides the store."""
    with tempfile.TemporaryDirectory(prefix="parley-trial-") as made:
        yield Path(made)


def told(report: dict[str, Any]) -> None:
    """Print a report, a line for each figure."""
    for name, value in report.items():
        sys.stdout.write(f"{name}: {value}\n")
