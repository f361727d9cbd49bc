"""``parley token``: made once, shown once, ended at once."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from service.storage import tokens
from tests.conftest import Server
from tests.scripts.conftest import Parley


@pytest.mark.parametrize("scope", ["read", "write", "admin"])
def test_create_prints_the_token_alone(ready: Parley, scope: str) -> None:
    result = ready("token", "create", "--scope", scope, "--name", "desk")
    (token,) = result.stdout.splitlines()
    assert result.stderr == ""
    assert token.startswith("parley_")
    holder = tokens.holder(token)
    assert holder is not None
    assert (holder.name, holder.scope, holder.expires_at) == ("desk", scope, None)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "desk\x1b[31m", "x" * 501])
def test_a_name_that_nobody_could_read_in_a_history_is_refused(ready: Parley, name: str) -> None:
    result = ready("token", "create", "--scope", "write", "--name", name, status=2)
    assert "Invalid value for '--name': must" in result.stderr
    assert tokens.everyone() == []


def test_no_two_are_alike_and_none_is_kept(ready: Parley) -> None:
    made = {ready("token", "create", "--scope", "read").stdout.strip() for _ in range(3)}
    assert len(made) == 3
    assert not any(token in ready("token", "list", "--json").stdout for token in made)


def test_first_makes_one_only_where_there_is_none(ready: Parley) -> None:
    assert ready("token", "create", "--scope", "write", "--first").stdout.startswith("parley_")
    assert ready("token", "create", "--scope", "write", "--first").stdout == ""
    assert len(tokens.everyone()) == 1


def test_first_counts_a_revoked_one(ready: Parley) -> None:
    """Whoever revoked the first token does not find another one in a log."""
    ready("token", "create", "--scope", "write", "--first")
    ready("token", "revoke", "1")
    assert ready("token", "create", "--scope", "write", "--first").stdout == ""


def test_days_are_until_it_expires(ready: Parley) -> None:
    ready("token", "create", "--scope", "read", "--days", "30")
    (row,) = json.loads(ready("token", "list", "--json").stdout)
    expires = datetime.fromisoformat(row["expires"])
    assert abs(expires - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)


def test_an_expired_one_lets_nobody_in(ready: Parley) -> None:
    token = tokens.create("old", "admin", expires_at=1)
    assert tokens.holder(token) is None


def test_list_for_a_program_and_for_a_person(ready: Parley) -> None:
    ready("token", "create", "--scope", "read", "--name", "reader")
    ready("token", "create", "--scope", "admin", "--name", "chief")
    ready("token", "revoke", "1")
    rows = json.loads(ready("token", "list", "--json").stdout)
    assert [(row["number"], row["name"], row["scope"]) for row in rows] == [
        (1, "reader", "read"),
        (2, "chief", "admin"),
    ]
    assert [row["revoked"] is None for row in rows] == [False, True]
    assert all(row["created"].endswith("Z") and row["expires"] is None for row in rows)
    shown = ready("token", "list").stdout
    assert "reader" in shown
    assert "chief" in shown
    assert "Last used" in " ".join(shown.split())
    assert "…" not in shown, "nothing is cut off"


def test_a_name_is_shown_as_it_is_and_is_no_markup(ready: Parley) -> None:
    for name in ("[desk]", ":eye:", "[/red]"):
        ready("token", "create", "--scope", "read", "--name", name)
        assert name in ready("token", "list").stdout


def test_revoking_twice_keeps_the_first_instant(ready: Parley) -> None:
    ready("token", "create", "--scope", "read")
    assert ready("token", "revoke", "1").stdout == "1 revoked\n"
    before = ready("token", "list", "--json").stdout
    assert ready("token", "revoke", "1").stdout == "1 revoked\n"
    assert ready("token", "list", "--json").stdout == before


def test_revoking_what_is_not_there_is_refused(ready: Parley) -> None:
    result = ready("token", "revoke", "7", status=1)
    assert "There is no token 7" in result.stderr
    assert result.stdout == ""


def test_a_revoked_token_is_refused_by_the_running_service(server: Server) -> None:
    token = server.parley("token", "create", "--scope", "write", "--name", "to-be-revoked").stdout.strip()
    url, headers = f"{server.url}/v1/actors", {"Authorization": f"Bearer {token}"}
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    rows = json.loads(server.parley("token", "list", "--json").stdout)
    (number,) = [row["number"] for row in rows if row["name"] == "to-be-revoked"]
    server.parley("token", "revoke", str(number))
    answer = requests.get(url, headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/unauthenticated"


def test_rotate_makes_one_of_the_same_name_and_scope_and_both_are_good(ready: Parley) -> None:
    old = ready("token", "create", "--scope", "write", "--name", "desk", "--days", "30").stdout.strip()
    result = ready("token", "rotate", "1")
    (new,) = result.stdout.splitlines()
    assert result.stderr == ""
    assert new != old
    holders = [tokens.holder(old), tokens.holder(new)]
    assert [(holder.name, holder.scope) for holder in holders if holder] == [("desk", "write")] * 2
    first, second = json.loads(ready("token", "list", "--json").stdout)
    day = datetime.now(UTC) + timedelta(hours=24)
    assert abs(datetime.fromisoformat(first["revoked"]) - day) < timedelta(minutes=1)
    assert second["revoked"] is None
    # As long a life as the old one was given, from now on.
    lives = [
        datetime.fromisoformat(row["expires"]) - datetime.fromisoformat(row["created"])
        for row in (first, second)
    ]
    assert abs(lives[0] - lives[1]) < timedelta(seconds=1)


def test_rotate_ends_the_old_one_after_the_overlap(ready: Parley) -> None:
    old = ready("token", "create", "--scope", "read").stdout.strip()
    new = ready("token", "rotate", "1", "--overlap", "0.0001").stdout.strip()  # 0.36 seconds
    while tokens.holder(old):
        time.sleep(0.02)
    (first, second) = json.loads(ready("token", "list", "--json").stdout)
    assert datetime.fromisoformat(first["revoked"]) <= datetime.now(UTC)
    assert second["expires"] is None
    assert tokens.holder(new) is not None
    third = ready("token", "rotate", "2", "--overlap", "0").stdout.strip()
    assert [tokens.holder(token) is not None for token in (old, new, third)] == [False, False, True]


def test_rotate_refuses_what_would_make_a_third(ready: Parley) -> None:
    ready("token", "create", "--scope", "read")
    ready("token", "rotate", "1")
    assert "replaced already" in ready("token", "rotate", "1", status=1).stderr
    ready("token", "revoke", "1")
    assert "has ended" in ready("token", "rotate", "1", status=1).stderr
    assert "no token 9" in ready("token", "rotate", "9", status=1).stderr
    tokens.create("old", "read", expires_at=1)
    assert "has ended" in ready("token", "rotate", "3", status=1).stderr
    assert len(tokens.everyone()) == 3


def test_revoke_ends_one_that_is_being_replaced_at_once(ready: Parley) -> None:
    old = ready("token", "create", "--scope", "read").stdout.strip()
    ready("token", "rotate", "1")
    assert tokens.holder(old) is not None
    ready("token", "revoke", "1")
    assert tokens.holder(old) is None


def test_list_shows_when_each_was_last_used(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    token = server.parley("token", "create", "--scope", "read").stdout.strip()
    server.parley("token", "create", "--scope", "read")
    server.start()
    url, headers = f"{server.url}/v1/actors", {"Authorization": f"Bearer {token}"}
    for _ in range(5):
        assert requests.get(url, headers=headers, timeout=10).status_code == 200
    server.stop()  # What was noted and not yet written is written now.
    used, unused = json.loads(server.parley("token", "list", "--json").stdout)
    assert abs(datetime.fromisoformat(used["last_used"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert unused["last_used"] is None
