"""Results over REST: JSON, lines, tables, archives, single items, pages, votes; while jobs run and after."""

import csv
import io
import json
import zipfile
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import delete

from modelyard.app import Platform
from modelyard.domain.jobs.tables import ItemOutput, Job
from tests.asgi import AsgiClient
from tests.entrypoints.rest.result_steps import Outputs, finished_job
from tests.entrypoints.rest.steps import Walk, expect, expect_error
from tests.library import audited, set_scope

JSON = "application/json"
HOSTILE = (
    "a/b",
    "x/output/y",
    "datasource",
    "vote",
    "100%",
    "a%2Fb",
    ".",
    "..",
    "😀 smile",
    " spaced ",
    "=1+1",
    "a//b/",
)
MODEL = {"data": {"result": {"classPredictions": [{"class": "good", "score": 0.9}]}, "explanation": {"maskRLE": [[1]]}}}


def _json(value: Any, name: str = "results.json") -> Outputs:
    return {name: (JSON, json.dumps(value, separators=(",", ":")).encode())}


@pytest.fixture
async def model_id(walk: Walk) -> str:
    return await walk.active()


async def test_results_and_failures(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    job = await finished_job(platform, model_id, {"good": _json(MODEL), "bad": "no such word"}, unfinished=1)

    answer = await alice.call("GET", f"/api/results/{job}")
    found = expect(answer)
    assert answer.headers["content-type"] == JSON
    assert answer.headers["content-length"] == str(len(answer.body))
    assert b": " not in answer.body.replace(b"no such word", b"")
    assert (found["total"], found["completed"], found["failed"], found["finished"]) == (3, 1, 1, False)
    (good,), (bad,) = found["results"].values(), found["failures"].values()
    assert list(found["results"]) == ["good"]
    assert good["results.json"] == MODEL, "explanation and drift stay as the model wrote them"
    assert (good["status"], good["outputUploading"], good["voting"]) == ("SUCCESSFUL", None, {"up": 0, "down": 0})
    assert (bad["status"], bad["error"], bad["errorSide"]) == ("FAILED", "no such word", "model")
    assert "error" not in good
    assert expect(await alice.call("GET", f"/api/results/{job}/datasource/bad")) == bad


async def test_results_that_were_asked_for_too_early(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    job = await finished_job(platform, model_id, {}, unfinished=1)
    path = f"/api/results/{job}"

    found = expect(await alice.call("GET", path))
    assert (found["finished"], found["results"], found["failures"]) == (False, {}, {})
    for early in ("datasource/waits%200", "waits%200/results.json", "vote/waits%200"):
        expect_error(await alice.call("GET", f"{path}/{early}"), 404, "has not finished yet")
    assert (await alice.call("GET", f"{path}/results.jsonl")).body == b""
    assert len((await alice.call("GET", f"{path}/results.csv")).body.splitlines()) == 1
    archive = zipfile.ZipFile(io.BytesIO((await alice.call("GET", f"{path}/outputs.zip")).body))
    assert archive.namelist() == ["manifest.json"]
    assert json.loads(archive.read("manifest.json"))["items"] == []


async def test_large_json_is_in_its_place_and_the_rest_has_an_address(
    platform: Platform, alice: AsgiClient, model_id: str
) -> None:
    large = {"text": "x" * 300_000}
    outputs = {**_json(large), **_json([1], "b.json"), "status": (JSON, b"[2]"), "c.wav": ("audio/wav", b"RIFF")}
    job = await finished_job(platform, model_id, {"one": outputs, "two": _json({})})
    address = f"http://testserver/api/results/{job}/datasource/one/output/c.wav"

    found = expect(await alice.call("GET", f"/api/results/{job}"))
    one = found["results"]["one"]
    assert (one["results.json"], one["b.json"], one["c.wav"]) == (large, [1], address)
    assert one["status"] == "SUCCESSFUL", "an output must not pass for a member of the result"
    assert list(found["results"]) == ["one", "two"]
    assert expect(await alice.call("GET", f"/api/results/{job}/datasource/one")) == one
    lines = (await alice.call("GET", f"/api/results/{job}/results.jsonl")).body.splitlines()
    assert [json.loads(line)["item"] for line in lines] == ["one", "two"]
    assert json.loads(lines[0])["outputs"] == {"results.json": large, "b.json": [1], "c.wav": address, "status": [2]}


async def test_pages_and_the_filter(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    items: dict[str, Outputs | str] = {"a": _json(1), "b": "broken", "c": _json(3)}
    path = f"/api/results/{await finished_job(platform, model_id, items)}"

    first = await alice.call("GET", f"{path}?per-page=2")
    assert [*expect(first)["results"], *first.json["failures"]] == ["a", "b"]
    assert 'rel="next"' in first.headers["link"]
    second = await alice.call("GET", f"{path}?per-page=2&page=2")
    assert [*expect(second)["results"], *second.json["failures"]] == ["c"]
    assert "link" not in second.headers
    failed = expect(await alice.call("GET", f"{path}?status=FAILED"))
    assert (failed["results"], list(failed["failures"]), failed["total"]) == ({}, ["b"], 3)
    assert len((await alice.call("GET", f"{path}/results.jsonl?status=successful")).body.splitlines()) == 2
    for wrong in ("?status=maybe", "?page=x", "/results.csv?status=1", "/outputs.zip?status=none%00"):
        expect_error(await alice.call("GET", path + wrong), 400)


async def test_names_of_all_kinds(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    outputs = {"a b/ü%.bin": ("application/octet-stream", b"raw"), **_json("json")}
    path = f"/api/results/{await finished_job(platform, model_id, dict.fromkeys(HOSTILE, outputs))}"

    found = expect(await alice.call("GET", path))["results"]
    assert list(found) == list(HOSTILE)
    for name, result in found.items():
        link = result["a b/ü%.bin"].removeprefix("http://testserver")
        assert (await alice.call("GET", link)).body == b"raw"
        item = quote(name, safe="")
        assert expect(await alice.call("GET", f"{path}/datasource/{item}")) == result
        assert expect(await alice.call("POST", f"{path}/upvote/{item}")) == {"vote": "UP"}
        if name not in {"datasource", "vote"}:  # words of other addresses
            assert (await alice.call("GET", f"{path}/{item}/results.json")).body == b'"json"'
    assert (await alice.call("GET", f"{path}/a/b/results.json")).body == b'"json"', "slashes as they are"
    assert (await alice.call("GET", f"{path}/datasource/a/b/output/results.json")).body == b'"json"'
    for wrong in ("%00", "%ff", "a%2Fb%00", "b", "A" * 5000):
        expect_error(await alice.call("GET", f"{path}/datasource/{wrong}"), 404)
        expect_error(await alice.call("GET", f"{path}/{wrong}/{wrong}"), 404)
        expect_error(await alice.call("POST", f"{path}/downvote/{wrong}"), 404)


async def test_the_archive_has_safe_names_and_a_list(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    names = ("../../etc", "a", "A", "a/b", "a_b", "con", "manifest.json")
    items: dict[str, Outputs | str] = {
        name: {"../x": ("image/png", name.encode()), "X": ("text/plain", b"x" * 100_000)} for name in names
    }
    path = f"/api/results/{await finished_job(platform, model_id, {**items, 'bad': 'broken'})}"

    answer = await alice.call("GET", f"{path}/outputs.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    files = archive.namelist()
    assert len({file.casefold() for file in files}) == len(files) == 2 * len(names) + 1
    assert all(".." not in file.split("/") and not file.startswith("/") for file in files)
    manifest = json.loads(archive.read("manifest.json"))
    assert [entry["item"] for entry in manifest["items"]] == [*names, "bad"]
    assert (manifest["items"][-1]["error"], manifest["items"][-1]["outputs"]) == ("broken", [])
    for entry in manifest["items"][:-1]:
        (odd, plain) = entry["outputs"]
        assert archive.read(odd["file"]) == entry["item"].encode()
        assert (odd["mediaType"], odd["size"], plain["size"]) == ("image/png", len(entry["item"].encode()), 100_000)


async def _table(alice: AsgiClient, path: str) -> list[dict[str, str]]:
    answer = await alice.call("GET", f"{path}/results.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    return [{name: value for name, value in row.items() if name and value} for row in rows]


async def test_the_table(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    items: dict[str, Outputs | str] = {
        "classes": _json({"data": {"result": {"classPredictions": [{"class": "a", "score": 0.9}, {"class": "b"}]}}}),
        "flat": _json(
            {"n": -1.5, "yes": True, "none": None, "=cmd()": "=HYPERLINK()", "status": "own", "deep": {"a": 1}}
        ),
        "list": _json([{"n": 1}, {"n": 2}]),
        "=item": {**_json([1, "é"]), "o.png": ("image/png", b"x")},
        "bad": "+broken",
    }
    path = f"/api/results/{await finished_job(platform, model_id, items)}"

    classes, flat, listed, odd, bad = await _table(alice, path)
    assert (classes["item"], classes["status"], classes["class"], classes["score"], classes["class.2"]) == (
        "classes", "SUCCESSFUL", "a", "0.9", "b",
    )  # fmt: skip
    assert (flat["n"], flat["yes"], flat["'=cmd()"], flat["deep"]) == ("-1.5", "true", "'=HYPERLINK()", '{"a":1}')
    assert (flat["status"], flat["results.json.status"]) == ("SUCCESSFUL", "own")
    assert (listed["n"], listed["n.2"]) == ("1", "2")
    assert (odd["item"], odd["results.json"]) == ("'=item", '[1,"é"]')
    assert odd["o.png"].endswith("/datasource/%3Ditem/output/o.png")
    assert (bad["status"], bad["error"], bad["errorSide"]) == ("FAILED", "'+broken", "model")


async def test_too_many_columns_share_one(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    path = f"/api/results/{await finished_job(platform, model_id, {'a': _json({f'm{n}': n for n in range(600)})})}"

    (row,) = await _table(alice, path)
    assert (row["m0"], row["m499"]) == ("0", "499")
    assert json.loads(row["more"]) == {f"m{n}": n for n in range(500, 600)}


async def test_votes_are_counted(platform: Platform, alice: AsgiClient, bob: AsgiClient, model_id: str) -> None:
    await set_scope(platform.database, model_id, "ALL")
    path = f"/api/results/{await finished_job(platform, model_id, {'a': _json(1)})}"

    assert expect(await alice.call("GET", f"{path}/vote/a")) == {"vote": "NO_VOTES"}
    assert expect(await alice.call("POST", f"{path}/upvote/a")) == {"vote": "UP"}
    assert expect(await bob.call("POST", f"{path}/downvote/a")) == {"vote": "DOWN"}
    assert expect(await alice.call("GET", f"{path}/vote/a")) == {"vote": "UP"}
    assert expect(await alice.call("GET", path))["results"]["a"]["voting"] == {"up": 1, "down": 1}
    assert expect(await alice.call("DELETE", f"{path}/vote/a")) == {"vote": "NO_VOTES"}
    assert expect(await alice.call("GET", f"{path}/datasource/a"))["voting"] == {"up": 0, "down": 1}


async def test_deleted_results_say_so(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    job = await finished_job(platform, model_id, {"a": _json(1), "b": "broken"})
    async with platform.database.write() as session:
        await session.execute(delete(ItemOutput))
        (await session.get_one(Job, job)).results_deleted_at = platform.clock.now()

    found = expect(await alice.call("GET", f"/api/results/{job}"))
    assert found["resultsDeletedAt"].endswith("+00:00")
    assert (list(found["results"]), found["failures"]["b"]["error"]) == (["a"], "broken")
    for path in ("a/results.json", "datasource/a/output/results.json", "results.jsonl", "results.csv", "outputs.zip"):
        expect_error(await alice.call("GET", f"/api/results/{job}/{path}"), 404, "deleted at")


async def test_exports_leave_word(platform: Platform, alice: AsgiClient, charlie: AsgiClient, model_id: str) -> None:
    job = await finished_job(platform, model_id, {"a": _json(1)})
    for name in ("outputs.zip", "results.jsonl", "results.csv"):
        expect_error(await charlie.call("GET", f"/api/results/{job}/{name}"), 404)
        assert (await alice.call("GET", f"/api/results/{job}/{name}")).status == 200

    assert (await audited(platform.database, f"job/{job}")).count("results:downloaded") == 1


async def test_counts_of_a_canceled_job_add_up(platform: Platform, alice: AsgiClient, model_id: str) -> None:
    job = await finished_job(platform, model_id, {"good": _json(MODEL), "bad": "no such word"}, unfinished=3)
    before = [expect(await alice.call("GET", f"/api/{kind}/{job}")) for kind in ("jobs", "results")]
    assert ["canceled" in found for found in before] == [False, False]

    expect(await alice.call("DELETE", f"/api/jobs/{job}"), 202)
    found, results = [expect(await alice.call("GET", f"/api/{kind}/{job}")) for kind in ("jobs", "results")]
    counts = ("total", "completed", "failed", "canceled")
    assert [found[name] for name in counts] == [results[name] for name in counts] == [5, 1, 1, 3]
    assert found["pending"] == 0
    assert len(results["failures"]) == found["failed"] + found["canceled"]
