"""``parley benchmark export``: the graph to a file, beside networkx's own writers."""

import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from scripts.benchmark import stores
from scripts.benchmark.process import Cost, cost
from service.errors import ParleyError
from service.exports.formats import FORMATS

QUICK_EDGES = 20_000
PEERS = ("gexf", "graphml", "node-link")
"""The formats that networkx writes too."""
Result = dict[str, Any]


@click.command("export")
@click.option(
    "--edges", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="How large a graph."
)
@click.option("--quick", is_flag=True, help="A small graph, and each file is read again and counted.")
@click.option(
    "--store", type=click.Path(file_okay=False), help="Folder that keeps the store for the next run."
)
@click.option("--json", "report", type=click.Path(dir_okay=False), help="A file for the figures.")
def command(edges: int, quick: bool, store: str | None, report: str | None) -> None:
    """Export a graph in each format, and with networkx: time, peak memory and size of whole processes.

    A store of that many edges is made first, in some 30 s for a million. The processes run one after another.
    """
    edges = QUICK_EDGES if quick else edges
    with stores.folder(store) as folder, tempfile.TemporaryDirectory() as files:
        environ = stores.made(folder, edges)
        result = _machine() | {"edges": edges, "formats": {}}
        for name in FORMATS:
            click.echo(f"{name} ...", err=True)
            result["formats"][name] = _measured(name, Path(files), environ, quick)
    Console().print(_table(result))
    if report:
        Path(report).write_text(json.dumps(result, indent=2) + "\n")
        click.echo(report)


def _machine() -> Result:
    """What a figure depends on beside the code."""
    return {
        "benchmark": "export",
        "date": datetime.now(UTC).date().isoformat(),
        "parley": version("parley"),
        "python": platform.python_version(),
        "networkx": version("networkx"),
        "networkx_graphml": "lxml" if find_spec("lxml") else "xml.etree",
        "processors": os.cpu_count(),
    }


def _measured(name: str, files: Path, environ: dict[str, str], check: bool) -> Result:
    """Figures of one format. With ``check``, raises ParleyError unless every file has the same graph."""
    file, other = files / "parley", files / "networkx"
    ours = cost(["scripts.cli", "export", "graph", "--format", name, "--output", str(file)], environ)
    found: Result = {"parley": _figures(ours, file)}
    if name in PEERS:
        theirs = cost(["scripts.benchmark.with_networkx", name, str(other)], environ)
        found["networkx"] = _figures(theirs, other) | json.loads(theirs.output)
    if check:
        from scripts.benchmark.graph_files import counted

        found["counts"] = counted(name, file)
        if name in PEERS and (again := counted(name, other)) != found["counts"]:
            raise ParleyError(f"{name}: {found['counts']} nodes and edges, but {again} of networkx.")
    file.unlink()
    other.unlink(missing_ok=True)
    return found


def _figures(spent: Cost, file: Path) -> Result:
    return {"seconds": spent.seconds, "peak_kib": spent.peak, "bytes": file.stat().st_size}


def _table(result: Result) -> Table:
    title = f"A graph of {result['edges']:,} edges (b+w: build and write, without reading the store)"
    caption = f"{result['date']}, Python {result['python']}, networkx {result['networkx']}"
    headings = ("", "s", "MiB", "MB", "networkx s", "b+w s", "MiB", "times faster", "than b+w", "less memory")
    table = Table(title=title, caption=caption)
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left", no_wrap=not heading)
    for name, found in result["formats"].items():
        ours, theirs = found["parley"], found.get("networkx")
        cells = [f"{ours['seconds']:.2f}", f"{ours['peak_kib'] / 1024:.1f}", f"{ours['bytes'] / 1e6:.1f}"]
        if theirs:
            working = theirs["build"] + theirs["write"]
            cells += [f"{theirs['seconds']:.2f}", f"{working:.2f}", f"{theirs['peak_kib'] / 1024:.0f}"]
            cells += [f"{theirs['seconds'] / ours['seconds']:.1f}", f"{working / ours['seconds']:.1f}"]
            cells.append(f"{theirs['peak_kib'] / ours['peak_kib']:.0f}")
        table.add_row(name, *cells)
    return table
