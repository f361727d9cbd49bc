"""Counters that every worker process of a machine shares: what the limits of requests are held by.

A folder of memory-mapped files, one for each. A process writes to its own alone and reads them all, so
nothing is counted twice or lost, and no request waits for a lock that another process holds.
"""

import fcntl
import mmap
import os
import threading
import time
from hashlib import blake2b
from pathlib import Path

from limits.storage import Storage

_WORDS = 3
"""A slot is three 64-bit words: the name that is counted, the second at which its window ends, the count."""
_WAYS, _BUCKETS = 8, 512
_STRIDE = _WAYS * _WORDS
_NAME, _END, _COUNT = range(_WORDS)
_FILES = _BUCKETS * _STRIDE
"""Where the first file says, after its slots, how many files there are."""
_BYTES = (_FILES + 1) * 8

Cells = memoryview


class Counters(Storage):
    """Counts in fixed windows, as ``limits`` has its storages do. Keys are kept hashed under ``secret``.

    The windows of a key begin at the same seconds in every process, those of two keys at others. A file has
    4,096 slots, and room is made at the cost of the smallest count of eight: who sends many requests stays
    known among any number who send few. What a process counted that has ended is taken over by the next.
    """

    def __init__(self, folder: Path, secret: str) -> None:
        """Raises OSError where the folder cannot be written to."""
        super().__init__()
        self._folder = folder
        self._secret = secret.encode()[:64]
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._cells: list[Cells] = []
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._own = self._take()
            self._look()
            self._cells[0][_FILES] = len(self._cells)
        finally:
            os.close(descriptor)

    def _take(self) -> Cells:
        """The first file that no living process has. Only one process at a time looks for one."""
        number = 0
        while (found := _opened(self._folder / str(number), take=True)) is None:
            number += 1
        return found

    def _look(self) -> None:
        """Map the files that are new."""
        while (file := self._folder / str(len(self._cells))).exists():
            cells = _opened(file)
            assert cells is not None  # noqa: S101 -- only taking one can fail
            self._cells.append(cells)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` more of ``key`` in windows of ``expiry`` seconds; return the count in this one."""
        return self.hit(key, expiry, amount)[0]

    def hit(self, key: str, expiry: int, amount: int = 1) -> tuple[int, int]:
        """As ``incr``; with the second at which the window ends, since 1970."""
        name, now = self._name(key), int(time.time())
        end = now - (now + name) % expiry + expiry
        with self._lock:
            own = self._own
            at = _place(own, name, now)
            if own[at + _NAME] != name or own[at + _END] != end:
                own[at + _COUNT] = 0
                own[at + _NAME] = name
                own[at + _END] = end
            own[at + _COUNT] += amount
        return self._sum(name, now)[0], end

    def get(self, key: str) -> int:
        """The count of ``key`` in its window."""
        return self._sum(self._name(key), int(time.time()))[0]

    def get_expiry(self, key: str) -> float:
        """The second at which the window of ``key`` ends, since 1970; now, if nothing is counted."""
        now = int(time.time())
        return self._sum(self._name(key), now)[1] or now

    def _sum(self, name: int, now: int) -> tuple[int, int]:
        if self._cells[0][_FILES] > len(self._cells):
            with self._lock:
                self._look()
        count = last = 0
        for cells in self._cells:
            at = _find(cells, name)
            if at >= 0 and (end := cells[at + _END]) > now:
                count += cells[at + _COUNT]
                last = end
        return count, last

    def _name(self, key: str) -> int:
        # Hashed with what no caller knows: none can choose addresses that fall into one bucket.
        return int.from_bytes(blake2b(key.encode(), digest_size=8, key=self._secret).digest())

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def check(self) -> bool:
        return True

    def clear(self, key: str) -> None:
        """Not offered: a process does not write what others count. A window ends by itself."""
        raise NotImplementedError

    def reset(self) -> None:
        """Not offered, as ``clear``."""
        raise NotImplementedError


def _opened(file: Path, *, take: bool = False) -> Cells | None:
    """The file's words; with ``take``, as this process's own, or None if it is another's."""
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as handle:
        if take:
            try:
                # Held for as long as the mapping, which keeps a duplicate of this descriptor open.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
        # Room on the disk is had now, or never: a full disk would otherwise end a process that counts.
        os.posix_fallocate(handle.fileno(), 0, _BYTES)
        return memoryview(mmap.mmap(handle.fileno(), _BYTES)).cast("Q")


def _find(cells: Cells, name: int) -> int:
    """Where the slot of ``name`` begins; -1 if it has none."""
    first = name % _BUCKETS * _STRIDE
    for at in range(first, first + _STRIDE, _WORDS):
        if cells[at] == name:
            return at
    return -1


def _place(cells: Cells, name: int, now: int) -> int:
    """The slot of ``name``; or one whose window has ended; or that of the smallest count."""
    at = _find(cells, name)
    if at >= 0:
        return at
    first = name % _BUCKETS * _STRIDE
    slots = range(first, first + _STRIDE, _WORDS)
    return min(slots, key=lambda at: cells[at + _COUNT] if cells[at + _END] > now else -1)
