"""Two PostgreSQL servers, which tests may kill."""

from collections.abc import Iterator

import pytest

from tests.replicas import Pair
from tests.replicas import pair as replicated


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicated() as made:
        yield made
