"""What commands that write or read large files share: whole or not there, with a progress bar."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from service.errors import ParleyError

STANDARD_OUTPUT = "-"

_Row = TypeVar("_Row")
_ROWS_AT_ONCE = 1_000


@contextmanager
def written(to: str, force: bool) -> Iterator[BinaryIO]:
    """The file named ``to``, or standard output for ``-``. Raises ParleyError if it is there already."""
    if to == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    file = Path(to)
    if file.exists() and not file.is_file():
        raise ParleyError(f"{to} is there already, and is no file that could be replaced.")
    if file.exists() and not force:
        raise ParleyError(f"{to} is there already: --force writes over it.")
    with _aside(file) as stream:
        yield stream


@contextmanager
def watched(description: str, total: Callable[[], int]) -> Iterator[Callable[[int], object]]:
    """A progress bar where somebody is there to see it; what is yielded advances it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # Not rich's, which takes 3 MiB: an export may have 40 MB in all.
    with click.progressbar(length=total(), label=description, show_pos=True, file=sys.stderr) as bar:
        yield bar.update


def counted(rows: Iterable[_Row], advance: Callable[[int], object]) -> Iterator[_Row]:
    """The rows, of which a progress bar is told."""
    number = 0
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _ROWS_AT_ONCE == 0:
            advance(_ROWS_AT_ONCE)
    advance(number % _ROWS_AT_ONCE)


@contextmanager
def _aside(file: Path) -> Iterator[BinaryIO]:
    """A file beside ``file`` that takes its place when all is written, and is gone if not all was."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # or a power cut could leave the name with nothing behind it
        part.replace(file)
    except OSError as error:
        raise ParleyError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # Where nothing can be written there is nothing to take away.
            part.unlink(missing_ok=True)
