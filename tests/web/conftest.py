"""The world that most tests of the service stand in."""

import pytest
from flask.testing import FlaskClient

from service import recording
from service.diplomacy.changes import Change
from tests.web import samples


@pytest.fixture(autouse=True)
def _no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of stores, each filled in a moment: none of them has to outlive a power cut."""
    monkeypatch.setenv("PARLEY_SYNCHRONOUS", "normal")


@pytest.fixture
def world(writer: FlaskClient) -> FlaskClient:
    """A caller who may write, to a store that holds one or two records of each kind."""
    # In one transaction, because most tests begin with this.
    recording.write([Change(document["kind"], document["id"], document) for document in samples.WORLD], "us")
    return writer
