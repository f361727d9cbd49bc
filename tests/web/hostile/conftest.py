"""What the tests of hostile input stand on: a real server, and that nothing of it was written."""

from collections.abc import Iterator

import pytest
import requests

from tests.conftest import Server
from tests.web.hostile.sending import Target


@pytest.fixture(scope="module")
def target(server: Server) -> Iterator[Target]:
    token = server.parley("token", "create", "--scope", "write", "--name", "hostile").stdout.split()[-1]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield Target(server, token, session)


@pytest.fixture(scope="module")
def head(server: Server) -> str:
    """The head of the history, its number and hash."""
    return server.parley("check").stdout


@pytest.fixture(autouse=True)
def _nothing_is_written(server: Server, head: str) -> Iterator[None]:
    """After each test the head of the history is the same, and the store is sound."""
    yield
    assert server.parley("check").stdout == head
