"""``parley import``"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import click

from scripts.ahead import ahead
from scripts.cli import REFUSED
from scripts.files import watched
from scripts.store import opened
from service.ingest import ndjson
from service.ingest.reports import Report, summary
from service.recording import Loaded
from service.settings import folder
from service.shown import printable

WORTH_IT = 20_000_000
"""Bytes of a file, some fifty thousand documents, of which a second process saves a tenth of the time."""


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--partial", is_flag=True, help="Leave out lines that are not valid, and what refers to them.")
@click.option("--dry-run", is_flag=True, help="Do all of it, keep nothing, and tell what would be.")
@click.option("--json", "as_json", is_flag=True, help="A report as JSON; with --partial, of each line.")
def command(file: BinaryIO, partial: bool, dry_run: bool, as_json: bool) -> None:
    """Record documents from FILE (- for standard input): one JSON document a line, all or nothing.

    References may go to other lines of the file. With a version a line replaces that one of the record;
    without, a document that the store holds already is passed over. What parley export records has written
    is restored into an empty store as it was.
    """
    home = folder(opened(mapped=False))
    with closing(Report(home)) as report:
        with (
            _again(file, home) as lines,
            ahead(_size(lines) > WORTH_IT) as making,
            watched("Reading", lambda: _size(lines)) as advance,
        ):
            loaded = ndjson.load(
                _Counted(lines, advance),
                "parley import",
                partial=partial,
                dry_run=dry_run,
                restoring=True,
                telling=report.begin if partial else None,
                making=making,
            )
        if as_json and partial:
            for piece in report.written(summary(loaded, dry_run)):
                click.echo(piece, nl=False)
        elif as_json:
            click.echo(json.dumps(summary(loaded, dry_run)))
        else:
            for line in report.refused():
                for fault in line.get("errors", [{"pointer": "", "detail": "is left out"}]):
                    told = f"  line {line['line']}{fault['pointer']}: {fault['detail']}"
                    click.echo(printable(told), err=True)
            click.echo(_told(loaded, dry_run))
    if loaded.refused:
        sys.exit(REFUSED)


def _told(loaded: Loaded, dry_run: bool) -> str:
    told = f"{loaded.created} records created, {loaded.unchanged} unchanged"
    told += f", {loaded.amended} amended" if loaded.amended else ""
    told += f", {loaded.refused} lines left out" if loaded.refused else ""
    return f"{told} (dry run: nothing was kept)" if dry_run else told


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)  # It is read from the beginning, however far somebody came.


@contextmanager
def _again(file: BinaryIO, folder: Path) -> Iterator[BinaryIO]:
    """The file, or a copy of it where it can be read only once."""
    if file.seekable():
        yield file
        return
    with TemporaryFile(dir=folder) as copy:
        shutil.copyfileobj(file, copy)
        yield copy


class _Counted:
    """A file, and a progress bar that is told of each line that is read."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], object]) -> None:
        self._file, self._advance = file, advance
        self.seek = file.seek

    def readline(self, limit: int, /) -> bytes:
        line = self._file.readline(limit)
        self._advance(len(line))
        return line
