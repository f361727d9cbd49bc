"""What an entry of a talk timeline says (design: "Shapes")."""

from typing import Any

import orjson

from schemas.vocabulary import KINDS
from service.diplomacy import dates, documents
from service.diplomacy.dates import Bounds
from service.diplomacy.documents import Document


def entry(record: Document, document: bytes, earliest: int, latest: int) -> dict[str, Any]:
    """The entry of one record, read from its document.

    ``earliest`` and ``latest`` are its bounds, in seconds since 1970.
    """
    kind = record["kind"]
    first, last = dates.rendered(Bounds(earliest, latest))
    return {
        "date": record.get(KINDS[kind].dates[0]),
        "earliest": first,
        "latest": last,
        "kind": kind,
        "title": documents.label(record),
        "record": orjson.Fragment(document),
    }
