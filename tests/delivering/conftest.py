"""Receivers, and stores that need not outlive a power cut."""

from collections.abc import Iterator

import pytest

from tests.delivering.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def _no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_SYNCHRONOUS", "normal")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running
