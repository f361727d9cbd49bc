"""What was measured, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table


def reads(result: Mapping[str, Any]) -> Iterator[Table]:
    """A table for each store, and one of what happens inside the service."""
    for size, measures in result["reads"].items():
        title = f"Reads, {int(size):,} statements, {result['connections']} connections"
        table = Table(title=title, caption=_machine(result))
        for heading in ("", "", "a second", "of bare", "p50 ms", "p99 ms", "KB"):
            table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
        for measure, found in measures.items():
            for what, figures in sorted(found.items(), key=lambda one: -one[1]["per_second"]):
                ratio = f"{figures['of_bare']:.2f}" if "of_bare" in figures else ""
                numbers = (
                    f"{figures['p50_ms']:.2f}",
                    f"{figures['p99_ms']:.2f}",
                    f"{figures['bytes'] / 1000:.1f}",
                )
                table.add_row(measure, what, f"{figures['per_second']:,.0f}", ratio, *numbers)
            table.add_section()
        yield table
    yield _inside(result)


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
        f"{result['rounds']} rounds of {result['seconds']} s; limits off, no logs"
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """Each figure that both runs have, and by how much it changed."""
    table = Table(title=f"Changes since {before['date']}")
    for heading in ("", "before", "after", "change"):
        table.add_column(heading, justify="right" if heading else "left")
    was = dict(_leaves(before))
    for name, value in _leaves(after):
        if was.get(name):
            table.add_row(name, f"{was[name]:g}", f"{value:g}", f"{value / was[name] - 1:+.0%}")
    return table


def _leaves(found: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, float]]:
    for key, value in found.items():
        here = f"{name} / {key}" if name else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        elif isinstance(value, int | float) and name:
            yield here, float(value)
