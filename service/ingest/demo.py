"""The demo negotiation: the US-led talks on Ukraine of December 2025, as one article reports them."""

from pathlib import Path

from service.ingest import ndjson
from service.recording import Loaded

FILE = Path(__file__).parent / "demo.ndjson"


def load() -> Loaded:
    """Record the demo negotiation, by the same path as any file of records."""
    with FILE.open("rb") as file:
        return ndjson.load(file, "parley demo")
