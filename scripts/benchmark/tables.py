"""What was measured, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table


def all(result: Mapping[str, Any]) -> Iterator[Table]:
    """Every table that there are figures for."""
    yield from _reads(result)
    if "inside" in result:
        yield _inside(result)
    for part in ("writes", "networks"):
        for name, figures in result.get(part, {}).items():
            yield _plain(f"{part.capitalize()}: {name}", figures)
    if "footprint" in result:
        yield _plain("Footprint", result["footprint"])


def _plain(title: str, figures: Mapping[str, float]) -> Table:
    table = Table(title=title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    return table


def _reads(result: Mapping[str, Any]) -> Iterator[Table]:
    """A table for each store, and one of how the small store's times and the large one's compare."""
    stores = result.get("reads", {})
    for size, measures in stores.items():
        title = f"Reads, {int(size):,} statements, {result['connections']} connections"
        table = Table(title=title, caption=_machine(result))
        for heading in ("", "", "a second", "of bare", "of SQLite", "p50 ms", "p99 ms", "p99/p50", "KB"):
            table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
        for measure, found in measures.items():
            for what, figures in sorted(found.items(), key=lambda one: -one[1]["per_second"]):
                ratio = f"{figures['of_bare']:.2f}" if "of_bare" in figures else ""
                times = figures["p50_ms"], figures["p99_ms"], figures["p99_ms"] / figures["p50_ms"]
                size_of = f"{figures['bytes'] / 1000:.1f}"
                twin = f"{figures['of_sqlite']:.2f}" if "of_sqlite" in figures else ""
                cells = f"{figures['per_second']:,.0f}", ratio, twin, f"{times[0]:.2f}", f"{times[1]:.2f}"
                table.add_row(measure, what, *cells, f"{times[2]:.1f}", size_of)
            table.add_section()
        yield table
    if len(stores) > 1:
        yield _growth(*list(stores.items())[-2:])


def _growth(small: tuple[str, Any], large: tuple[str, Any]) -> Table:
    table = Table(title="p50 ms as the store grows")
    for heading in ("", "", f"{int(small[0]):,}", f"{int(large[0]):,}", "times"):
        table.add_column(heading, justify="right" if heading else "left")
    for measure, found in small[1].items():
        for what, figures in found.items():
            if what in large[1].get(measure, {}):
                before, after = figures["p50_ms"], large[1][measure][what]["p50_ms"]
                table.add_row(measure, what, f"{before:.2f}", f"{after:.2f}", f"{after / before:.2f}")
    return table


def _inside(result: Mapping[str, Any]) -> Table:
    table = Table(title="Inside the service, one at a time: p50 in ms")
    table.add_column("")
    columns = [(size, way) for size in result["inside"] for way in ("parley", "raw query")]
    for size, way in columns:
        table.add_column(f"{way}, {int(size):,}", justify="right")
    measures: Mapping[str, Any] = next(iter(result["inside"].values()), {})
    for measure in measures:
        cells = [result["inside"][size].get(measure, {}).get(way) for size, way in columns]
        table.add_row(measure, *("" if cell is None else f"{cell:.3f}" for cell in cells))
    return table


def _machine(result: Mapping[str, Any]) -> str:
    return (
        f"{result['date']}, Python {result['python']}, SQLite {result['sqlite']}, "
        f"{result['processors']} processors (load {result['load']:.1f}); "
        f"{result['workers']} workers of {result['threads']} threads on one of them; "
        f"{result['rounds']} rounds of {result['seconds']} s; limits off, logs to /dev/null"
    )


_OF_NO_INTEREST = ("bytes", "client_busy", "requests", "workers", "nodes", "neighbourhoods")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """Each figure that both runs have, and by how much it changed."""
    table = Table(title=f"Changes since {before['date']}")
    for heading in ("", "before", "after", "change"):
        table.add_column(heading, justify="right" if heading else "left")
    was = dict(_leaves(before))
    for name, value in _leaves(after):
        if was.get(name) and not name.endswith(_OF_NO_INTEREST):
            table.add_row(name, f"{was[name]:g}", f"{value:g}", f"{value / was[name] - 1:+.0%}")
    return table


def _leaves(found: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, float]]:
    for key, value in found.items():
        here = f"{name} / {key}" if name else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        elif isinstance(value, int | float) and name:
            yield here, float(value)
