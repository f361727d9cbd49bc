"""The only way out: records as they are or were known to be, histories, timelines, search, the graph.

Every answer is made ready for ``orjson.dumps``, with stored documents in it as they were rendered
(``orjson.Fragment``): no record is serialised again.
"""

from service.questions.asking import (
    Answer,
    Page,
    Paging,
    Position,
    Span,
    age,
    at_once,
    not_before,
    present,
    state,
)
from service.questions.changes import Changes, arrival, change, changed, news
from service.questions.checking import Finding, Head, check
from service.questions.exporting import exported, exported_revisions
from service.questions.graphs import GraphQuestion, drawn
from service.questions.health import Concern, diagnosis, standing
from service.questions.network_files import as_graph, as_json, as_matrix, measured, measured_table
from service.questions.networks import NetworkQuestion, Networks, tied
from service.questions.reading import Document, listing, past, record, revision
from service.questions.searching import found
from service.questions.stories import history, timeline, told
from service.storage.records import State

__all__ = [
    "Answer",
    "Changes",
    "Concern",
    "Document",
    "Finding",
    "GraphQuestion",
    "Head",
    "NetworkQuestion",
    "Networks",
    "Page",
    "Paging",
    "Position",
    "Span",
    "State",
    "age",
    "arrival",
    "as_graph",
    "as_json",
    "as_matrix",
    "at_once",
    "change",
    "changed",
    "check",
    "diagnosis",
    "drawn",
    "exported",
    "exported_revisions",
    "found",
    "history",
    "listing",
    "measured",
    "measured_table",
    "news",
    "not_before",
    "past",
    "present",
    "record",
    "revision",
    "standing",
    "state",
    "tied",
    "timeline",
    "told",
]
