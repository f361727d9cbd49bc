"""The report of an import, line by line: kept in a file, for it may be as long as what was imported."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import orjson

from service.errors import Fault, StoreUnavailable
from service.recording import Entry, Loaded, Outcome
from service.recording.loading import Told

_PIECE = 1 << 16
_FULL = "There is no room for the report."


def summary(loaded: Loaded, dry_run: bool) -> dict[str, Any]:
    """How many lines did what, and the newest revision."""
    return {**loaded._asdict(), "dry_run": dry_run}


class Report:
    """What became of each line. ``begin`` is what ``ndjson.load`` takes as ``telling``.

    Where there is no room for it, that raises StoreUnavailable, and nothing is recorded.
    """

    def __init__(self, folder: Path | None = None) -> None:
        try:
            self._file = TemporaryFile(dir=folder)  # noqa: SIM115 -- ``close`` closes it
        except OSError as error:
            raise StoreUnavailable(_FULL) from error

    def close(self) -> None:
        with suppress(OSError):  # What found no room is tried once more.
            self._file.close()

    def begin(self) -> Told:
        self._file.seek(0)
        self._file.truncate()
        return self._add

    def _add(self, entry: Entry, outcome: Outcome | None, found: Sequence[Fault]) -> None:
        line: dict[str, Any] = {"line": entry.number, "outcome": outcome.action if outcome else "refused"}
        if outcome:
            line |= {"id": outcome.id, "kind": outcome.kind, "version": outcome.version}
        elif entry.change:
            line |= {"id": entry.change.id, "kind": entry.change.kind}
        if found:
            line["errors"] = [{"pointer": fault.place, "detail": fault.detail} for fault in found]
        try:
            self._file.write((b",\n" if self._file.tell() else b"") + orjson.dumps(line))
            self._file.flush()  # Now, while it can still be said: later the lines are recorded.
        except OSError as error:
            raise StoreUnavailable(_FULL) from error

    def refused(self) -> Iterator[dict[str, Any]]:
        """The lines that were left out."""
        self._file.seek(0)
        for text in self._file:
            line = orjson.loads(text.rstrip(b",\n"))
            if line["outcome"] == "refused":
                yield line

    def written(self, summed: dict[str, Any]) -> Iterator[bytes]:
        """The report as JSON: the summary, and in it the lines."""
        yield orjson.dumps(summed)[:-1] + b',"lines":[\n'
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece
        yield b"]}\n"
