"""What can go wrong, said plainly. Which status a caller sees is decided in ``service.web.problems``."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with what was sent.

    ``place`` is a JSON Pointer into the document (RFC 6901), or the name of a query parameter or header.
    """

    place: str
    detail: str


class ParleyError(Exception):
    """Any refusal or failure that a caller is told of."""

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = list(faults)


class Malformed(ParleyError):
    """What was sent is not what the protocol or the notation allows (JSON, a cursor, a header)."""


class InvalidParameters(ParleyError):
    """A query parameter is unknown or its value is not one it takes."""


class Invalid(ParleyError):
    """A document that breaks the vocabulary: each place is named."""


class NotFound(ParleyError):
    """There is no such record, revision or path."""


class Moved(ParleyError):
    """The record was merged into another one."""

    def __init__(self, kind: str, old: str, new: str) -> None:
        super().__init__(f"{kind} {old!r} was merged into {new!r}.")
        self.kind = kind
        self.old = old
        self.new = new


class NotAcceptable(ParleyError):
    """None of the formats asked for is one that the path gives."""


class Conflict(ParleyError):
    """The write contradicts what the store holds; ``referrers`` are the first few that stand against it."""

    def __init__(self, detail: str, referrers: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(detail)
        self.referrers = list(referrers)


class PreconditionRequired(ParleyError):
    """A write to an existing record did not say which version it replaces."""

    def __init__(self, detail: str, current: int) -> None:
        super().__init__(detail)
        self.current = current


class PreconditionFailed(ParleyError):
    """The version that a write wants to replace is not the current one (None: there is none).

    For a read: the answer that If-Match names is not the one of the tag ``current``.
    """

    def __init__(self, detail: str, current: int | str | None) -> None:
        super().__init__(detail)
        self.current = current


class KeyInUse(ParleyError):
    """The first request with this idempotency key is still in progress."""


class KeyReused(ParleyError):
    """The idempotency key was used for another request."""


class Unauthenticated(ParleyError):
    """A token is needed, or the one given is unknown, expired or revoked."""


class Forbidden(ParleyError):
    """The token's scope does not reach that far."""


class TooManyRequests(ParleyError):
    """A limit of requests is reached; ``retry_after`` is in how many seconds there may be more."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StoreUnavailable(ParleyError):
    """The database is locked, full, gone or being migrated: try again shortly."""


class Undecided(StoreUnavailable):
    """The database did not say whether it took a write: it may have, or may yet."""


class NotMigrated(ParleyError):
    """The database's schema is not the one this release needs."""


class Undeliverable(ParleyError):
    """A webhook's address is none that may be sent to, or nobody there takes what is sent."""


class BadSetting(ParleyError):
    """A setting's value cannot be used."""
