"""Records that may be one thing twice, or that may be taken for each other."""

import orjson

from service.diplomacy import names
from service.diplomacy.names import Namesakes
from service.storage import records
from service.storage.database import reading


def duplicates() -> tuple[list[Namesakes], list[Namesakes]]:
    """Records that have a name in common, and those of which a name only looks like another's."""
    with reading():
        documents = map(orjson.loads, records.current_of(names.ONE_OF_A_KIND))
        return names.duplicates(map(names.called, documents))
