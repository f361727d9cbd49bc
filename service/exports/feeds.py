"""What our Atom feeds share (RFC 4287). Media type ``application/atom+xml``.

Ids are ``urn:uuid:``, of version 5 (RFC 9562), since an id outlives the address that it is served at
(section 4.2.6); that of a feed is made of its address.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from service.exports.characters import xml
from service.exports.timelines import clean

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = UUID("a93d1e1b-5a4b-5ce5-8a0e-6d9c6a0e3f52")
"""Of the ids of entries; for ever."""


def head(title: str, address: str, updated: str, next: str | None = None, about: str | None = None) -> str:
    """The beginning of a feed, up to its entries. ``updated`` is an instant (RFC 3339).

    ``next`` is the absolute URL of what follows, where this is a page (RFC 5005, section 3); ``about`` the
    address that all the pages have in common, where that is not ``address``.
    """
    links = link("self", address, type=MEDIA_TYPE)
    if next:
        links += link("next", next, type=MEDIA_TYPE)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dcterms="http://purl.org/dc/terms/">\n'
        f"{element('id', uuid5(NAMESPACE_URL, clean(about or address)).urn)}"
        f"{element('title', title)}"
        f"{element('updated', updated)}"
        "<author><name>Parley</name></author>\n"
        f"<generator>Parley</generator>\n{links}"
    )


def identified(name: str) -> str:
    """The id of what has this name, wherever it is served."""
    return element("id", uuid5(NAMESPACE, name).urn)


def element(name: str, text: str) -> str:
    """An element that holds a text."""
    return f"<{name}>{escaped(text)}</{name}>\n"


def link(relation: str, address: str, **attributes: str) -> str:
    """A link to an address, with further attributes."""
    more = "".join(f' {name}="{escaped(value)}"' for name, value in attributes.items())
    return f'<link rel="{relation}" href="{escaped(address)}"{more}/>\n'


def category(term: str) -> str:
    """A term that an entry is filed under."""
    return f'<category term="{escaped(term)}"/>\n'


def content(text: str) -> str:
    """What an entry says, as plain text."""
    return f'<content type="text">{escaped(text)}</content>\n'


def escaped(text: str) -> str:
    """The text as it stands in XML, in an element or an attribute."""
    return xml(clean(text))
