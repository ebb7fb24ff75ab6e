"""Model cards over the API: write, read, revisions, side by side, problems, export."""

import json
import re
from typing import Any

import yaml
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.tables import Scope
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.domain.models.test_card_content import FULL
from tests.entrypoints.rest.steps import Walk, expect, expect_error
from tests.library import set_scope

ACCOUNT = f"/api/accounting/accounts/{CAST.alice.account_id}/card-schema"


async def _card_path(walk: Walk) -> str:
    return f"/api/models/{await walk.active()}/versions/0.1.0/card"


async def test_a_card_goes_round(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    empty = await alice.call("GET", path)
    assert expect(empty)["card"] == ModelCard().plain()
    assert empty.headers["etag"] == '"0"'

    written = await alice.call("PUT", path, FULL)
    read = await alice.call("GET", path)
    again = await alice.call("PUT", path, expect(read)["card"])

    assert expect(written) == expect(read) == expect(again)
    assert read.headers["etag"] == again.headers["etag"] == '"1"'
    body = expect(read)
    assert body["card"] == FULL
    assert (body["revision"], body["changedBy"], body["version"]) == (1, CAST.alice.email, "0.1.0")
    assert re.fullmatch(r"20\d\d-.*\+00:00", body["changedAt"])


async def test_nobody_overwrites_what_they_have_not_read(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    expect(await alice.call("PUT", path, {"caveats": "a"}, headers={"if-match": '"0"'}))
    expect_error(await alice.call("PUT", path, {"caveats": "b"}, headers={"if-match": '"0"'}), 412, 'If-Match: "1"')
    expect(await alice.call("PUT", path, {"caveats": "b"}, headers={"if-match": '"7", W/"1"'}))
    expect(await alice.call("PUT", path, {"caveats": "c"}, headers={"if-match": "*"}))
    for wrong in ("", "1", '"x"', '"1', "nonsense", '"' + "9" * 50 + '"', "\xff"):
        expect_error(await alice.call("PUT", path, {"caveats": "d"}, headers={"if-match": wrong}), 400, "If-Match")

    assert expect(await alice.call("GET", path))["card"]["caveats"] == "c"


async def test_revisions(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    for text in "abc":
        expect(await alice.call("PUT", path, {"caveats": text}))

    rows = expect(await alice.call("GET", f"{path}/revisions"))
    first = await alice.call("GET", f"{path}/revisions?per-page=2")

    assert [row["revision"] for row in rows] == [3, 2, 1]
    assert set(rows[0]) == {"revision", "changedAt", "changedBy"}
    assert [row["revision"] for row in expect(first)] == [3, 2]
    assert "page=2" in first.headers["link"]
    assert expect(await alice.call("GET", f"{path}/revisions/2"))["card"]["caveats"] == "b"
    assert expect(await alice.call("GET", f"{path}/revisions/0"))["card"]["caveats"] == ""
    expect_error(await alice.call("GET", f"{path}/revisions/4"), 404, "newest is 3")
    for wrong in ("x", "-1", "1.5", "9" * 20, "%00", "1%1F", "٣"):
        expect_error(await alice.call("GET", f"{path}/revisions/{wrong}"), 400, "whole number")


async def test_what_the_card_said_on_a_day(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    expect(await alice.call("PUT", path, {"caveats": "a"}))
    first = expect(await alice.call("GET", path))["changedAt"].replace("+00:00", "Z")
    expect(await alice.call("PATCH", path.removesuffix("/card"), {"technicalDetails": "A network."}))

    assert expect(await alice.call("GET", f"{path}?at=2001-01-01"))["revision"] == 0
    assert expect(await alice.call("GET", f"{path}?at=2999-01-01T00:00:00Z"))["technicalDetails"] == "A network."
    assert expect(await alice.call("GET", f"{path}?at={first}"))["revision"] in {0, 1, 2}  # times have milliseconds
    expect_error(await alice.call("GET", f"{path}?at=yesterday"), 400, "at must be a time")


async def test_side_by_side(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    model = path.split("/versions/")[0]
    expect(await alice.call("PUT", path, {"caveats": "one two three", "licence": "MIT"}))
    expect(await alice.call("POST", f"{model}/versions", {"version": "0.2.0"}), 201)
    other = f"{model}/versions/0.2.0/card"
    expect(await alice.call("PUT", other, {"caveats": "one 2 three", "licence": "MIT"}))
    expect(await alice.call("PUT", other, {"caveats": "", "licence": "MIT"}))

    newest = expect(await alice.call("GET", f"{path}/compare?with=0.2.0"))
    earlier = expect(await alice.call("GET", f"{path}/compare?with=0.2.0&revision=1"))
    own = expect(await alice.call("GET", f"{path}/compare?revision=0"))

    fields = {field["field"]: field for field in earlier["fields"]}
    assert earlier["left"]["version"] == "0.1.0"
    assert (earlier["right"]["version"], earlier["right"]["revision"]) == ("0.2.0", 1)
    assert newest["right"]["revision"] == 2
    assert fields["licence"] == {"field": "licence", "isSame": True, "left": "MIT", "right": "MIT"}
    assert fields["caveats"]["words"] == [
        {"kind": "same", "text": "one "},
        {"kind": "removed", "text": "two"},
        {"kind": "added", "text": "2"},
        {"kind": "same", "text": " three"},
    ]
    assert (own["left"]["revision"], own["right"]["revision"]) == (1, 0)
    expect_error(await alice.call("GET", f"{path}/compare?with=9.9.9"), 404, "no version")
    expect_error(await alice.call("GET", f"{path}/compare?with=0.2.0&revision=9"), 404, "no revision")
    expect_error(await alice.call("GET", f"{path}/compare?with=0.2.0&revision=x"), 400, "whole number")


async def test_what_an_account_asks(alice: AsgiClient, olga: AsgiClient, walk: Walk) -> None:
    version = await walk.described()
    expect_error(await alice.call("PUT", ACCOUNT, {"required": ["caveats"]}), 403, "card-schema:manage")
    expect_error(await alice.call("GET", ACCOUNT), 404, "asks nothing")
    schema = {"required": ["caveats", "contacts"], "properties": {"contacts": {"minItems": 1}}}
    expect(await olga.call("PUT", ACCOUNT, schema))

    found = expect(await alice.call("GET", ACCOUNT))
    assert (found["schema"], found["changedBy"]) == (schema, CAST.olga.email)
    problems = expect(await alice.call("GET", f"{version}/card/problems"))
    assert problems == {
        "isComplete": False,
        "problems": ["card: the member 'caveats' is missing", "card: the member 'contacts' is missing"],
    }
    message = expect_error(await alice.call("PATCH", version, {"status": "active"}), 409)
    assert all(problem in message for problem in problems["problems"])

    expect(await alice.call("PUT", f"{version}/card", {"caveats": "None.", "contacts": [{"name": "Ada"}]}))
    assert expect(await alice.call("GET", f"{version}/card/problems")) == {"isComplete": True, "problems": []}
    assert expect(await alice.call("PATCH", version, {"status": "active"}))["isActive"]
    expect(await olga.call("DELETE", ACCOUNT))
    expect_error(await olga.call("DELETE", ACCOUNT), 404)


async def test_export(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    expect(await alice.call("PUT", path, FULL))
    expect(await alice.call("PATCH", path.removesuffix("/card"), {"technicalDetails": "A **net**.", "statistics": []}))

    markdown = await alice.call("GET", f"{path}/export")
    page = await alice.call("GET", f"{path}/export?format=HTML")
    plain = await alice.call("GET", f"{path}/export?format=json")

    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.headers["content-disposition"].endswith('-0.1.0-card.md"')
    assert yaml.safe_load(markdown.body.decode().split("---\n")[1])["license"] == "apache-2.0"
    assert "A **net**." in markdown.body.decode()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<strong>net</strong>" in page.body.decode()
    assert expect(plain)["intendedUse"] == FULL["intendedUse"]
    assert expect(await alice.call("GET", f"{path}/export?format=json&at=2001-01-01"))["revision"] == 0
    expect_error(await alice.call("GET", f"{path}/export?format=pdf"), 400, "markdown, html or json")


async def test_the_page_is_safe(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> <style>*{}</style>"
    texts = ("intendedUse", "outOfScopeUse", "trainingData", "evaluationData", "ethicalConsiderations", "caveats")
    card: dict[str, Any] = dict.fromkeys((*texts, "licence"), hostile)
    card |= {"risk": {"reason": hostile}, "contacts": [{"name": hostile}]}
    card["metricsByGroup"] = [{"group": hostile, "metric": hostile, "note": hostile}]
    expect(await alice.call("PUT", path, card))
    words = {"technicalDetails": hostile, "performanceSummary": hostile, "longDescription": hostile}
    metrics = [{"label": hostile, "description": hostile, "value": 1}]
    expect(await alice.call("PATCH", path.removesuffix("/card"), words | {"statistics": metrics}))
    expect(await alice.call("PATCH", path.split("/versions/")[0], {"description": hostile}))

    page = await alice.call("GET", f"{path}/export?format=html")

    text = page.body.decode()
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert re.findall(r"<(script|img|svg|iframe|object|form|link)", text) == []
    assert len(re.findall("<style", text)) == 1
    assert 'href="javascript' not in text
    assert expect(await alice.call("GET", path))["card"]["caveats"] == hostile  # as it was written


async def test_others_see_it_and_do_not_write(alice: AsgiClient, charlie: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    expect_error(await charlie.call("GET", path), 404)
    await set_scope(walk.database, path.split("/")[3], Scope.ALL)

    assert expect(await charlie.call("GET", path))["revision"] == 0
    expect_error(await charlie.call("PUT", path, {"caveats": "Mine."}), 403)


async def test_the_timeline_tells_of_the_card(alice: AsgiClient, walk: Walk) -> None:
    path = await _card_path(walk)
    expect(await alice.call("PUT", path, {"caveats": "a"}))

    entries = expect(await alice.call("GET", path.split("/versions/")[0] + "/timeline"))
    assert entries[0]["title"] == "The card of version 0.1.0 changed."


async def test_diff_and_warnings(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    version = await walk.described()
    model = version.split("/versions/")[0]
    expect(await alice.call("PATCH", version, {"status": "active"}))
    expect(await alice.call("POST", f"{model}/versions", {"version": "0.2.0"}), 201)
    other = f"{model}/versions/0.2.0"
    narrowed = {"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 5}
    expect(await alice.call("PATCH", other, {"requirement": {"requirementId": -99}, "inputs": [narrowed]}))

    diff = expect(await alice.call("GET", f"{version}/diff/0.2.0"))
    same = expect(await alice.call("GET", f"{version}/diff/0.1.0"))

    assert (diff["from"], diff["to"], diff["isBreaking"]) == ("0.1.0", "0.2.0", True)
    by_path = {change["path"]: change for change in diff["changes"]}
    assert by_path["inputs[input.txt].maximumSize"] == {
        "path": "inputs[input.txt].maximumSize",
        "before": 1000,
        "after": 5,
        "effect": "breaking",
        "sentence": "Items whose 'input.txt' has more than 5 bytes fail.",
    }
    assert by_path["outputs[results.json]"]["after"] is None
    assert same["changes"] == []
    assert not same["isBreaking"]
    expect_error(await alice.call("GET", f"{version}/diff/9.9.9"), 404, "no version")
    assert json.dumps(diff)

    async with platform.database.write() as session:
        await session.execute(_image_of("0.1.0"))
    activated = expect(await alice.call("PATCH", other, {"status": "active"}))
    assert activated["isActive"]
    assert "Compared with 0.1.0: Items whose 'input.txt' has more than 5 bytes fail." in activated["warnings"]
    assert "warnings" not in expect(await alice.call("PATCH", other, {"longDescription": "words"}))
    async with platform.database.read() as session:
        query = select(AuditEvent.details).where(AuditEvent.action == "model:version:activated")
        assert (await session.scalars(query)).all()[-1]["warnings"] == activated["warnings"]


def _image_of(version: str) -> Any:
    """Gives all versions the image of one."""
    from sqlalchemy import update
    from sqlalchemy.orm import aliased

    from modelyard.domain.models.tables import Version

    source = aliased(Version)
    return update(Version).values(
        image_id=select(source.image_id).where(source.version == version).scalar_subquery(), load_passed=True
    )
