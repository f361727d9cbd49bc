"""Networks as they are sent: in a graph format, as JSON, as a matrix, and as what measures say of them.

A network is computed before its first byte is sent, so that what cannot be computed is refused as such. What
is sent is then written as it goes.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from service.diplomacy import dates, measures
from service.diplomacy.dates import Bounds
from service.diplomacy.measures import MEASURES
from service.diplomacy.networks import Network
from service.diplomacy.windows import Window
from service.errors import Fault, InvalidParameters, NotAcceptable
from service.exports import matrix_csv, network_json
from service.exports.graphs import Edge, Graph, Write
from service.questions.asking import Answer
from service.questions.networks import Networks

COUNTED = ("degree", "weighted-degree", "component", "nodes", "ties", "density", "components")
"""The measures that cost no more than to count."""
MOST_CELLS = 10_000_000
"""A matrix is held in memory, at 8 bytes a cell."""


def as_json(found: Networks) -> Iterator[bytes]:
    """As this service's own JSON."""
    about = {"relation": found.asked.relation, "directed": found.directed, "two_mode": found.two_mode}
    parts = (
        network_json.Part(_bounds(window), (found.names[id] for id in network.nodes), network.edges())
        for window, network in found.spells
    )
    return network_json.write({**about, **found.asked.chosen}, parts, found.asked.windows is not None)


def as_graph(found: Networks, write: Write) -> Iterator[bytes]:
    """In a graph format: every node once; edges of a window begin and end with it."""
    about = Graph(f"Parley: {found.asked.relation}", found.directed, found.modified)
    return write(about, found.names.values(), _edges(found))


def _edges(found: Networks) -> Iterator[Edge]:
    numbers = count(1)
    for window, network in found.spells:
        bounds = _bounds(window)
        times = {name: bounds[name] for name in ("start", "end") if name in bounds}
        for tail, head, weight in network.edges():
            yield Edge(str(next(numbers)), tail, head, found.asked.relation, weight, **times)


def as_matrix(found: Networks) -> Iterator[bytes]:
    """As a matrix in CSV. Raises NotAcceptable for a series, InvalidParameters for too large a one."""
    if found.asked.windows is not None:
        raise NotAcceptable(
            "A series of networks is not one matrix: leave windows out, or ask window by window."
        )
    ((_, network),) = found.spells
    if len(network.rows) * len(network.columns) > MOST_CELLS:
        why = f"would be a matrix of more than {MOST_CELLS:,} cells: name fewer, or take another format"
        raise InvalidParameters(f"actors {why}.", [Fault("actors", why)])
    rows = [found.names[id] for id in network.rows]
    columns = [found.names[id] for id in network.columns] if network.two_mode else rows
    return matrix_csv.write(rows, columns, (line for _, line in network.matrix()))


def _bounds(window: Window | None) -> Answer:
    if window is None:
        return {}
    start, end = dates.rendered(Bounds(window.start, window.end))
    return {"label": window.label, "start": start, "end": end}


def measured(found: Networks, names: Sequence[str]) -> Answer:
    """The measures of each network. Raises InvalidParameters where they would take minutes."""
    sizes = [(len(network.nodes), network.size) for _, network in found.spells]
    if set(names) - set(COUNTED) and len(sizes) > 1:
        # Each network has its limit; a series of many has that of one.
        work = sum(nodes * ties for nodes, ties in sizes) if "betweenness" in names else 0
        if sum(ties for _, ties in sizes) > measures.MOST_TIES or work > measures.MOST_PATHS:
            why = (
                f"would take too long in {len(sizes)} windows: take longer ones, or only {', '.join(COUNTED)}"
            )
            raise InvalidParameters(f"measures {why}.", [Fault("measures", why)])
    parts = [{**_bounds(window), **_measured(found, network, names)} for window, network in found.spells]
    about = {"relation": found.asked.relation}
    return {**about, **parts[0]} if found.asked.windows is None else {**about, "windows": parts}


def _measured(found: Networks, network: Network, names: Sequence[str]) -> Answer:
    values = measures.measure(network, names)
    nodes: list[dict[str, Any]] = []
    for place, id in enumerate(values.ids):
        node = found.names[id]
        type = {"type": node.type} if node.type is not None else {}
        own = {name: column[place] for name, column in values.nodes.items()}
        nodes.append({"id": id, "kind": node.kind, **type, "label": node.label, **own})
    return {"nodes": nodes, "network": values.network}


def measured_table(answer: Answer, names: Sequence[str]) -> Iterator[bytes]:
    """The same as a table: a row for each node (of each window), the network's own measures in every row."""
    windowed = "windows" in answer
    head = ("Window", "Start", "End") if windowed else ()
    ordered = sorted(dict.fromkeys(names), key=lambda name: MEASURES[name].of == "network")
    rows = (
        (
            *((part["label"], part["start"], part["end"]) if windowed else ()),
            *(node.get(name) for name in ("id", "kind", "type", "label")),
            *(node.get(name, part["network"].get(name)) for name in ordered),
        )
        for part in (answer["windows"] if windowed else (answer,))
        for node in part["nodes"]
    )
    return matrix_csv.table((*head, "Id", "Kind", "Type", "Label", *ordered), rows)
