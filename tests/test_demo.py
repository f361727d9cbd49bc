"""The demo holds what the article says. The expectations were written from the article, not from the file."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service import settings as all_settings
from service.app import create_app
from service.ingest import demo
from service.storage import database, migrate
from tests.conftest import Another

THE_ARTICLE = "siversk-strikes-talks-article"

Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory, another: Another) -> Iterator[Ask]:
    """The body of the answer to a GET on a store that holds the demo and nothing else."""
    home = tmp_path_factory.mktemp("demo")
    settings = all_settings.load()._replace(home=home, database_url=another())
    database.connect(settings, create=True)
    migrate.migrate()
    demo.load()
    client = create_app(settings).test_client()

    def get(path: str) -> Any:
        answer = client.get(f"/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    yield get
    database.disconnect()


def figures(event: dict[str, Any]) -> dict[tuple[float, str | None], str]:
    """Label by value and bound."""
    return {(figure["value"], figure.get("bound")): figure["label"] for figure in event["figures"]}


def figure(event: dict[str, Any], *words: str) -> dict[str, Any]:
    """The one figure whose label has these words."""
    (found,) = [figure for figure in event["figures"] if all(word in figure["label"] for word in words)]
    return dict(found)


# --- where each stands ----------------------------------------------------------------------------------


def test_zelenskyy_called_progress_quite_solid_and_then_that_the_killing_must_stop(ask: Ask) -> None:
    page = ask("actors/volodymyr-zelenskyy/positions")
    assert [(entry["issue"], entry["stance"], entry["date"]) for entry in page["items"]] == [
        ("talks-progress", 2, "2025-12-22?"),
        ("ending-the-war", 2, "2025-12-23?"),
    ]
    assert "“quite solid”" in page["items"][0]["statement"]["text"]
    assert page["items"][1]["statement"]["text"] == "Putin cannot accept the fact that we must stop killing."
    for entry in page["items"]:
        assert entry["change"] == {"type": "initial", "delta": None, "previous": None}
        for cited in entry["statement"]["sources"]:
            assert page["included"][cited["source"]]["title"]


def test_zelenskyy_is_not_said_to_hold_anything_on_the_donbas(ask: Ask) -> None:
    """The article reports what he was urged to do, not his answer."""
    assert ask("actors/volodymyr-zelenskyy/positions?issue=donbas-cession")["items"] == []


def test_trump_urged_zelenskyy_to_cede_all_of_the_donbas_on_an_unknown_day(ask: Ask) -> None:
    (entry,) = ask("actors/donald-trump/positions?issue=donbas-cession")["items"]
    assert (entry["stance"], entry["label"]) == (2, "accepts")
    assert (entry["earliest"], entry["latest"]) == (None, "2025-12-23")
    said = entry["statement"]
    assert said["speaker"] == "donald-trump"
    assert said["directness"] == "indirect"
    assert said["cue"] == "urged"
    assert said["addressed_to"] == ["volodymyr-zelenskyy"]
    assert said["track"] == "us-led-peace-talks"
    assert [cited["source"] for cited in said["sources"]] == [THE_ARTICLE]


def test_trump_has_been_pressing_for_an_agreement(ask: Ask) -> None:
    (entry,) = ask("actors/donald-trump/positions?issue=ending-the-war")["items"]
    assert (entry["stance"], entry["earliest"]) == (2, None)
    assert "months" in entry["statement"]["notes"]


def test_putin_has_no_position_of_his_own_but_three_accusers(ask: Ask) -> None:
    assert ask("actors/vladimir-putin/positions")["items"] == []
    claimed = ask("actors/vladimir-putin/positions?attributed=only")["items"]
    assert {(entry["claimed_by"], entry["issue"]) for entry in claimed} == {
        ("ukrainian-officials", "sincere-engagement"),
        ("european-officials", "sincere-engagement"),
        ("volodymyr-zelenskyy", "ending-the-war"),
    }
    for entry in claimed:
        assert entry["stance"] < 0
    for complaint in (entry for entry in claimed if entry["issue"] == "sincere-engagement"):
        assert complaint["label"] == "does not engage sincerely"
        assert complaint["statement"]["cue"] == "complained"
        assert complaint["earliest"] is None


def test_zelenskyy_spoke_of_putins_intention_on_telegram(ask: Ask) -> None:
    said = ask("statements/zelenskyy-putin-intention")
    assert said["channel"] == "social-media"
    assert said["directness"] == "indirect"
    assert "zelenskyy-telegram-post" in [cited["source"] for cited in said["sources"]]
    assert ask("sources/zelenskyy-telegram-post")["publisher"] == "Telegram"


# --- the talks ------------------------------------------------------------------------------------------


def test_the_timeline_of_the_talks_is_in_order(ask: Ask) -> None:
    page = ask("tracks/us-led-peace-talks/timeline")
    ids = [entry["record"]["id"] for entry in page["items"]]
    assert page["next"] is None
    in_turn = [
        "trump-urges-donbas-cession",
        "florida-talks-2025-12-21",
        "witkoff-florida-talks",
        "trump-talks-going-along",
        "zelenskyy-progress-quite-solid",
        "strike-wave-2025-12-22",
        "zelenskyy-strike-amid-negotiations",
    ]
    assert [id for id in ids if id in in_turn] == in_turn
    keys = [(e["earliest"] or "", e["latest"] or "9999", e["record"]["id"]) for e in page["items"]]
    assert keys == sorted(keys)
    assert {"siversk-capture", "siversk-withdrawal", "odesa-strikes"} <= set(ids)
    for entry in page["items"]:
        for cited in entry["record"]["sources"]:
            assert cited["source"] in page["included"]


def test_the_florida_talks_were_on_sunday_with_ukrainians_and_europeans(ask: Ask) -> None:
    talk = ask("talks/florida-talks-2025-12-21")
    assert (talk["held"], talk["status"], talk["mode"]) == ("2025-12-21", "held", "in-person")
    assert talk["place"] == {"name": "Florida", "country": "US"}
    assert [taking_part["actor"] for taking_part in talk["participants"]] == [
        "steve-witkoff",
        "ukrainian-representatives",
        "european-representatives",
    ]


def test_both_accounts_of_the_florida_talks_hang_on_them_and_can_be_told_apart(ask: Ask) -> None:
    accounts = ask("statements?talk=florida-talks-2025-12-21")["items"]
    assert [(said["speaker"], said["made"], said["directness"]) for said in accounts] == [
        ("steve-witkoff", "2025-12-21?", "mixed"),
        ("donald-trump", "2025-12-22", "direct"),
    ]
    assert "“productive and constructive”" in accounts[0]["text"]
    assert accounts[1]["text"] == "The talks are going along."
    stances = [said["positions"][0]["stance"] for said in accounts]
    assert stances[0] > stances[1], "Trump was the less effusive"


def test_starmer_and_trump_spoke_on_the_phone_for_the_last_time_in_2025(ask: Ask) -> None:
    (talk,) = ask("talks?participant=keir-starmer")["items"]
    assert (talk["mode"], talk["status"], talk["held"]) == ("phone", "held", "2025")
    assert {taking_part["actor"] for taking_part in talk["participants"]} == {"keir-starmer", "donald-trump"}
    assert {"ukraine", "gaza"} <= set(talk["tags"])


# --- the strikes ----------------------------------------------------------------------------------------


def test_the_strike_wave_began_on_monday_night(ask: Ask) -> None:
    wave = ask("events/strike-wave-2025-12-22")
    assert (wave["type"], wave["occurred"]) == ("assault", "2025-12-22/2025-12-23")
    assert {"actor": "russia", "role": "attacker"} in wave["actors"]


@pytest.mark.parametrize(
    ("words", "value", "bound", "attributed_to"),
    [
        (["drones fired"], 650, "at-least", "unnamed-officials"),
        (["missiles"], 36, None, "unnamed-officials"),
        (["people killed"], 3, "at-least", None),
        (["children", "four"], 1, None, None),
        (["regions where homes and the power grid"], 13, None, "volodymyr-zelenskyy"),
        (["toddler", "Zhytomyr"], 1, None, "ukrainian-emergency-services"),
        (["women", "drone", "Kyiv region"], 1, None, "ukrainian-emergency-services"),
        (["civilian", "Khmelnytskyi"], 1, None, "ukrainian-emergency-services"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_figure_of_the_strike_wave(
    ask: Ask, words: list[str], value: int, bound: str | None, attributed_to: str | None
) -> None:
    found = figure(ask("events/strike-wave-2025-12-22"), *words)
    assert (found["value"], found.get("bound"), found.get("attributed_to")) == (value, bound, attributed_to)


def test_the_deaths_reached_the_article_through_zelenskyy(ask: Ask) -> None:
    reported, relayed = ask("statements/emergency-services-deaths"), ask("statements/zelenskyy-relays-deaths")
    assert reported["speaker"] == "ukrainian-emergency-services"
    assert relayed["speaker"] == "volodymyr-zelenskyy"
    assert relayed["relations"] == [{"type": "repeats", "statement": "emergency-services-deaths"}]
    for said in (reported, relayed):
        assert said["directness"] == "indirect"
        assert all(
            place in said["text"] for place in ("Zhytomyr", "Kyiv", "Khmelnytskyi", "toddler", "woman")
        )


@pytest.mark.parametrize("region", ["rivne", "ternopil", "lviv", "sumy"])
def test_four_regions_reported_damage_or_outages(ask: Ask, region: str) -> None:
    (said,) = ask(f"statements?speaker={region}-region-authorities")["items"]
    assert said["directness"] == "indirect"
    assert " or " in said["text"], "the article does not say which"


def test_kiper_told_of_odesa(ask: Ask) -> None:
    strikes = ask("events/odesa-strikes")
    homes, ship = figure(strikes, "homes"), figure(strikes, "merchant ship")
    assert (homes["value"], homes["bound"], homes["attributed_to"]) == (120, "at-least", "oleh-kiper")
    assert (ship["value"], ship.get("bound"), ship["attributed_to"]) == (1, None, "oleh-kiper")
    assert len(ask("statements?speaker=oleh-kiper")["items"]) == 2
    assert ask("actors/oleh-kiper")["memberships"][0]["post"] == "regional head"


# --- the ground -----------------------------------------------------------------------------------------


def test_how_much_of_the_donbas_russia_controls(ask: Ask) -> None:
    shares = figures(ask("events/donbas-territorial-control"))
    assert "Donetsk" in shares[75, "about"]
    assert "Luhansk" in shares[99, "at-most"]
    assert len(shares) == 2


def test_siversk_was_taken_by_tuesday(ask: Ask) -> None:
    capture, withdrawal = ask("events/siversk-capture"), ask("events/siversk-withdrawal")
    assert (capture["type"], withdrawal["type"]) == ("assault", "retreat")
    assert {capture["occurred"], withdrawal["occurred"]} == {"/2025-12-23"}
    assert {"actor": "russian-forces", "role": "attacker"} in capture["actors"]
    assert withdrawal["actors"][0]["actor"] == "ukrainian-military"


def test_what_the_ukrainian_military_said_of_it(ask: Ask) -> None:
    said = ask("statements?speaker=ukrainian-military")["items"]
    assert {statement["made"] for statement in said} == {"2025-12-23"}
    quotes = {quote for statement in said for quote in re.findall("“(.+?)”", statement["text"])}
    assert quotes == {
        "significant advantage in manpower",
        "to preserve the lives of our soldiers and the combat capability of units",
        "defence forces had exhausted the enemy during the fighting for Siversk",
    }
