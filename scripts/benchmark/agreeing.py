"""Whether all that is compared answers with the same: the floors byte for byte, the peers row for row."""

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.benchmark import asked, raw
from scripts.benchmark.load import Address, ask, get
from scripts.benchmark.peers import Peer
from service.errors import ParleyError

Rows = list[tuple[str, str, int, str]]
"""Statement, issue, stance, text."""
ACTORS = 12
_SEED = 3


def answer(address: Address, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of an answer. Raises ParleyError unless it is a 200."""
    status, _, body = ask(address, get(path, **(headers or {})))
    if status != 200:
        raise ParleyError(f"{path}: {status}: {body[:300]!r}")
    return body


def histories(address: Address, found: asked.Store) -> dict[str, Rows]:
    """The first page of some actors' histories as Parley gives it."""
    paths = islice(asked.paths(found)["history"](_SEED), ACTORS)
    pages: dict[str, Rows] = {}
    for path in paths:
        items = json.loads(answer(address, path))["items"]
        pages[urlsplit(path).path.split("/")[3]] = [
            (one["statement"]["id"], one["issue"], one["stance"], one["statement"]["text"]) for one in items
        ]
    return pages


def with_query(database: Path, pages: Mapping[str, Rows]) -> None:
    """Raise ParleyError unless the raw query has the same rows."""
    connection = raw.opened(database)
    for id, page in pages.items():
        rows = raw.history(connection, id, asked.LIMIT)
        found = [(row[0], row[1], json.loads(row[-1])["text"]) for row in rows]
        same("the raw query", id, found, [(statement, stance, text) for statement, _, stance, text in page])


def with_peer(peer: Peer, address: Address, pages: Mapping[str, Rows]) -> None:
    """Raise ParleyError unless a peer has the same rows, together and one by one."""
    for id, page in pages.items():
        body = answer(address, peer.history.format(id=id), peer.headers)
        rows = peer.rows(json.loads(body))
        same(peer.name, id, [_row(row) for row in rows], page)
        one = json.loads(answer(address, peer.record.format(place=rows[-1]["place"]), peer.headers))
        single = one if "place" in one else _only(peer.rows(one))
        same(peer.name, f"{id}'s last row", [_row(single)], page[-1:])


def _row(found: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return found["statement"], found["issue"], found["stance"], found["text"]


def _only(found: Any) -> Any:
    return found[0] if isinstance(found, list) else found


def same(who: str, of: str, found: list[Any], wanted: list[Any]) -> None:
    """Raise ParleyError, saying where, unless what was found is what was wanted."""
    if found != wanted:
        places = [place for place, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]]
        where = f"first at {places[0]}" if places else f"{len(found)} rows and not {len(wanted)}"
        raise ParleyError(f"{who} has other rows for {of}: {where}.")
