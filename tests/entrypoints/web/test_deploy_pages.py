"""The deployment wizard: from nothing to active, what each panel refuses, and who may do what."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.app import Platform
from modelyard.domain.models.tables import Scope
from modelyard.domain.models.versions import create_version
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import session_of
from tests.entrypoints.rest.steps import archive, expect, picture
from tests.entrypoints.web.deploying import (
    CONTRACT,
    RESOURCES,
    begun,
    described,
    moved,
    passed_tests,
    send_many,
    until,
    upload,
)
from tests.entrypoints.web.forms import BROWSER, FORM, links, look, send, words
from tests.library import add_active, add_model, audited, read_version_row, set_scope
from tests.machine import REFERENCE, Machine
from tests.manual_clock import ManualClock

HOSTILE = '"><script>alert("x")</script>'
PANELS = (
    *("name", "image", "resources", "metrics", "load-test", "contract", "test-files", "run-test"),
    *("words", "card", "tags", "picture", "deploy"),
)


def _model_of(here: str) -> str:
    return here.split("/")[2]


def _open_steps(page: str) -> list[str]:
    return re.findall(r'<li class="to-do">.*?class="words">([^<]+)<', page, re.DOTALL)


async def test_from_an_archive_to_an_active_version(alice: AsgiClient, tmp_path: Path, platform: Platform) -> None:
    here = await passed_tests(alice, archive(tmp_path))

    page = await look(alice, f"{here}/deploy")
    assert "Everything that is needed is there" in page
    assert await moved(await alice.call("GET", here, headers=dict(BROWSER))) == f"{here}/deploy"
    assert await moved(await send(alice, f"{here}/deploy", status="active", scope="ACCOUNT")) == f"{here}/deploy"
    page = await look(alice, f"{here}/deploy")
    assert "echo 0.1.0 is active" in words(page)
    row = await read_version_row(platform.database, _model_of(here))
    assert row.status == "active"
    shown = expect(await alice.call("GET", f"/api/models/{_model_of(here)}"))
    assert (shown["visibility"]["scope"], shown["description"]) == ("ACCOUNT", "Says it again.")
    assert "model:version:activated" in await audited(platform.database, f"model/{_model_of(here)}/0.1.0")
    assert "Take it out of service" in page
    await moved(await send(alice, f"{here}/deploy", status="inactive"))
    assert (await read_version_row(platform.database, _model_of(here))).status == "inactive"


async def test_every_panel_of_a_new_version_can_be_read(alice: AsgiClient) -> None:
    here = await begun(alice)

    for panel in PANELS:
        page = await look(alice, f"{here}/{panel}")
        assert _open_steps(page)[0] == "Container image", panel
        assert page.count('aria-current="step"') == 1
        assert "2 of 17 steps done" in words(page)
    assert "There is nothing here" in await look(alice, f"{here}/nothing", 404)


async def test_what_is_missing_leads_to_where_it_is_done(alice: AsgiClient) -> None:
    here = await begun(alice)
    page = await look(alice, f"{here}/deploy")

    assert {f"{here}/image", f"{here}/resources", f"{here}/load-test", f"{here}/contract"} <= set(links(page))
    assert 'value="active" disabled' in page
    answer = await send(alice, f"{here}/deploy", status="active")
    assert answer.status == 409
    assert "cannot be active yet; what is missing is listed below" in words(answer.body.decode())
    assert "POST" not in words(answer.body.decode())


async def test_it_can_be_left_and_found_again(alice: AsgiClient) -> None:
    here = await begun(alice)
    await moved(await send(alice, f"{here}/resources", **RESOURCES))

    page = await look(alice, "/deploy")
    assert here in links(page)
    assert "Needs container image, load test" in words(page)
    assert await moved(await alice.call("GET", here, headers=dict(BROWSER))) == f"{here}/image"


async def test_a_name_that_cannot_be_is_told_at_its_field(alice: AsgiClient) -> None:
    answer = await send(alice, "/deploy", name="<b>", version="0.1.0", description="kept")
    page = answer.body.decode()

    assert answer.status == 400
    assert 'id="name-wrong"' in page
    assert "&lt;b&gt;" in page
    assert ">\nkept</textarea>" in page
    answer = await send(alice, "/deploy", name="echo", version="one")
    assert (answer.status, 'id="version-wrong"' in answer.body.decode()) == (400, True)
    assert "Nothing is left half done" in await look(alice, "/deploy")


async def test_a_second_model_of_a_name_is_asked_about(alice: AsgiClient, bob: AsgiClient) -> None:
    here = await begun(alice, "Ships")
    answer = await send(alice, "/deploy", name="Ships", version="0.1.0", description="kept")
    page = answer.body.decode()

    assert (answer.status, 'id="name-wrong"' in page) == (409, True)
    assert f"/deploy/{_model_of(here)}" in links(page.partition("Did you mean")[2].partition("?")[0] + "</a>")
    assert ">\nkept</textarea>" in page
    assert 'name="again" value="Ships"' in page
    assert (await send(alice, "/deploy", name="ships", again="Boats", version="0.1.0")).status == 409
    await moved(await send(alice, "/deploy", name="Ships", again="Ships", version="0.1.0"))
    await moved(await send(bob, "/deploy", name="Ships", version="0.1.0"))  # who may not see it is told nothing


async def test_an_image_from_a_registry(alice: AsgiClient, machine: Machine, platform: Platform) -> None:
    machine.publish(username="ada", password="secret-word")
    here = await begun(alice)

    await moved(await send(alice, f"{here}/image", url=REFERENCE, username="ada", password="secret-word"))
    page = await until(alice, f"{here}/image", "The image is here")

    assert "secret-word" not in page
    assert REFERENCE in page
    row = await read_version_row(platform.database, _model_of(here))
    assert row.image_id is not None


async def test_an_image_that_cannot_be_pulled_says_why(alice: AsgiClient) -> None:
    here = await begun(alice)
    answer = await send(alice, f"{here}/image", url="not an address", username="ada", password="secret-word")
    page = answer.body.decode()

    assert answer.status == 400
    assert 'value="not an address"' in page
    assert 'value="ada"' in page
    assert "secret-word" not in page
    await moved(await send(alice, f"{here}/image", url="registry.example/team/nothing:1"))
    page = await until(alice, f"{here}/image", "The import of registry.example/team/nothing:1 failed")
    assert '<li class="failed">' in page


async def test_after_a_failed_pull_only_the_password_is_typed_again(alice: AsgiClient) -> None:
    here = await begun(alice)
    typed = {"url": "registry.example/team/nothing:1", "username": "ada", "password": "secret-word"}
    await moved(await send(alice, f"{here}/image", **typed))
    page = await until(alice, f"{here}/image", "The import of registry.example/team/nothing:1 failed")

    assert 'id="source" open>' in page
    assert 'value="registry.example/team/nothing:1"' in page
    assert 'value="ada"' in page
    assert "secret-word" not in page
    await moved(await upload(alice, f"{here}/image", b"this is no archive", "image.tar"))
    page = await until(alice, f"{here}/image", "failed")
    assert 'value="image.tar"' not in page
    assert "GET /status , POST /run , POST /shutdown" in words(page)


async def test_an_archive_that_is_none_says_so(alice: AsgiClient) -> None:
    here = await begun(alice)
    await moved(await upload(alice, f"{here}/image", b"this is no archive"))

    page = await until(alice, f"{here}/image", "failed")
    assert "hx-trigger" not in page.partition('id="live"')[2].partition(">")[0]


async def test_numbers_that_are_none_are_told_with_all_other_problems(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    answer = await send(alice, f"{here}/resources", **(RESOURCES | {"timeout.status": "soon", "timeout.run": "0"}))
    page = answer.body.decode()

    assert answer.status == 400
    assert {"timeout.status", "timeout.run"} == set(re.findall(r'id="([\w.]+)-wrong"', page))
    assert 'value="soon"' in page
    assert "Time for one run: 0.1 s to 24 h, not 0 s" in words(page)
    assert (await read_version_row(platform.database, _model_of(here))).requirement_id is None
    answer = await send(alice, f"{here}/resources", **{"requirement.requirementId": "77"})
    assert 'id="requirement.requirementId-wrong"' in answer.body.decode()


async def test_fields_are_left_empty_for_later(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    await moved(await send(alice, f"{here}/resources", **{"timeout.status": "0.5"}))

    row = await read_version_row(platform.database, _model_of(here))
    assert (row.requirement_id, row.status_timeout_ms, row.run_timeout_ms) == (None, 500, None)
    assert 'value="0.5"' in await look(alice, f"{here}/resources")


async def test_what_suits_most_models_stands_in_the_fields(alice: AsgiClient) -> None:
    here = await begun(alice)
    page = await look(alice, f"{here}/resources")

    assert re.findall(r'name="requirement.requirementId" value="(\w+)" checked', page) == ["1"]
    assert re.findall(r'name="timeout.\w+" type="text" value="(\d*)"', page) == ["60", "60"]
    assert {"Hardware", "Timeouts"} <= set(_open_steps(page))


async def test_metrics_keep_what_the_form_does_not_show(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_model(platform.database, CAST.alice)
    here = f"/deploy/{model_id}/0.1.0"
    stored = {"statistics": [{"label": "F1", "value": 0.5, "order": 9, "source": "elsewhere"}]}
    expect(await alice.call("PATCH", f"/api/models/{model_id}/versions/0.1.0", stored))

    fields = {"statistics[0].label": "F1", "statistics[0].value": "0.93", "statistics[0].highlight": "yes"}
    fields |= {"statistics[2].label": "Recall", "statistics[2].value": "0,8"}
    assert await moved(await send(alice, f"{here}/metrics", **fields)) == f"{here}/words"

    [first, second] = (await read_version_row(platform.database, model_id)).statistics
    assert (first["value"], first["source"], first["highlight"], first["order"]) == (0.93, "elsewhere", True, 1)
    assert (second["label"], second["value"], second["highlight"]) == ("Recall", 0.8, False)
    await moved(await send(alice, f"{here}/metrics", **{"statistics[0].label": "", "statistics[0].value": ""}))
    assert (await read_version_row(platform.database, model_id)).statistics == []


async def test_a_metric_without_a_number_is_told_in_its_row(alice: AsgiClient) -> None:
    here = await begun(alice)
    fields = {"statistics[0].label": "", "statistics[4].label": "F1", "statistics[4].value": "good"}
    page = (await send(alice, f"{here}/metrics", **fields)).body.decode()

    assert 'id="statistics[0].value-wrong"' in page
    assert 'value="F1"' in page


async def test_a_form_that_cannot_be_read_takes_nothing_away(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    await moved(await send(alice, f"{here}/contract", **CONTRACT))
    answer = await alice.call("POST", f"{here}/contract", data=b"a=1&" * 5000, headers=dict(FORM))

    assert answer.status == 400
    assert (await read_version_row(platform.database, _model_of(here))).inputs


async def test_the_contract(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    inputs = {name: text for name, text in CONTRACT.items() if name.startswith("inputs")}
    await moved(await send(alice, f"{here}/contract", **inputs))
    row = await read_version_row(platform.database, _model_of(here))
    assert (row.inputs, row.outputs) == (
        [{"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1000, "description": "A text."}],
        None,
    )

    wrong = CONTRACT | {"inputs[0].maximumSize": "", "outputs[0].mediaType": "json", "inputValidationSchema": "{"}
    page = (await send(alice, f"{here}/contract", **wrong)).body.decode()
    places = {"inputs[0].maximumSize", "outputs[0].mediaType", "inputValidationSchema"}
    assert places <= {place.removesuffix("-wrong") for place in re.findall(r'id="([^"]+-wrong)"', page)}
    assert 'value="json"' in page


async def test_test_files_are_checked(alice: AsgiClient) -> None:
    here = await begun(alice)
    assert "declares no inputs yet" in words(await look(alice, f"{here}/test-files"))
    await moved(await send(alice, f"{here}/contract", **CONTRACT))

    answer = await upload(alice, f"{here}/test-files?name=input.txt", b"x" * 1001)
    assert answer.status == 413
    answer = await upload(alice, f"{here}/test-files?name=other", b"x")
    assert (answer.status, "has no input named" in words(answer.body.decode())) == (400, True)
    answer = await upload(alice, f"{here}/test-files?name=input.txt", b"\x89PNG", "a.png", "image/png")
    assert answer.status == 400
    assert "The input 'input.txt' is image/png; accepted are: text/plain." in words(answer.body.decode())
    assert "no file yet" in words(answer.body.decode())
    await moved(await upload(alice, f"{here}/test-files?name=input.txt", b"a good day", "a.txt", "text/plain"))
    await moved(await upload(alice, f"{here}/test-files?name=input.txt", b"a good day", HOSTILE.replace('"', "")))
    page = await look(alice, f"{here}/test-files")
    assert "10 B" in page
    assert "<script>alert" not in page


async def test_a_test_without_what_it_needs_says_so(alice: AsgiClient) -> None:
    here = await begun(alice)
    for test, lacks in {
        "load-test": {"image", "resources"},
        "run-test": {"resources", "load-test", "contract", "test-files"},
    }.items():
        page = await look(alice, f"{here}/{test}")
        missing = page.partition('id="missing"')[2].partition("</section>")[0]
        assert set(links(missing)) == {f"{here}/{panel}" for panel in lacks}
        assert 'disabled aria-describedby="missing"' in page
        answer = await send(alice, f"{here}/{test}")
        assert answer.status == 409
        assert "cannot start yet; what is missing is listed below" in words(answer.body.decode())
        assert "POST" not in words(answer.body.decode())


async def test_a_failed_load_test_shows_the_log(alice: AsgiClient, machine: Machine, tmp_path: Path) -> None:
    here = await described(alice, archive(tmp_path))
    machine.program.load_error = "no weights"
    await moved(await send(alice, f"{here}/load-test"))

    page = await until(alice, f"{here}/load-test", "The load test failed")
    assert "no weights" in page
    assert "Run it again" in page
    assert '<li class="failed">' in page
    machine.program.load_error = ""
    await moved(await send(alice, f"{here}/load-test"))
    await until(alice, f"{here}/load-test", "The model was loaded")


async def test_while_a_test_runs_its_page_refreshes_itself(alice: AsgiClient, machine: Machine, tmp_path: Path) -> None:
    here = await described(alice, archive(tmp_path))
    machine.program.not_ready_calls = 9
    await moved(await send(alice, f"{here}/load-test"))

    page = await look(alice, f"{here}/load-test")
    assert 'hx-trigger="every 1s"' in page
    assert "<noscript>" in page.partition('id="live"')[2]
    assert '<li class="under-way">' in page
    page = await until(alice, f"{here}/load-test", "The model was loaded")
    assert "every 1s" not in page


async def test_outputs_of_the_run_test_can_be_downloaded(
    alice: AsgiClient, bob: AsgiClient, machine: Machine, tmp_path: Path
) -> None:
    outputs = {"results.json": b'{"label": "<b>good</b>"}', "mask.png": b"\x89PNG", "page.html": b"<script></script>"}
    machine.program.answer = lambda _: ItemOutcome(outputs)
    here = await passed_tests(alice, archive(tmp_path))
    page = await look(alice, f"{here}/run-test")

    found = [link for link in links(page) if "/outputs/" in link]
    assert len(found) == 3
    answers = {link: await alice.call("GET", link) for link in found}
    assert {answer.status for answer in answers.values()} == {200}
    assert all(answer.headers["content-disposition"].startswith("attachment") for answer in answers.values())
    by_type = {answer.headers["content-type"].partition(";")[0]: answer.body for answer in answers.values()}
    assert json.loads(by_type["application/json"]) == {"label": "<b>good</b>"}
    assert by_type["image/png"] == outputs["mask.png"]
    assert by_type["application/octet-stream"] == outputs["page.html"]
    assert "&lt;b&gt;good" in page
    shown = await alice.call("GET", next(link for link in found if answers[link].body == b"\x89PNG") + "?show=true")
    assert shown.headers["content-disposition"].startswith("inline")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert (await bob.call("GET", found[0])).status == 404
    for position in ("3", "-1", "x", "99999"):
        assert (await alice.call("GET", f"{here}/outputs/{position}")).status == 404
    result = expect(
        await alice.call(
            "GET", f"/api{here.replace('/deploy/', '/models/').replace('/0.1.0', '')}/versions/0.1.0/run-process"
        )
    )["result"]
    assert "storageKey" not in json.dumps(result)


async def test_what_the_container_prints_stands_beside_the_test(alice: AsgiClient, tmp_path: Path) -> None:
    here = await described(alice, archive(tmp_path))
    await moved(await send(alice, f"{here}/load-test"))

    page = await until(alice, f"{here}/load-test", "The model was loaded")
    assert "The container’s log" in page


async def test_words_card_and_tags(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    await moved(await send(alice, f"{here}/words", longDescription="Counts\r\n**ships**", versionHistory="New."))
    row = await read_version_row(platform.database, _model_of(here))
    assert (row.long_description, row.version_history) == ("Counts\n**ships**", "New.")

    card = {"revision": "0", "intendedUse": "Counting", "risk.rating": "limited", "languages": "en, pt-BR"}
    card |= {"metricsByGroup[0].group": "All", "metricsByGroup[0].metric": "F1", "metricsByGroup[0].value": "0.9"}
    card |= {"contacts[0].email": "ada@example.org", "performanceSummary": "Fast.", "technicalDetails": "Trees."}
    assert await moved(await send(alice, f"{here}/card", **card)) == f"{here}/tags"
    stored = expect(await alice.call("GET", f"/api/models/{_model_of(here)}/versions/0.1.0/card"))
    assert stored["card"]["languages"] == ["en", "pt-BR"]
    assert stored["card"]["metricsByGroup"][0]["value"] == 0.9
    assert stored["performanceSummary"] == "Fast."

    tags = (("tags", "count"), ("tags", "image"), ("own", "ships, from space"))
    assert await moved(await send_many(alice, f"{here}/tags", *tags)) == f"{here}/picture"
    shown = expect(await alice.call("GET", f"/api/models/{_model_of(here)}"))
    assert [tag["identifier"] for tag in shown["tags"]] == ["count", "image", "ships", "from_space"]
    page = await look(alice, f"{here}/tags")
    assert 'value="ships, from space"' in page
    assert 'value="count" checked' in page


async def test_tags_of_other_models_are_offered(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient) -> None:
    here, secret = await begun(alice), await begun(charlie)
    await moved(await send(alice, f"{here}/tags", own="shipyards"))
    await moved(await send(charlie, f"{secret}/tags", own="secret"))

    page = await look(alice, f"{await begun(alice)}/tags")
    assert 'name="tags" value="shipyards"' in page
    assert "secret" not in page
    assert "shipyards" not in await look(bob, f"{await begun(bob)}/tags")


async def test_a_preview_shows_a_text_as_it_will_be(alice: AsgiClient, charlie: AsgiClient) -> None:
    answer = await send(alice, "/deploy/preview", longDescription="Counts **ships** <script>alert(1)</script>")

    assert answer.status == 200
    assert "<strong>ships</strong>" in answer.body.decode()
    assert "<script>" not in answer.body.decode()
    assert "Nothing is written yet" in (await send(charlie, "/deploy/preview", caveats=" ")).body.decode()
    assert 'hx-post="/deploy/preview"' in await look(alice, f"{await begun(alice)}/words")


async def test_a_card_that_somebody_else_changed_is_not_overwritten(alice: AsgiClient) -> None:
    here = await begun(alice)
    await moved(await send(alice, f"{here}/card", revision="0", intendedUse="Counting"))
    answer = await send(alice, f"{here}/card", revision="0", intendedUse="Other words", caveats="kept")

    assert answer.status == 412
    page = answer.body.decode()
    assert "has changed since you read it" in words(page)
    assert "kept</textarea>" in page
    answer = await send(alice, f"{here}/card", revision="9", **{"risk.rating": "huge", "contacts[0].email": "x"})
    assert {'id="risk.rating-wrong"', 'id="contacts[0].email-wrong"'} <= set(
        re.findall(r'id="[^"]+-wrong"', answer.body.decode())
    )


async def test_a_picture(alice: AsgiClient) -> None:
    here = await begun(alice)
    assert (await upload(alice, f"{here}/picture", b"no picture")).status == 400
    assert (await send(alice, f"{here}/picture")).status == 409  # there is none to take away

    assert await moved(await upload(alice, f"{here}/picture", picture())) == f"{here}/deploy"
    assert "Take the picture away" in await look(alice, f"{here}/picture")
    await moved(await send(alice, f"{here}/picture"))
    assert "Made from the model’s name" in words(await look(alice, f"{here}/picture"))


async def test_an_active_version_keeps_its_contract(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice)
    here = f"/deploy/{model_id}/0.1.0"

    assert f"/deploy/{model_id}?from=0.1.0" in links(await look(alice, f"{here}/contract"))
    answer = await send(alice, f"{here}/contract", **(CONTRACT | {"inputs[0].maximumSize": "5"}))
    assert (answer.status, "of an active version cannot change" in words(answer.body.decode())) == (409, True)
    assert "POST" not in words(answer.body.decode())
    assert 'type="file"' not in await look(alice, f"{here}/image")
    assert (await upload(alice, f"{here}/image", b"x")).status == 409
    await moved(await send(alice, f"{here}/words", longDescription="Other words"))


async def test_a_new_version_out_of_an_old_one(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice)
    assert f"/deploy/{model_id}?from=0.1.0" in links(await look(alice, f"/models/{model_id}/0.1.0?part=versions"))

    page = await look(alice, f"/deploy/{model_id}?from=0.1.0")
    assert 'value="0.2.0"' in page
    answer = await send(alice, f"/deploy/{model_id}", version="0.1.0", source="0.1.0")
    assert (answer.status, 'id="version-wrong"' in answer.body.decode()) == (400, True)
    address = await moved(await send(alice, f"/deploy/{model_id}", version="0.2.0", source="0.1.0", image="yes"))
    assert address == f"/deploy/{model_id}/0.2.0"
    row = await read_version_row(platform.database, model_id, "0.2.0")
    assert row.inputs
    assert row.image_id
    await moved(await send(alice, f"/deploy/{model_id}", version="0.3.0", source=""))
    assert (await read_version_row(platform.database, model_id, "0.3.0")).inputs is None


async def test_whom_a_version_breaks_is_told_before_it_is_deployed(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice)
    await moved(await send(alice, f"/deploy/{model_id}", version="0.2.0", source="0.1.0"))
    await moved(await send(alice, f"/deploy/{model_id}/0.2.0/contract", **(CONTRACT | {"inputs[0].name": "other"})))

    page = words(await look(alice, f"/deploy/{model_id}/0.2.0/deploy"))
    assert "Compared with 0.1.0" in page
    assert "What changed since 0.1.0" in page
    assert "What changed since" not in await look(alice, f"/deploy/{model_id}/0.1.0/deploy")


async def test_models_that_may_get_a_new_version(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform
) -> None:
    model_id = await add_active(platform.database, CAST.alice)
    await set_scope(platform.database, model_id, Scope.ALL)

    assert f"/deploy/{model_id}" in links(await look(alice, "/deploy"))
    assert f"/deploy/{model_id}" in links(await look(bob, "/deploy"))
    assert f"/deploy/{model_id}" not in links(await look(charlie, "/deploy"))


async def test_who_may_do_what(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient, platform: Platform
) -> None:
    here = await begun(alice)
    model_id = _model_of(here)
    assert 'name="description"' in await look(olga, f"{here}/name")
    for client in (bob, charlie):
        assert "There is nothing here" in await look(client, f"{here}/name", 404)
        assert (await send(client, f"{here}/name", name="mine")).status == 404
        assert (await upload(client, f"{here}/image", b"x")).status == 404
        assert model_id not in await look(client, "/deploy")
    await set_scope(platform.database, model_id, Scope.ACCOUNT)
    assert "You may not do this" in await look(bob, f"{here}/name", 403)
    assert (await send(bob, f"{here}/deploy", scope="ALL", status="active")).status == 403
    async with platform.database.write() as session:
        await create_version(session, ManualClock(), CAST.bob, model_id, version="0.2.0")
    theirs = f"/deploy/{model_id}/0.2.0"
    assert "which alice@example.org created" in words(await look(bob, f"{theirs}/name"))
    assert (await send(bob, f"{theirs}/name", name="mine")).status == 403
    assert (await upload(bob, f"{theirs}/picture", picture())).status == 403
    assert 'name="scope"' not in await look(bob, f"{theirs}/deploy")
    await moved(await send(bob, f"{theirs}/words", longDescription="By Bob"))


async def test_only_data_scientists_are_led_here(app: FastAPI, alice: AsgiClient, platform: Platform) -> None:
    developer = AsgiClient(app, await session_of(platform, ["DEVELOPER"]))

    assert "/deploy" in links(await look(alice, "/models"))
    assert "/deploy" not in links(await look(developer, "/models"))
    assert (await developer.call("GET", "/deploy", headers=dict(BROWSER))).status == 403


async def test_hostile_words_are_text(alice: AsgiClient, platform: Platform) -> None:
    here = await begun(alice)
    fields: dict[str, dict[str, Any]] = {
        "name": {"name": HOSTILE, "description": HOSTILE},
        "metrics": {"statistics[0].label": HOSTILE, "statistics[0].value": HOSTILE},
        "contract": {"inputs[0].name": HOSTILE, "inputs[0].description": HOSTILE},
        "words": {"longDescription": f"</textarea>{HOSTILE}"},
        "card": {"intendedUse": f"</textarea>{HOSTILE}", "contacts[0].url": HOSTILE},
        "tags": {"own": HOSTILE, "tags": HOSTILE},
        "image": {"url": HOSTILE, "username": HOSTILE},
        "deploy": {"scope": HOSTILE, "status": HOSTILE},
    }
    for panel, typed in fields.items():
        answer = await send(alice, f"{here}/{panel}", **typed)
        page = answer.body.decode() if answer.status != 303 else await look(alice, f"{here}/{panel}")
        assert "<script>alert" not in page, panel
        assert "</textarea>&#34;" not in page, panel


async def test_forms_come_from_our_pages(app: FastAPI, platform: Platform) -> None:
    headers = await session_of(platform, ["DATA_SCIENTIST"])
    del headers["x-csrf-token"]
    browser = AsgiClient(app, {**headers, "origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"})

    answer = await browser.call(
        "POST", "/deploy", data=b"name=echo&version=0.1.0", headers={"content-type": FORM["content-type"]}
    )
    assert answer.status == 403


@pytest.mark.parametrize("panel", PANELS)
async def test_every_panel_of_an_active_version_can_be_read(alice: AsgiClient, platform: Platform, panel: str) -> None:
    model_id = await add_active(platform.database, CAST.alice)

    assert "0.1.0" in await look(alice, f"/deploy/{model_id}/0.1.0/{panel}")
