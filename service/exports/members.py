"""The members of a JSON object that describe a node or an edge: the same in every JSON format.

A value that is not known is left out. Each function gives ``,"name":value`` for the others, to follow one.
"""

from collections.abc import Iterable

from service.exports.characters import json

_INTERVAL = ("start", "end")


def of_node(facts: tuple[str, str | None, str | None]) -> str:
    """Kind, type and status.

    >>> of_node(("actor", "state", None))
    ',"kind":"actor","type":"state"'
    """
    return _members(("kind", "type", "status"), facts)


def of_relation(relation: str) -> str:
    """The relation.

    >>> of_relation("made")
    ',"relation":"made"'
    """
    return _members(("relation",), (relation,))


def of_edge(facts: tuple[int | None, str | None, str | None, str | None]) -> str:
    """Stance, status, role and firmness.

    >>> of_edge((-2, None, None, "firm"))
    ',"stance":-2,"firmness":"firm"'
    """
    stance, *others = facts
    return ("" if stance is None else f',"stance":{stance}') + _members(
        ("status", "role", "firmness"), others
    )


def of_interval(interval: tuple[str | None, str | None]) -> str:
    """Start and end.

    >>> of_interval(("2025-12-21", None))
    ',"start":"2025-12-21"'
    """
    return _members(_INTERVAL, interval)


def _members(names: Iterable[str], values: Iterable[str | None]) -> str:
    return "".join(
        f',"{name}":{json(value)}' for name, value in zip(names, values, strict=True) if value is not None
    )
