"""Servers under test: each a process group of its own, on loopback, on a core of its own, logging nowhere."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.benchmark.load import Address, ask, get
from service.errors import ParleyError

HOST = "127.0.0.1"
WORKERS, THREADS = 2, 4
"""Of every WSGI server: what Parley has when it is not told otherwise."""
_PATIENCE = 60
_TOP = Path(__file__).parents[2]


_ALL = sorted(os.sched_getaffinity(0))


def cores() -> tuple[set[int], set[int]]:
    """The core of the servers, and that of who asks them: the same where there is only one."""
    return {_ALL[0]}, {_ALL[-1]}


@contextmanager
def on(these: set[int]) -> Iterator[None]:
    """Meanwhile this thread, and what it starts, is on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, these)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def parley(environ: Mapping[str, str], port: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of Parley's own server: without limits on requests."""
    given = {
        "PARLEY_BIND": f"{HOST}:{port}",
        "PARLEY_WORKERS": str(WORKERS),
        "PARLEY_THREADS": str(THREADS),
        "PARLEY_LIMIT_TOKEN": "off",
        "PARLEY_LIMIT_ADDRESS": "off",
    }
    return [sys.executable, "-m", "scripts.cli", "serve"], {**environ, **given}


def wsgi(app: str, environ: Mapping[str, str], port: int) -> tuple[list[str], dict[str, str]]:
    """The same for another application, under the same kind of server."""
    options = ["--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--keep-alive", "75"]
    options += ["--workers", str(WORKERS), "--threads", str(THREADS), "--no-control-socket"]
    if Path("/dev/shm").is_dir():  # noqa: S108 -- gunicorn makes the file itself
        options += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return [sys.executable, "-m", "gunicorn", *options, app], dict(environ)


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], port: int, path: str = "/", folder: Path = _TOP
) -> Iterator[int]:
    """A server, once it answers at ``path``; its process id. Raises ParleyError if it does not."""
    with on(cores()[0]):
        process = subprocess.Popen(  # noqa: S603 -- what this package names
            command,
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        wait(process, (HOST, port), path)
        yield process.pid
    finally:
        stop(process)


def wait(process: "subprocess.Popen[bytes]", address: Address, path: str) -> None:
    """Return once the server answers at all."""
    until(lambda: ask(address, get(path)), process, OSError, ParleyError)


def until(
    answers: Callable[[], object], process: "subprocess.Popen[bytes]", *failures: type[Exception]
) -> None:
    """Return once ``answers`` raises none of the failures. Raises ParleyError if the server ends or hangs."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ParleyError(f"{process.args!r} ended with {process.returncode}.")
        try:
            answers()
        except failures:
            time.sleep(0.01)
        else:
            return
    raise ParleyError(f"{process.args!r} does not answer.")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a server, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
