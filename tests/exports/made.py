"""Graphs to write: one that shows every attribute, and random ones with the texts that break writers."""

import random
from typing import NamedTuple

from hypothesis import strategies as st

from service.exports.graphs import Edge, Graph, Node


class Made(NamedTuple):
    """What a writer is given."""

    graph: Graph
    nodes: list[Node]
    edges: list[Edge]


TALKS = Made(
    Graph("Ukraine talks, December 2025", modified="2025-12-23"),
    [
        Node("ukraine", "Ukraine", "actor", "state"),
        Node("russia", 'Россия & "co"', "actor", "state"),
        Node("nato", "=NATO\tmembership", "issue"),
        Node("miami", "Miami round", "talk", "in-person", "held", "2025-12-20", "2025-12-22"),
        Node("geneva", "Geneva", "talk", "phone", "held", "2025-11-23T15:04:05Z", "2025-11-23T15:04:05Z"),
        Node("westphalia", "Before the Common Era", "event", "agree", None, "-0499-01-01", None),
    ],
    [
        Edge(
            "1", "ukraine", "nato", "position", 1.0, 2, "attested", None, "red-line", "said-1", "2025-12-21"
        ),
        Edge("2", "ukraine", "nato", "position", 0.5, -1, "disputed", record="said-2", end="2025-12-22"),
        Edge("3", "russia", "miami", "took-part", role="party", record="miami", start="2025-12-20"),
        Edge("4", "russia", "russia", "member-of", -2.5),
        Edge("5", "nato", "ukraine", "about", 3, 0),
    ],
)

# What has broken one reader or another: markup, quotes, control characters, halves of a surrogate pair,
# what is no character, line ends of every kind, escapes, both directions of writing, combining marks,
# letters beyond 16 bits, formulas.
NASTY = (
    "&<>\"'\\/=+-@;,|#%$`{}[]()\t\n\r\0\x01\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9f\xa0\xad"
    "\u0301\u05d0\u0627\u0628\u200b\u200d\u200e\u200f\u202e\u2028\u2029\u2066\u3000\ufeff\ufffd\ufffe\uffff"
    "\ud800\udbff\udc00\udfff\U0001f600\U0001f1fa\U0001fffe\U0010ffff aZ0éЖ漢"
)
PIECES = (
    *(
        "",
        " ",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&#0;",
        "\\N",
        "\\n",
        "\\",
        '\\"',
        '""',
        "\r\n",
        "{{",
        "%s",
        "null",
    ),
    *(
        "=1+1",
        "+1",
        "-1",
        "@a",
        "\t=",
        "\r=",
        "'",
        "__proto__",
        "Київ",
        "שלום",
        "السلام",
        "𝔘𝔫",
        "🇺🇦",
        "\ud83d\ud83d",
    ),
)
DATES = (
    *(
        None,
        None,
        "2025-12-21",
        "2025-12-22",
        "2024-02-29",
        "2025-12-22T19:30:00Z",
        "0001-01-01",
        "9999-12-31",
    ),
    *("0000-01-01", "-0999-01-01", "170000002-01-01"),
)
WEIGHTS = (1.0, 1, 0.0, -0.0, 0.5, -3.25, 1e-7, 12345.0, 1 / 3)
STANCES = (None, 0, 1, 2, -1, -2, 100)


def some_text(chance: random.Random) -> str:
    """Pieces and characters that break writers; empty now and then."""
    drawn = (
        chance.choice(PIECES) if chance.random() < 0.2 else chance.choice(NASTY)
        for _ in range(chance.choice((0, 1, 1, 2, 4, 9)))
    )
    return "".join(drawn)


def some_graph(chance: random.Random) -> Made:
    """Up to four nodes and six edges, loops and parallel ones among them."""

    def maybe() -> str | None:
        return some_text(chance) if chance.random() < 0.5 else None

    pick = chance.choice
    ids = [f"{pick('a0')}{number}-" for number in range(chance.randrange(5))]
    nodes = [
        Node(id, some_text(chance), some_text(chance), maybe(), maybe(), pick(DATES), pick(DATES))
        for id in ids
    ]
    edges = []
    for number in range(chance.randrange(7) if ids else 0):
        # Some edges are called as a node is.
        edge = pick((ids[0], "x")) if number == 0 else f"e{number}"
        facts = (some_text(chance), pick(WEIGHTS), pick(STANCES), maybe(), maybe(), maybe())
        edges.append(
            Edge(edge, pick(ids), pick(ids), *facts, pick((None, "said-1")), pick(DATES), pick(DATES))
        )
    return Made(Graph(some_text(chance), chance.random() < 0.7, pick(DATES) or "1970-01-01"), nodes, edges)


def many_graphs(how_many: int) -> list[Made]:
    """The same ones every time."""
    chance = random.Random(1648)  # noqa: S311 - for tests, and to be repeated
    return [TALKS, *(some_graph(chance) for _ in range(how_many - 1))]


_TEXTS = st.text(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=())), max_size=12)
_MAYBE = st.none() | _TEXTS
_DATES = st.sampled_from(DATES)
_WEIGHTS = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def any_graphs(draw: st.DrawFn) -> Made:
    """As `some_graph`, of any Unicode at all, and made smaller where it fails."""
    ids = draw(st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,79}", fullmatch=True), max_size=4, unique=True))
    nodes = [
        Node(id, draw(_TEXTS), draw(_TEXTS), draw(_MAYBE), draw(_MAYBE), draw(_DATES), draw(_DATES))
        for id in ids
    ]
    ends = st.sampled_from(ids) if ids else st.nothing()
    edge = st.tuples(
        *(ends, ends, _TEXTS, _WEIGHTS, st.none() | st.integers(-1000, 1000), _MAYBE, _MAYBE, _MAYBE),
        *(st.none() | ends, _DATES, _DATES),
    )
    edges = draw(st.lists(edge, max_size=4)) if ids else []
    about = Graph(draw(_TEXTS), draw(st.booleans()))
    return Made(about, nodes, [Edge(f"e{number}", *edge) for number, edge in enumerate(edges)])
