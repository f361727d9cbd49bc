"""What an entry of a timeline says, in words: the same in every format that is for reading."""

from collections.abc import Iterator

from service.exports import partial_dates
from service.exports.timelines import Entry, type_of

_LABELS = {
    "talk": ("Participants", "Mode"),
    "statement": ("Speaker", "Channel"),
    "proposal": ("Sponsors", "Type"),
    "event": ("Actors", "Type"),
}
"""What to call those whom an entry is about, and its type."""


def actors(entry: Entry) -> list[str]:
    """Who the entry is about, each with the role and on whose behalf: ``Ann (mediator, for Norway)``."""
    record = entry.record
    match entry.kind:
        case "talk":
            return [
                _actor(entry, one["actor"], one["role"], one.get("on_behalf_of"))
                for one in record["participants"]
            ]
        case "statement":
            return [_actor(entry, record["speaker"], None, record.get("on_behalf_of"))]
        case "proposal":
            return [_actor(entry, id) for id in record.get("sponsors", ())]
        case _:
            return [_actor(entry, one["actor"], one["role"]) for one in record.get("actors", ())]


def headline(entry: Entry) -> str:
    """The title; of a statement with its speaker, without whom what was said would read as so."""
    speaker = entry.record["speaker"] if entry.kind == "statement" else None
    return f"{entry.names.get(speaker, speaker)}: {entry.title}" if speaker else entry.title


def text(entry: Entry) -> str:
    """What was said, proposed, agreed or counted, a line each; empty where the record says no more."""
    record = entry.record
    match entry.kind:
        case "talk":
            outcome = record.get("outcome", {})
            lines = [outcome.get("summary") or ""]
        case "statement":
            lines = [record["text"]]
        case "proposal":
            lines = [f"{clause['key']}: {clause['text']}" for clause in record["clauses"] if "text" in clause]
        case _:
            lines = [_figure(entry, figure) for figure in record.get("figures", ())]
    return "\n".join(line for line in lines if line)


def paragraphs(entry: Entry) -> Iterator[tuple[str, str]]:
    """The entry in full but for headline and sources: a label (none for the text itself) and what it says."""
    record = entry.record
    when = partial_dates.words(entry.date, entry.earliest)
    # The date as recorded stands beside its words, for a reader who knows how to read it.
    yield "Date", (f"{when} ({entry.date})" if when else entry.date or "not known")
    who, what = _LABELS[entry.kind]
    sort = type_of(entry)
    told = [
        (who, "; ".join(actors(entry))),
        ("To", ", ".join(entry.names.get(id, id) for id in record.get("addressed_to", ()))),
        ("", text(entry)),
        ("Translation", record.get("translation")),
        (what, sort if sort != "unspecified" else None),
        ("Status", record.get("status")),
        ("Result", record.get("outcome", {}).get("result")),
        ("Place", place(entry)),
        ("Notes", record.get("notes")),
    ]
    yield from ((name, value) for name, value in told if value)


def sources(entry: Entry) -> list[str]:
    """Each source in one line: title, publisher, URL."""
    return [", ".join(part for part in source if part) for source in entry.sources]


def plain(entry: Entry) -> str:
    """The entry in full but for its title, as plain text, a line for each thing it says."""
    lines = [f"{label}: {value}" if label else value for label, value in paragraphs(entry)]
    return "\n".join([*lines, *(f"Source: {source}" for source in sources(entry))])


def place(entry: Entry) -> str:
    """The name of the place where it was, or nothing."""
    name: str = entry.record.get("place", {}).get("name", "")
    return name


def _actor(entry: Entry, id: str, role: str | None = None, on_behalf_of: str | None = None) -> str:
    behalf = f"for {entry.names.get(on_behalf_of, on_behalf_of)}" if on_behalf_of else None
    more = ", ".join(part for part in (role, behalf) if part)
    return f"{entry.names.get(id, id)} ({more})" if more else entry.names.get(id, id)


def _figure(entry: Entry, figure: dict[str, object]) -> str:
    bound = str(figure["bound"]).replace("-", " ") if "bound" in figure else None
    said = " ".join(str(part) for part in (bound, figure["value"], figure.get("unit")) if part is not None)
    by = figure.get("attributed_to")
    return f"{figure['label']}: {said}" + (
        f" (according to {entry.names.get(str(by), str(by))})" if by else ""
    )
