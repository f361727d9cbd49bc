"""What was measured of reads, as a chart: bars of requests a second, each beside the bare route's."""

from collections.abc import Mapping
from html import escape
from typing import Any

_BAR, _GAP, _LABELS, _WIDTH, _VALUES = 14, 4, 190, 420, 150
_COLOURS = {"parley": "#0b6e4f", "bare": "#9aa5b1"}
_OTHER = "#d08c60"


def drawn(result: Mapping[str, Any]) -> str:
    """The chart of the largest store that there are figures of, as a whole SVG document."""
    size, measures = list(result["reads"].items())[-1]
    lines: list[str] = []
    y = 30
    for measure, found in measures.items():
        lines.append(_text(0, y + 11, f"{measure}, requests a second", "bold"))
        y += 20
        most = max(figures["per_second"] for figures in found.values())
        for what, figures in sorted(found.items(), key=lambda one: -one[1]["per_second"]):
            width = max(1, round(figures["per_second"] / most * _WIDTH))
            colour = _COLOURS.get(what.replace(",", " ").split()[0], _OTHER)
            lines.append(_text(_LABELS - 6, y + 11, what, anchor="end"))
            lines.append(f'<rect x="{_LABELS}" y="{y}" width="{width}" height="{_BAR}" fill="{colour}"/>')
            told = f"{figures['per_second']:,.0f}"
            if "of_bare" in figures and what != "bare":
                told += f" ({figures['of_bare']:.2f} of bare)"
            lines.append(_text(_LABELS + width + 6, y + 11, told))
            y += _BAR + _GAP
        y += 10
    title = f"Reads of {int(size):,} statements, {result['connections']} connections, {result['date']}"
    about = (
        f"{result['processors']} of {result['processor']}, one for the server; Python {result['python']}; "
        f"medians of {result['rounds']} rounds"
    )
    lines = [_text(0, 14, title, "bold"), *lines, _text(0, y + 11, about)]
    width, height = _LABELS + _WIDTH + _VALUES, y + 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -6 {width + 20} {height + 12}" '
        f'width="{width + 20}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img">'
    )
    box = f'<rect x="-10" y="-6" width="{width + 20}" height="{height + 12}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", box, *lines, "</svg>", ""])


def _text(x: int, y: int, text: str, weight: str = "normal", anchor: str = "start") -> str:
    look = f'font-weight="{weight}" text-anchor="{anchor}" fill="#1f2933"'
    return f'<text x="{x}" y="{y}" {look}>{escape(text)}</text>'
