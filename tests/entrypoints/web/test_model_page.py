"""The page of a model: its parts, what they show, and to whom."""

import re
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.tables import Model, Scope
from modelyard.domain.version_tests.read_report import Suggestions, VersionReport
from modelyard.domain.version_tests.report import Measurements
from modelyard.entrypoints.web import model_page
from modelyard.entrypoints.web.model_page import PARTS
from modelyard.entrypoints.web.snippets import code_snippets
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect
from tests.entrypoints.rest.test_report_text import REPORT
from tests.entrypoints.web.forms import links, look, words
from tests.library import add_active, read_version_row, set_scope

HOSTILE = '<script>alert("x")</script> <img src=x onerror=alert(1)> [a](javascript:alert(1))'


@pytest.fixture
async def model_id(alice: AsgiClient, platform: Platform) -> str:
    found = await add_active(platform.database, CAST.alice)
    expect(await alice.call("PATCH", f"/api/models/{found}", {"name": "Ships from space", "tags": ["Count"]}))
    body = {
        "longDescription": "Counts **ships**.",
        "statistics": [{"label": "Recall", "type": "percentage", "value": 0.93, "order": 1}],
    }
    expect(await alice.call("PATCH", f"/api/models/{found}/versions/0.1.0", body))
    return found


async def test_a_model_leads_to_the_version_that_stands_for_it(alice: AsgiClient, model_id: str) -> None:
    answer = await alice.call("GET", f"/models/{model_id}")
    assert (answer.status, answer.headers["location"]) == (303, f"/models/{model_id}/0.1.0")

    permalink = expect(await alice.call("GET", f"/api/models/{model_id}"))["permalink"]
    answer = await alice.call("GET", f"/models/permalink/{permalink}")
    assert (answer.status, answer.headers["location"]) == (303, f"/models/{model_id}")


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_is_there(alice: AsgiClient, model_id: str, part: str) -> None:
    page = await look(alice, f"/models/{model_id}/0.1.0?part={part}")

    assert "Ships from space" in page
    assert f'part={part}" aria-current="page"' in page


async def test_the_overview(alice: AsgiClient, model_id: str) -> None:
    page = await look(alice, f"/models/{model_id}/0.1.0")

    assert "<strong>ships</strong>" in page
    assert "Recall 93 %" in words(page)
    assert "/models?tags=count" in links(page)


async def test_who_may_write_what_is_missing_is_led_there(
    alice: AsgiClient, bob: AsgiClient, platform: Platform
) -> None:
    bare = await add_active(platform.database, CAST.alice)
    await set_scope(platform.database, bare, Scope.ALL)

    for part, panel in {"card": "card", "overview": "words"}.items():
        path = f"/models/{bare}/0.1.0?part={part}"
        assert f"/deploy/{bare}/0.1.0/{panel}" in links(await look(alice, path))
        assert f"/deploy/{bare}/0.1.0/{panel}" not in links(await look(bob, path))
    assert "alice@example.org, who made this version, can write it" in words(
        await look(bob, f"/models/{bare}/0.1.0?part=card")
    )


async def test_a_model_that_was_never_used_says_so(alice: AsgiClient, model_id: str, platform: Platform) -> None:
    address = f"/models/{model_id}/0.1.0"
    assert "Last used never" in words(await look(alice, address))
    async with platform.database.write() as session:
        await session.execute(update(Model).values(last_active_at=platform.clock.now() + timedelta(1)))
    assert "Last used never" not in words(await look(alice, address))


async def test_what_is_missing_is_said(alice: AsgiClient, model_id: str) -> None:
    path = f"/models/{model_id}/0.1.0"

    assert "no model card yet" in await look(alice, f"{path}?part=card")
    assert "No report yet" in await look(alice, f"{path}?part=report")
    assert "part must be one of overview" in await look(alice, f"{path}?part=nothing", 400)
    assert "has no version" in words(await look(alice, f"/models/{model_id}/9.9.9", 404))
    assert "There is no model" in await look(alice, "/models/abcdefghij/1.0.0", 404)


