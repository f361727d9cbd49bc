"""How many nodes and edges an exported graph has for those who read it."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx

Counts = tuple[int, int]


def counted(format: str, file: Path) -> Counts:
    """Nodes and edges of a file, as networkx, or a plain parser of the format, has them."""
    if format == "csv":
        return _rows(file, "nodes.csv"), _rows(file, "edges.csv")
    if format == "dot":
        text = file.read_text(encoding="utf-8")
        edges = len(re.findall(r'^\s*"[^"]*" -> "', text, re.M))
        return len(re.findall(r'^\s*"[^"]*" \[', text, re.M)), edges
    if format in ("gexf", "graphml"):
        graph = (nx.read_gexf if format == "gexf" else nx.read_graphml)(file)
        return graph.number_of_nodes(), graph.number_of_edges()
    return _in_json(format, json.loads(file.read_bytes()))


def _rows(file: Path, table: str) -> int:
    with zipfile.ZipFile(file) as archive, archive.open(table) as stream:
        return sum(1 for _ in csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))) - 1


def _in_json(format: str, found: dict[str, Any]) -> Counts:
    if format == "node-link":
        graph = nx.node_link_graph(found, edges="edges")
        return graph.number_of_nodes(), graph.number_of_edges()
    inner = found["elements"] if format == "cytoscape" else found["graph"]
    return len(inner["nodes"]), len(inner["edges"])
