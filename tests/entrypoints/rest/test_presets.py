"""Hardware presets over REST: made, assigned, switched off, and always in the spelling that clients read."""

from typing import Any

import pytest

from modelyard.core.database import Database
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import audited

PRESETS = "/api/models/requirements"
LARGE = {"name": "Large", "cpuAmount": "1500m", "memoryAmount": "512Mi", "price": "0.10", "instanceType": "m5"}


async def _offered(client: AsgiClient, path: str = f"{PRESETS}/account") -> list[int]:
    return [preset["requirementId"] for preset in expect(await client.call("GET", path))]


async def test_a_new_preset_can_be_chosen_by_everybody(
    olga: AsgiClient, alice: AsgiClient, charlie: AsgiClient, walk: Walk, database: Database
) -> None:
    made = expect(await olga.call("POST", PRESETS, LARGE), 201)

    assert (made["cpuAmount"], made["memoryAmount"], made["status"]) == ("1500m", "0.54G", "ACTIVE")
    assert (made["accounts"], made["models"], made["price"]) == ([], [], "0.10")
    number = made["requirementId"]
    assert number in await _offered(alice)
    assert number in await _offered(charlie)
    path = await walk.model()
    changed = expect(await alice.call("PATCH", path, {"requirement": {"requirementId": number}}))
    assert changed["requirement"]["requirementId"] == number
    assert await audited(database, f"preset/{number}") == ["preset:created"]


async def test_every_amount_is_read_by_the_python_client(olga: AsgiClient, alice: AsgiClient) -> None:
    for cpu, memory in (("0.5", "128974848"), (2, 129e6), ("250m", "129M"), ("1", "123Mi"), (1, "2Gi")):
        body = LARGE | {"cpuAmount": cpu, "memoryAmount": memory}
        expect(await olga.call("POST", PRESETS, body), 201)

    for preset in expect(await alice.call("GET", f"{PRESETS}/account")):
        assert float(preset["cpuAmount"].split("m")[0]) / 1000 > 0
        assert float(preset["memoryAmount"].split("G")[0]) > 0


async def test_an_assigned_preset_is_for_those_only(
    olga: AsgiClient, alice: AsgiClient, charlie: AsgiClient, walk: Walk
) -> None:
    number = expect(await olga.call("POST", PRESETS, LARGE), 201)["requirementId"]
    path = await walk.model()

    assigned = {"accounts": [CAST.charlie.account_id]}
    assert expect(await olga.call("PUT", f"{PRESETS}/{number}/accounts", assigned))["accounts"] == assigned["accounts"]
    assert number not in await _offered(alice)
    assert number in await _offered(charlie)
    choice = {"requirement": {"requirementId": number}}
    expect_error(await alice.call("PATCH", path, choice), 400, "no hardware preset")

    model_id = path.split("/")[3]
    expect(await olga.call("PUT", f"{PRESETS}/{number}/models", {"models": [model_id]}))
    assert number in await _offered(alice, f"/api/models/{model_id}/requirements")
    assert number not in await _offered(alice)
    expect(await alice.call("PATCH", path, choice))
    for kind in ("accounts", "models"):
        expect(await olga.call("PUT", f"{PRESETS}/{number}/{kind}", {kind: []}))
    assert number in await _offered(alice)


async def test_an_inactive_preset_is_kept_but_not_chosen(olga: AsgiClient, alice: AsgiClient, walk: Walk) -> None:
    number = expect(await olga.call("POST", PRESETS, LARGE), 201)["requirementId"]
    choice = {"requirement": {"requirementId": number}}
    had, new = await walk.model(), await walk.model()
    expect(await alice.call("PATCH", had, choice))

    expect(await olga.call("PATCH", f"{PRESETS}/{number}", {"status": "INACTIVE"}))

    assert number not in await _offered(alice)
    expect(await alice.call("PATCH", had, choice))
    expect_error(await alice.call("PATCH", new, choice), 400, "no hardware preset")
    expect(await olga.call("PATCH", f"{PRESETS}/{number}", {"status": "active"}))
    expect(await alice.call("PATCH", new, choice))


async def test_hardware_that_was_tested_with_stays(olga: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()

    expect_error(await olga.call("PATCH", f"{PRESETS}/1", {"memoryAmount": "64M"}), 409, model_id)
    expect(await olga.call("PATCH", f"{PRESETS}/1", {"name": "Small"}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "\x1b[31m"}, "name"),
        ({"name": None}, "name"),
        ({"cpuAmount": "0"}, "cpuAmount"),
        ({"cpuAmount": "many"}, "cpuAmount"),
        ({"cpuAmount": 1e300}, "cpuAmount"),
        ({"memoryAmount": "1e99"}, "memoryAmount"),
        ({"memoryAmount": "-1G"}, "memoryAmount"),
        ({"memoryAmount": "1 GB"}, "memoryAmount"),
        ({"gpuUnits": -1}, "gpuUnits"),
        ({"gpuUnits": 10**30}, "gpuUnits"),
        ({"status": "MAYBE"}, "status"),
        ({"price": "x" * 41}, "price"),
    ],
)
async def test_bad_presets_are_refused_whole(
    olga: AsgiClient, database: Database, changes: dict[str, Any], words: str
) -> None:
    before = await snapshot(database)

    expect_error(await olga.call("POST", PRESETS, LARGE | changes), 400, words)

    assert await snapshot(database) == before


async def test_deleting_what_no_version_has(olga: AsgiClient, alice: AsgiClient, walk: Walk) -> None:
    free, kept = [expect(await olga.call("POST", PRESETS, LARGE), 201)["requirementId"] for _ in range(2)]
    expect(await alice.call("PATCH", await walk.model(), {"requirement": {"requirementId": kept}}))

    expect(await olga.call("DELETE", f"{PRESETS}/{free}"))

    assert free not in await _offered(alice)
    expect_error(await olga.call("DELETE", f"{PRESETS}/{free}"), 404)
    expect_error(await olga.call("DELETE", f"{PRESETS}/{kept}"), 409, "INACTIVE")
    expect_error(await olga.call("DELETE", f"{PRESETS}/1"), 409, "every installation")


async def test_assigning_to_what_is_not_there(olga: AsgiClient, database: Database) -> None:
    before = await snapshot(database)

    expect_error(await olga.call("PUT", f"{PRESETS}/1/accounts", {"accounts": ["nobody"]}), 400, "nobody")
    expect_error(await olga.call("PUT", f"{PRESETS}/1/models", {"models": ["nothing"]}), 400, "nothing")
    expect_error(await olga.call("PATCH", f"{PRESETS}/99999", {"name": "x"}), 404)

    assert await snapshot(database) == before


async def test_only_platform_administrators_make_presets(alice: AsgiClient) -> None:
    expect_error(await alice.call("POST", PRESETS, LARGE), 403, "presets:manage")
    expect_error(await alice.call("GET", PRESETS), 403, "presets:read")
