"""Programs that run side by side on this machine's loopback: started, waited for, ended."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
NOBODY = "nobody"
"""Who runs what refuses to be run as root, or should not be."""


class Process(NamedTuple):
    """A program that was started, and the file that has what it said."""

    name: str
    running: "subprocess.Popen[bytes]"
    log: Path


class NotReady(Exception):
    """A program ended, or was not ready in time; the message has the end of what it said."""


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def unprivileged() -> dict[str, object]:
    """What makes ``subprocess`` run a program as nobody in particular, where this is root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(NOBODY)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def hand_over(folder: Path) -> Path:
    """Make a folder for whoever ``unprivileged`` runs programs as, and for nobody else."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(NOBODY)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder


def start(
    name: str, command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], *, drop: bool = True
) -> Process:
    """Run a program in a session of its own, so that ^C reaches only who started it. ``drop``: as nobody."""
    log = folder / f"{name}.log"
    who = unprivileged() if drop else {}
    with log.open("ab") as said:
        running = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - our own programs
            [str(part) for part in command],
            env={**_plain(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            **who,
        )
    return Process(name, running, log)


def run(
    command: Sequence[str | Path], environ: Mapping[str, str], *, drop: bool = True, seconds: float = 60
) -> str:
    """Run a program to its end and give what it printed. Raises NotReady if it failed, or takes longer."""
    who = unprivileged() if drop else {}
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - our own programs
            [str(part) for part in command],
            env={**_plain(), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            **who,
        )
    except subprocess.TimeoutExpired:
        raise NotReady(f"{command[0]} has not ended in {seconds:g} s") from None
    if done.returncode:
        raise NotReady(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return str(done.stdout)


def wait_until(ready: Callable[[], bool], process: Process | None, what: str, seconds: float = 60) -> float:
    """Seconds until it was so. Raises NotReady if it is not in time, or the process ended."""
    began = time.monotonic()
    while not ready():
        ended = process is not None and process.running.poll() is not None
        if ended or time.monotonic() - began > seconds:
            said = process.log.read_text(errors="replace")[-3000:] if process else ""
            raise NotReady(f"{what}: {'ended' if ended else f'not in {seconds:g} s'}\n{said}")
        time.sleep(0.05)
    return time.monotonic() - began


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def stop(process: Process, how: signal.Signals = signal.SIGTERM, seconds: float = 20) -> None:
    """End a program, and what it started; by force if it has not ended in time."""
    if process.running.poll() is None:
        process.running.send_signal(how)
        try:
            process.running.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: Process, also: Sequence[int] = ()) -> None:
    """End a program, others, and all that they started at once, as a power cut would."""
    # First it, so that it starts no other, then those it had: each may be in a session of its own.
    heads = [process.running.pid, *also]
    for pid in [*heads, *(pid for head in heads for pid in descendants(head))]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.running.wait()


def descendants(pid: int) -> Iterator[int]:
    """Processes that a process started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # It has ended since.
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    yield from found[1:]


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _plain() -> dict[str, str]:
    """This process's environment without what would have our programs, or libpq, do something else."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "PG"))}
