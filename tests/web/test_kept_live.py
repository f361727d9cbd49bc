"""Answers that are kept by several workers: none is of a state that its caller has seen the end of."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conftest import Another, Server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, another: Another) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("kept") / "home"
    server = Server(home, PARLEY_WORKERS="2", PARLEY_DATABASE_URL=another())
    server.parley("demo")
    yield server.start()
    assert server.stop() == 0


def test_no_worker_answers_with_what_was(running: Server) -> None:
    """Whoever has been told that a write is done reads it, from whichever worker, while others write too."""
    token = running.parley("token", "create", "--scope", "write").stdout.split()[-1]
    bearer = {"Authorization": f"Bearer {token}"}

    def write_and_read(writer: int) -> int:
        chance, read = random.Random(writer), 0  # noqa: S311 -- nothing secret hangs on it
        url = f"{running.url}/v1/actors/kept-{writer}"
        with requests.Session() as session:
            for version in range(1, 26):
                document = {"type": "person", "name": f"Version {version}"}
                sent = {**bearer, **({"If-Match": f'"{version - 1}"'} if version > 1 else {})}
                session.put(url, json=document, headers=sent, timeout=30).raise_for_status()
                for _ in range(chance.randint(1, 4)):
                    # On a connection of its own, which either of the workers may take.
                    found = requests.get(url, headers=chance.choice(({}, bearer)), timeout=30)
                    assert (found.json()["name"], found.headers["ETag"]) == (
                        f"Version {version}",
                        f'"{version}"',
                    )
                    listed = requests.get(f"{url}/revisions?limit=1000", timeout=30).json()["items"]
                    assert [one["version"] for one in listed] == [*range(1, version + 1)]
                    read += 1
        return read

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write_and_read, range(4))) > 150
