"""``parley webhook`` and ``parley deliver``, as processes that are stopped and killed."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from standardwebhooks import WebhookVerificationError

from service import recording
from service.diplomacy.changes import Change
from service.storage import webhooks
from service.storage.models import Delivery
from tests.conftest import ACTOR, ROOT
from tests.delivering.receiver import Receiver, receiving
from tests.readme import blocks
from tests.scripts.conftest import Parley

PRIVATE = "PARLEY_WEBHOOK_PRIVATE"


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A command run within this process takes them over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(PRIVATE, "true")
    with receiving() as running:
        yield running


def write(many: int, prefix: str = "a") -> None:
    recording.write([Change("actor", f"{prefix}{number}", ACTOR) for number in range(many)], "test")


def deliverer(*options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "scripts.cli", "deliver", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=pipe, stderr=pipe, text=True)


def listed(ready: Parley) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(ready("webhook", "list", "--json").stdout)
    return rows


# --- webhook ---------------------------------------------------------------------------------------------


def test_add_prints_the_secret_alone(ready: Parley, receiver: Receiver) -> None:
    result = ready("webhook", "add", receiver.url)
    (secret,) = result.stdout.splitlines()
    assert "webhook 1 added" in result.stderr
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert ready("webhook", "add", receiver.url).stdout.strip() != secret
    for shown in (ready("webhook", "list"), ready("webhook", "list", "--json")):
        assert secret not in shown.stdout
        assert str(receiver.port) in shown.stdout


@pytest.mark.parametrize("url", ["hooks.example", "ftp://hooks.example/", "http://a:b@hooks.example/"])
def test_what_is_no_address_is_a_wrong_use(ready: Parley, url: str) -> None:
    ready("webhook", "add", url, status=2)
    assert listed(ready) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_an_address_that_is_not_public_is_refused(ready: Parley, host: str) -> None:
    result = ready("webhook", "add", f"http://{host}/", status=1)
    assert "not public" in result.stderr
    assert PRIVATE in result.stderr
    assert listed(ready) == []


def test_list_shows_how_it_goes(ready: Parley, receiver: Receiver) -> None:
    ready("webhook", "add", receiver.url)
    ready("webhook", "add", receiver.named)
    write(2)
    receiver.answers = [204, 410, 204]
    result = ready("deliver", "--once")
    assert result.stdout == "2 delivered, 1 failed\n"
    assert "webhook 2: 410 Gone: it gets nothing any more" in result.stderr
    first, second = listed(ready)
    assert str(first.pop("created")).endswith("Z")
    assert first == {
        "number": 1,
        "url": receiver.url,
        "gone": False,
        "pending": 0,
        "failed": 0,
        "error": None,
    }
    assert (second["gone"], second["pending"], second["failed"], second["error"]) == (True, 0, 2, "410 Gone")
    refused = ready("webhook", "retry", "2", status=1)
    assert "gone" in refused.stderr


def test_retry_sends_at_once_what_waits(ready: Parley, receiver: Receiver) -> None:
    ready("webhook", "add", receiver.url)
    write(1)
    receiver.answers = [500]
    ready("deliver", "--once")
    Delivery.update(due_at=Delivery.due_at + 3600 * 1_000_000).execute()
    receiver.answers = [204]
    assert ready("deliver", "--once").stdout == "0 delivered, 0 failed\n"
    assert ready("webhook", "retry", "1").stdout == "1 due\n"
    assert ready("deliver", "--once").stdout == "1 delivered, 0 failed\n"


def test_remove_ends_it(ready: Parley, receiver: Receiver) -> None:
    ready("webhook", "add", receiver.url)
    write(1)
    assert ready("webhook", "remove", "1").stdout == "1 removed\n"
    assert ready("deliver", "--once").stdout == "0 delivered, 0 failed\n"
    assert receiver.received == []
    for command in ("remove", "retry"):
        assert "There is no webhook 1" in ready("webhook", command, "1", status=1).stderr


def test_the_readme_shows_how_to_verify(ready: Parley, receiver: Receiver) -> None:
    shown, checking = (block for block in blocks("") if block.startswith(("{", "from ")))
    secret = ready("webhook", "add", receiver.url).stdout.strip()
    write(1)
    ready("deliver", "--once")
    (message,) = receiver.received
    names = {"body": message.body, "headers": message.headers}
    checking = checking.replace("whsec_THE-ONE-THAT-WAS-PRINTED", secret)
    exec(checking, names)  # noqa: S102 -- what a reader would do
    assert json.loads(shown).keys() == names["message"].keys()
    with pytest.raises(WebhookVerificationError):
        exec(checking, {**names, "body": message.body.replace(b"a0", b"a1")})  # noqa: S102


# --- deliver ---------------------------------------------------------------------------------------------


def test_it_goes_on_until_it_is_told_to_stop(ready: Parley, receiver: Receiver) -> None:
    ready("webhook", "add", receiver.url)
    process = deliverer()
    for many, prefix in ((1, "a"), (3, "b")):
        write(2, prefix)
        receiver.wait_for(many)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < 5
    assert (process.returncode, errors) == (0, "")
    assert said in ("4 delivered, 0 failed\n", "3 delivered, 0 failed\n")
    assert len(receiver.received) == int(said[0])


def test_killed_in_the_middle_it_is_sent_again(ready: Parley, receiver: Receiver) -> None:
    ready("webhook", "add", receiver.url)
    write(3)
    held = threading.Event()

    def hold(_: BaseHTTPRequestHandler) -> None:
        held.wait(30)

    receiver.answers = [204, hold]
    process = deliverer()
    receiver.wait_for(2)
    process.kill()
    process.communicate()
    held.set()
    receiver.answers = [204]
    assert ready("deliver", "--once").stdout == "0 delivered, 0 failed\n", "as if it were on its way"
    assert Delivery.update(due_at=1).where(Delivery.attempts == 1).execute() == 1
    assert ready("deliver", "--once").stdout == "2 delivered, 0 failed\n"
    told = [json.loads(message.body)["data"]["revision"] for message in receiver.received]
    assert told == [1, 2, 2, 3]
    assert receiver.received[1].headers["webhook-id"] == receiver.received[2].headers["webhook-id"]
    assert receiver.received[1].body == receiver.received[2].body


def test_several_at_once_send_nothing_twice_and_keep_the_order(ready: Parley, receiver: Receiver) -> None:
    with receiving() as other:
        secrets = {}
        for one in (receiver, other):
            secrets[one.port] = ready("webhook", "add", one.url).stdout.strip()
        write(40)
        processes = [deliverer("--once") for _ in range(4)]
        said = [process.communicate(timeout=60)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * 4
        assert sum(int(line.split()[0]) for line in said) == 80
        assert sum(not line.startswith("0 ") for line in said) > 1, "one did it all"
        for one in (receiver, other):
            told = [message.verified(secrets[one.port])["data"]["revision"] for message in one.received]
            assert told == list(range(1, 41))
            assert one.most_at_once == 1
    assert [hook.pending for hook in webhooks.everyone()] == [0, 0]
