"""DOT, the language of Graphviz (https://graphviz.org/doc/info/lang.html).

DOT's own numbers have no exponent, so that a weight stands in quotes. Within quotes, DOT itself knows one
escape, of the quote. A backslash before anything else is left for whoever uses the string: where Graphviz
draws it, backslash and ``n`` break the line, two backslashes are one, and ``&amp;`` is an ampersand
(https://graphviz.org/docs/attr-types/escString/). So backslashes are doubled and line breaks of any kind are
written as backslash and ``n`` in every string, and ampersands as ``&amp;`` in labels. What SVG cannot hold is
replaced, as `service.exports.characters` says.
"""

import re
from collections.abc import Iterable, Iterator

from service.exports.characters import allowed
from service.exports.gexf import COLOURS, UNKNOWN_COLOUR
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.rows import Memo, chunks, number

_SPECIAL = re.compile(r'["\\\n\r]|[^\x20-\x7e]')
_BREAK = re.compile(r"\r\n?|\n")


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as one DOT graph, in UTF-8."""
    yield (
        f"{'digraph' if graph.directed else 'graph'} {{\n"
        f"graph [label={_label(graph.title)}, modified={_quoted(graph.modified)}, "
        'labelloc=t, charset="UTF-8"];\n'
        'node [shape=box, style="rounded,filled", fontname="sans-serif"];\n'
        'edge [fontname="sans-serif"];\n'
    ).encode()
    yield from chunks(_nodes(nodes))
    yield from chunks(_edges(edges, "->" if graph.directed else "--"))
    yield b"}\n"


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    facts, times = Memo(_node_facts), Memo(_times)
    for id, label, kind, type, status, start, end in nodes:
        yield f'"{id}" [label={_label(label)}{facts[kind, type, status]}{times[start, end]}];\n'


def _edges(edges: Iterable[EdgeValues], arrow: str) -> Iterator[str]:
    weights, facts, times = Memo(number), Memo(_edge_facts), Memo(_times)
    for id, tail, head, relation, weight, stance, status, role, firmness, record, start, end in edges:
        said = f', record="{record}"' if record is not None else ""
        yield (
            f'"{tail}" {arrow} "{head}" [id="{id}", weight="{weights[weight]}"'
            f"{facts[relation, stance, status, role, firmness]}{said}{times[start, end]}];\n"
        )


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    red, green, blue = COLOURS.get(facts[0], UNKNOWN_COLOUR)
    # Light letters on the dark colours: relative luminance, roughly (ITU-R BT.601).
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128
    letters = ', fontcolor="#ffffff"' if dark else ""
    colour = f'"#{red:02x}{green:02x}{blue:02x}"{letters}'
    return f"{_attributes(('kind', 'type', 'status'), facts)}, fillcolor={colour}"


def _edge_facts(facts: tuple[str, int | None, str | None, str | None, str | None]) -> str:
    relation, stance, *others = facts
    measured = "" if stance is None else f", stance={stance}"
    return f", label={_label(relation)}{measured}{_attributes(('status', 'role', 'firmness'), others)}"


def _times(interval: tuple[str | None, str | None]) -> str:
    return _attributes(("start", "end"), interval)


def _attributes(names: Iterable[str], values: Iterable[str | None]) -> str:
    return "".join(
        f", {name}={_quoted(value)}" for name, value in zip(names, values, strict=True) if value is not None
    )


def _label(text: str) -> str:
    return _quoted(text.replace("&", "&amp;"))


def _quoted(text: str) -> str:
    r"""The text as a DOT string.

    >>> print(_quoted('a "b"\nc\\'))
    "a \"b\"\nc\\"
    """
    if _SPECIAL.search(text):
        text = allowed(text).replace("\\", "\\\\").replace('"', '\\"')
        text = _BREAK.sub(r"\\n", text)
    return f'"{text}"'
