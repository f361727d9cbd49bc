"""A network as this service's own JSON: nodes, then weighted edges; or a series of them, window by window."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from service.exports.characters import json
from service.exports.graphs import Node
from service.exports.rows import Memo, chunks, number


class Part(NamedTuple):
    """One network: what else is said of it, its nodes, and (source, target, weight) of its edges."""

    about: Mapping[str, Any]
    nodes: Iterable[Node]
    edges: Iterable[tuple[str, str, float]]


def write(about: Mapping[str, Any], parts: Iterable[Part], series: bool) -> Iterator[bytes]:
    """An object of ``about``, which is not empty, and of the one part, or of ``windows``, a list of parts."""
    head = orjson.dumps(about)[:-1]
    if not series:
        (part,) = parts
        yield head + b","
        yield from _part(part)
    else:
        yield head + b',"windows":['
        for place, part in enumerate(parts):
            yield (b",\n" if place else b"\n") + orjson.dumps(part.about)[:-1] + b","
            yield from _part(part)
        yield b"]}"
    yield b"\n"


def _part(part: Part) -> Iterator[bytes]:
    yield b'"nodes":['
    yield from chunks(map(_node, part.nodes), ",\n")
    yield b'],"edges":['
    numbers = Memo(number)
    edges = (
        f'{{"source":"{source}","target":"{target}","weight":{numbers[weight]}}}'
        for source, target, weight in part.edges
    )
    yield from chunks(edges, ",\n")
    yield b"]}"


def _node(node: Node) -> str:
    type = f',"type":{json(node.type)}' if node.type is not None else ""
    return f'{{"id":"{node.id}","kind":"{node.kind}"{type},"label":{json(node.label)}}}'
