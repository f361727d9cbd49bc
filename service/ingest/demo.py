"""The demo negotiation: the US-led talks on Ukraine of December 2025, as one article reports them."""

from collections import Counter
from pathlib import Path

from service.ingest import ndjson

FILE = Path(__file__).parent / "demo.ndjson"


def load() -> Counter[str]:
    """Record the demo negotiation, by the same path as any file of records."""
    with FILE.open("rb") as lines:
        return ndjson.load(lines, "parley demo")