async def test_a_report_shows_what_was_measured(
    alice: AsgiClient, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = replace(REPORT)

    async def read(*_: object) -> VersionReport:
        return report

    monkeypatch.setattr(model_page, "read_report", read)
    address = f"/models/{model_id}/0.1.0"
    page = words(await look(alice, f"{address}?part=report"))
    for said in ("changed since: the container image", "ended early", "Under load", "why", "small", "Notes"):
        assert said in page
    reasons = re.findall(r"</span><br>(.*?)</dd>", await look(alice, f"{address}?part=report"))
    assert reasons
    assert all(reason[0].isupper() and reason.endswith(".") for reason in reasons)
    assert "Cold start" in await look(alice, address)

    report = replace(REPORT, measured=Measurements(), suggestions=Suggestions(), changed_since=())
    page = await look(alice, f"{address}?part=report")
    assert "Under load" not in page
    assert "Suggested" not in page
    assert "Cold start" not in await look(alice, address)


async def test_the_card_and_the_schema(alice: AsgiClient, model_id: str, platform: Platform) -> None:
    async with platform.database.write() as session:
        card = ModelCard(intended_use="For *harbours*.", risk_rating="limited")
        await write_card(session, platform.clock, CAST.alice, model_id, "0.1.0", card)

    assert "For <em>harbours</em>." in await look(alice, f"/models/{model_id}/0.1.0?part=card")
    contract = words(await look(alice, f"/models/{model_id}/0.1.0?part=contract"))
    assert "input.txt text/plain" in contract
    assert "results.json application/json" in contract


async def test_what_changed_since_another_version(alice: AsgiClient, model_id: str) -> None:
    expect(await alice.call("POST", f"/api/models/{model_id}/versions", {"version": "0.2.0"}), 201)

    page = await look(alice, f"/models/{model_id}/0.2.0?part=versions&from=0.1.0")

    assert f"/models/{model_id}/0.2.0?part=versions&from=0.1.0" in links(page)
    assert "From 0.1.0 to 0.2.0" in page
    assert "breaking" in words(page)


async def test_the_history_says_who_did_what(alice: AsgiClient, model_id: str) -> None:
    page = words(await look(alice, f"/models/{model_id}/0.1.0?part=history"))

    assert CAST.alice.full_name in page


async def test_strangers_find_nothing(bob: AsgiClient, charlie: AsgiClient, model_id: str, platform: Platform) -> None:
    for path in (f"/models/{model_id}", f"/models/{model_id}/0.1.0", f"/models/{model_id}/0.1.0?part=history"):
        assert "There is no model" in await look(charlie, path, 404)
    await set_scope(platform.database, model_id, Scope.ALL)
    assert "Ships from space" in await look(charlie, f"/models/{model_id}/0.1.0")
    assert "Ships from space" in await look(bob, f"/models/{model_id}/0.1.0")


async def test_hostile_texts_do_nothing(alice: AsgiClient, model_id: str, platform: Platform) -> None:
    path = f"/api/models/{model_id}/versions/0.1.0"
    texts = ("longDescription", "technicalDetails", "performanceSummary", "versionHistory")
    statistics = [{"label": HOSTILE, "description": HOSTILE, "value": 0.5}]
    expect(await alice.call("PATCH", path, {**dict.fromkeys(texts, HOSTILE), "statistics": statistics}))
    expect(await alice.call("PATCH", f"/api/models/{model_id}", {"description": HOSTILE}))
    expect(await alice.call("PUT", f"{path}/sample-input", {"x": HOSTILE + "'\"`"}))
    async with platform.database.write() as session:
        card = ModelCard(intended_use=HOSTILE, licence="x")
        await write_card(session, platform.clock, CAST.alice, model_id, "0.1.0", card)

    for part in PARTS:
        page = await look(alice, f"/models/{model_id}/0.1.0?part={part}")
        assert "<script>alert" not in page, part
        assert "<img src=x" not in page, part
        assert not re.search(r'href="javascript:', page), part


async def test_snippets_name_server_version_and_a_place_for_the_key(platform: Platform, model_id: str) -> None:
    row = await read_version_row(platform.database, model_id)
    sample = {"model": {"identifier": model_id, "version": "0.1.0"}, "input": {"type": "text", "sources": {}}}

    snippets = {each.language: each.text for each in code_snippets("https://models.example", row, sample)}

    assert set(snippets) == {"curl", "Python", "JavaScript", "Command line"}
    assert all("https://models.example" in text for text in snippets.values())
    assert f"modelyard run {model_id}@0.1.0 FILE" in snippets["Command line"]
    assert "pip install modelyard\n" in snippets["Command line"]
    assert "JSON.stringify((" in snippets["JavaScript"]
    compile(snippets["Python"], "snippet", "exec")
    odd = {each.language: each.text for each in code_snippets("https://m.example", row, sample | {"explain": True})}
    compile(odd["Python"], "snippet", "exec")
    assert "json.loads(" in odd["Python"]


_PROGRAM = """\
curl() {
  case "$*" in
    *//models.example/api/jobs\\ *) echo '{"status":"SUBMITTED","jobIdentifier":"one"}' ;;
    *//models.example/api/jobs/one) echo '{"status":"COMPLETED"}' ;;
    *//models.example/api/results/one) echo 'the results' ;;
  esac
}
modelyard() { printf '<%s>' "$@"; }
pip() { :; }
"""
"""A shell in which the programs of snippets only say what they are given."""


@pytest.mark.parametrize(
    ("texts", "runs"),
    [
        ({"input.txt": "It's $fine.\n"}, "<run><{model}@0.1.0><--text><It's $fine.>"),
        ({"a": "one", "b": "it's"}, "<run><{model}@0.1.0><--jsonl><->"),
    ],
)
async def test_snippets_for_a_shell_run_as_they_are(
    platform: Platform, model_id: str, texts: dict[str, str], runs: str
) -> None:
    row = await read_version_row(platform.database, model_id)
    sample = {"model": {"identifier": model_id}, "input": {"type": "text", "sources": {"0001": texts}}}
    snippets = {each.language: each.text for each in code_snippets("https://models.example", row, sample)}

    assert _shell(snippets["curl"]) == "the results\n"
    assert _shell(snippets["Command line"]).endswith(runs.format(model=model_id))


def _shell(text: str) -> str:
    command = ["bash", "-c", _PROGRAM + text]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=20).stdout
