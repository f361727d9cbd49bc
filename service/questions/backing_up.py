"""Backups: each is checked as the store itself is before it counts as one (and before it is put back)."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from schemas.vocabulary import ACTIONS
from service.diplomacy import revisions
from service.errors import Conflict, ParleyError
from service.questions.checking import Finding, Head, check
from service.settings import Settings
from service.storage import auditing, backups, database, migrate
from service.storage.database import reading
from service.storage.records import recorded_at

SIZE = len(revisions.GENESIS)
"""Bytes of a hash."""

Watched = Callable[[str, int], Any]
"""Gives, for what is done and how many steps it has, a context of a function that is told of steps done."""


class Held(NamedTuple):
    """What a backup holds."""

    file: str
    bytes: int
    head: Head
    records: int | None
    """Of a dump it is not counted."""
    recorded_at: str
    """Of the newest revision."""


def back_up(settings: Settings, to: Path, watched: Watched) -> Held:
    """Copy the database into the new file ``to``, check the copy, and say what it holds.

    The file is there when it has been checked, not before. Raises Conflict if there is one of its name,
    ParleyError if it cannot be made or is not sound.
    """
    if to.exists():
        raise Conflict(f"{to} is there already.")
    try:
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as folder:
            part = Path(folder) / to.name
            part.touch(mode=0o600)  # As the store itself: it holds the secrets of webhooks.
            if backups.embedded():
                _copied(part, watched)
                held = checked(settings, part, watched)
            else:
                head = Head(*backups.dumped(part))
                held = checked_dump(part, watched)
                if held.head != head:
                    raise ParleyError(f"The dump ends at {held.head}, and not at {head}.")
            backups.synced(part)
            # Now for good. A file of that name, made meanwhile, is not written over.
            to.hardlink_to(part)
            backups.synced(to.parent)
    except OSError as error:
        raise ParleyError(f"{to} cannot be written: {error.strerror}.") from error
    return held._replace(file=str(to))


def _copied(part: Path, watched: Watched) -> None:
    with watched("Copying", 100) as advance:
        done = 0

        def pages(copied: int, all: int) -> None:
            nonlocal done
            percent = copied * 100 // max(1, all)
            advance(percent - done)
            done = percent

        backups.copied(part, pages)


def checked(settings: Settings, file: Path, watched: Watched, *, migrating: bool = False) -> Held:
    """What a copy of a file holds. Raises ParleyError, with the first few findings, if it is not sound.

    With ``migrating`` one that an earlier release made is first made one of this.
    """
    findings = [Finding("file", what) for what in backups.damage(file)]
    if findings:
        raise _unsound(file, findings)
    database.connect(settings._replace(database_url=backups.address(file), database_read_url=""))
    try:
        if migrating:
            migrate.migrate()
        migrate.check()
        with reading():
            size, moment = auditing.size(), recorded_at(None)
        with watched("Checking", size) as advance:
            head = check(None, findings.append, advance)
    finally:
        database.disconnect()
        database.connect(settings, create=True)
    if findings:
        raise _unsound(file, findings)
    backups.vacated(file)
    return Held(str(file), file.stat().st_size, head, size - head.seq, revisions.instant(moment))


def checked_dump(file: Path, watched: Watched) -> Held:
    """What a dump holds: its chain is followed, from the first revision to the last. Raises ParleyError."""
    hashes, newest = bytearray(), 0
    with watched("Checking", 0) as advance:
        # Twice: first the hashes alone, for the rows of a table lie in no certain order.
        for row in backups.dumped_revisions(file):
            at = int(row["seq"]) * SIZE
            hashes.extend(bytes(max(0, at - len(hashes))))
            hashes[at - SIZE : at] = _bytes(row["hash"])
            newest = max(newest, int(row["recorded_at"]))
        rows = 0
        for row in backups.dumped_revisions(file):
            seq, rows = int(row["seq"]), rows + 1
            before = bytes(hashes[(seq - 2) * SIZE : (seq - 1) * SIZE]) if seq > 1 else revisions.GENESIS
            action, author = ACTIONS[int(row["action"])], _text(row["recorded_by"])
            if _bytes(row["hash"]) != revisions.digest(before, seq, action, author, _bytes(row["document"])):
                raise _unsound(file, [Finding(f"revision {seq}", "is not the next in the chain")])
            advance(1)
    if rows * SIZE != len(hashes):
        raise _unsound(file, [Finding("history", f"has {rows} of {len(hashes) // SIZE} revisions")])
    head = Head(rows, bytes(hashes[-SIZE:]) or revisions.GENESIS)
    return Held(str(file), file.stat().st_size, head, None, revisions.instant(newest))


def _bytes(field: str) -> bytes:
    return bytes.fromhex(field.removeprefix("\\\\x"))


def _text(field: str) -> str:
    r"""A field as COPY writes it, without its escapes (PostgreSQL, COPY, "Text Format").

    >>> _text(r"a\\b\tc")
    'a\\b\tc'
    """
    marks = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    pieces, escaped = [], False
    for char in field:
        if escaped:
            pieces.append(marks.get(char, char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            pieces.append(char)
    return "".join(pieces)


def _unsound(file: Path, findings: list[Finding]) -> ParleyError:
    told = "; ".join(f"{finding.where}: {finding.what}" for finding in findings[:5])
    return ParleyError(f"{file.name} is not sound, {len(findings)} findings: {told}")
