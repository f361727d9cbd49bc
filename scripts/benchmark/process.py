"""What a command costs as a whole process: seconds, and the most memory it ever had.

The kernel counts what a process was before ``exec`` as its own, so that the child of a large process seems
large. So a small one starts it: this module, as ``python -m scripts.benchmark.process COMMAND``.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Wall-clock seconds, the peak of the resident set in KiB (``ru_maxrss``), and what it printed."""

    seconds: float
    peak: int
    output: str


def cost(command: Sequence[str], environ: dict[str, str]) -> Cost:
    """Run a module of this project, with its arguments, and say what it cost. Raises CalledProcessError."""
    import subprocess

    done = subprocess.run(  # noqa: S603 -- our own modules
        [sys.executable, "-m", "scripts.benchmark.process", sys.executable, "-m", *command],
        env=environ,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    *printed, last = done.stdout.splitlines()
    seconds, peak = last.split()
    return Cost(float(seconds), int(peak), "\n".join(printed))


def module(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run a module of this project, with its arguments; what it printed. Raises CalledProcessError."""
    import subprocess

    done = subprocess.run(  # noqa: S603 -- our own modules
        [sys.executable, "-m", *command],
        env=dict(environ),
        cwd=Path(__file__).parents[2],
        capture_output=True,  # The service logs each request, also where there is no server.
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stderr[-4000:])
        done.check_returncode()
    return done.stdout


def _run(command: list[str]) -> int:
    began = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    sys.stdout.write(f"{time.perf_counter() - began} {usage.ru_maxrss}\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
