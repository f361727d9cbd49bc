"""What the server's master does for metrics, before and after each of its workers lives."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import mkdtemp

from service.web.metrics import FOLDER

LISTENER = "service.web.metrics_listener"
UNDER_WAY = "gauge_livesum"
SIZES = {"histogram": 1 << 19, "counter": 1 << 16, UNDER_WAY: 1 << 16}
"""Bytes of each file of a place. One that turns out too small is doubled."""
PAUSE = 1.0
"""Seconds until a listener that has ended is followed by another: its address may be taken for a while."""

log = logging.getLogger(__name__)


class Master:
    """Makes the folder that metrics are kept in, gives out the places in it, starts the listener."""

    def __init__(self) -> None:
        """Raises OSError where the folder cannot be made."""
        # In memory: were it on the disk that the data is on, a full one would end who counts.
        memory = Path("/dev/shm")  # noqa: S108 -- the folder in it is this process's own
        within = memory if os.access(memory, os.W_OK) else None
        self.folder = Path(mkdtemp(prefix=f"parley-metrics-{os.getpid()}-", dir=within))
        _sweep(self.folder.parent)
        os.environ[FOLDER] = str(self.folder)
        self._listener: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        # Held while a process is started, of whatever kind. A worker forked while the listener is started
        # would keep open the pipe that tells whether that went well, and who waits for its end would wait for
        # the worker's.
        self._starting = threading.Lock()

    def listen(self) -> None:
        """Start the listener, and another one whenever it has ended, until ``stop``."""
        os.register_at_fork(
            before=self._starting.acquire,
            after_in_parent=self._starting.release,
            after_in_child=self._starting.release,
        )
        # By a thread that waits for it: the server only tells of the ends of its workers.
        threading.Thread(target=self._keep, name="metrics", daemon=True).start()

    def _keep(self) -> None:
        while not self._stopped.is_set():
            with self._starting:
                self._listener = subprocess.Popen([sys.executable, "-m", LISTENER])  # noqa: S603
            self._listener.wait()
            self._stopped.wait(PAUSE)

    def place(self, taken: set[int]) -> int | None:
        """A place for a worker about to start, none of those ``taken``; None if there is no room for it.

        Its files are had in full from the moment that they have their names: memory that is mapped and has
        no room behind it ends a process, and whoever adds the files up cannot read an empty one.
        """
        number = min(set(range(len(taken) + 1)) - taken)
        try:
            self.left(number)
            for kind, size in SIZES.items():
                file = self._file(kind, number)
                if not file.exists():
                    begun = file.with_suffix(".begun")
                    with begun.open("wb") as handle:
                        os.posix_fallocate(handle.fileno(), 0, size)
                    begun.rename(file)
        except OSError as error:
            log.error("no metrics of a worker: %s", error)
            return None
        return number

    def left(self, place: int) -> None:
        """The worker that had this place has ended: what was under way in it is so no longer."""
        self._file(UNDER_WAY, place).unlink(missing_ok=True)

    def stop(self) -> None:
        """The server ends."""
        self._stopped.set()
        if self._listener:
            self._listener.terminate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, kind: str, place: int) -> Path:
        return self.folder / f"{kind}_{place}.db"


def _sweep(within: Path) -> None:
    """Remove what masters left that were killed."""
    for folder in within.glob("parley-metrics-*-*"):
        pid = folder.name.split("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
