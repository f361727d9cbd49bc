"""The only way in: record, amend, delete and merge. One transaction each, all of it or nothing.

What is written is checked against the vocabulary, the dates, the records it refers to and the scales of
the issues it takes a stance on; then it is rendered once, to the bytes that are kept, served and exported.

Changes are taken in batches, so that a call of a million needs no more memory than one of a thousand. They
are gone over twice: ``staging`` lets each in and appends its revision, ``linking`` then resolves what it
refers to, which may stand anywhere in the call, and writes its edges.
"""

from service.recording.batches import batched, write
from service.recording.loading import Loaded, load
from service.recording.merging import merge
from service.recording.replaying import Recorded, replay
from service.recording.run import Entry, Outcome
from service.recording.staging import ready
from service.recording.stating import Making, in_turn

__all__ = [
    "Entry",
    "Loaded",
    "Making",
    "Outcome",
    "Recorded",
    "batched",
    "in_turn",
    "load",
    "merge",
    "ready",
    "replay",
    "write",
]
