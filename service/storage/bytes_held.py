"""Numbers that requests hold in a file, each for as long as its holder lives."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import StoreUnavailable


@contextmanager
def held(path: str, number: int) -> Iterator[bool]:
    """Hold a number of 62 bits; False, at once, if another request holds it, in whatever process.

    Whoever holds one and dies holds it no longer: what is locked is one byte of an empty file, by its
    open file description (fcntl(2), F_OFD_SETLK). Unlike a record lock of POSIX it holds against other
    threads of this process as well, and it ends when the descriptor is closed, by whatever end of the
    process too.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnavailable("The file of the keys in use cannot be opened.") from error
    try:
        # struct flock of Linux on 64 bits: type, whence, start, length, process.
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
