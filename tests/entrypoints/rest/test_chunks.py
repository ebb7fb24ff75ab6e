"""Uploads in chunks over HTTP: in every dialect, resumed, closed, and with everything that can be wrong."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.jobs.chunked_inputs import read_chunks
from modelyard.domain.jobs.tables import ItemInput, JobItem
from modelyard.entrypoints.rest.intake import SPARE_BYTES
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.dialects import DIALECTS, Sent, go, python_requests
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import TEXT_INPUT, add_active, set_scope

MEBIBYTE = 1_048_576
JSON_TYPE = {"content-type": "application/json"}


@pytest.fixture
async def model_id(platform: Platform) -> str:
    return await add_active(
        platform.database, CAST.alice, inputs=[TEXT_INPUT | {"maximumSize": 3 * MEBIBYTE, "name": "input.txt"}]
    )


async def _open(client: AsgiClient, model_id: str, **more: object) -> str:
    body = {"model": {"identifier": model_id, "version": "0.1.0"}, "explain": False, **more}
    return str(expect(await client.call("POST", "/api/jobs", body), 202)["jobIdentifier"])


async def _append(client: AsgiClient, job: str, sent: Sent, *, item: str = "item", query: str = "") -> Answer:
    path = f"/api/jobs/{job}/{quote(item, safe='')}/input.txt{query}"
    pieces = [sent.body[start : start + 65_536] for start in range(0, len(sent.body), 65_536)]
    return await client.call("POST", path, data=pieces, headers=sent.headers)


async def _stored(platform: Platform, item: str = "item") -> bytes:
    async with platform.database.read() as session:
        query = select(ItemInput).join(JobItem, JobItem.id == ItemInput.item_id).where(JobItem.name == item)
        row = (await session.scalars(query)).one()
    return await read_chunks(platform.database, platform.blobs, row.item_id, row.name)


def _files(platform: Platform) -> list[Path]:
    return [path for path in (platform.data_dir / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("more", [{}, {"input": None}])
async def test_a_job_without_input_is_opened(alice: AsgiClient, model_id: str, more: dict[str, None]) -> None:
    body = {"model": {"identifier": model_id, "version": "0.1.0"}, **more}
    receipt = expect(await alice.call("POST", "/api/jobs", body), 202)

    assert receipt["status"] == "OPEN"
    assert (receipt["totalInputs"], receipt["jobInputs"]) == (0, {"identifier": []})
    details = expect(await alice.call("GET", f"/api/jobs/{receipt['jobIdentifier']}"))
    assert (details["status"], details["total"], details["pending"]) == ("OPEN", 0, 0)
    results = expect(await alice.call("GET", f"/api/results/{receipt['jobIdentifier']}"))
    assert (results["finished"], results["results"], results["failures"]) == (False, {}, {})


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_chunks_of_every_dialect(
    alice: AsgiClient, platform: Platform, model_id: str, dialect: Callable[[bytes], Sent]
) -> None:
    job = await _open(alice, model_id)
    parts = [b"one\r\n--", bytes(range(256)) * 4096, b"\r\nthree"]
    for part in parts:
        answer = expect(await _append(alice, job, dialect(part)), 202)
    assert (answer["jobIdentifier"], answer["status"], answer["total"]) == (job, "OPEN", 1)
    assert answer["inputByteAmount"] == sum(map(len, parts))
    closed = expect(await alice.call("POST", f"/api/jobs/{job}/close"), 202)

    assert closed["status"] == "SUBMITTED"
    assert await _stored(platform) == b"".join(parts)


@pytest.mark.parametrize(
    ("headers", "data"),
    [({}, b""), (JSON_TYPE, b""), (JSON_TYPE, b"{}"), ({**JSON_TYPE, "accept": "application/json"}, b"")],
)
async def test_close_takes_whatever_clients_send(
    alice: AsgiClient, model_id: str, headers: dict[str, str], data: bytes
) -> None:
    job = await _open(alice, model_id, timeout=5000, explain=True)
    for item in ("b", "a"):
        expect(await _append(alice, job, go(b"text"), item=item), 202)
    receipt = expect(await alice.call("POST", f"/api/jobs/{job}/close", data=data, headers=headers), 202)

    assert receipt["status"] == "SUBMITTED"
    assert receipt["model"] == {"identifier": model_id, "version": "0.1.0", "name": "echo"}
    assert receipt["jobInputs"] == {"identifier": ["b", "a"]}
    assert (receipt["totalInputs"], receipt["inputByteAmount"], receipt["timeout"]) == (2, 8, 5000)
    assert receipt["explain"] is True
    again = expect(await alice.call("POST", f"/api/jobs/{job}/close/"), 202)
    assert again["submittedAt"] == receipt["submittedAt"]
    assert expect(await alice.call("GET", f"/api/jobs/{job}"))["status"] in ("SUBMITTED", "IN_PROGRESS")


NAMES = ["a/b/c.txt", "zwölf 🎉", "50%", "close", ".", "a?b#c", "x" * 1000]


async def test_items_may_have_any_name(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    job = await _open(alice, model_id)
    for number, name in enumerate(NAMES):
        expect(await _append(alice, job, python_requests(bytes([number])), item=name), 202)
    shown = expect(await alice.call("GET", f"/api/jobs/{job}/{quote(NAMES[0])}/input.txt"))  # slashes as they are

    assert shown == {"jobIdentifier": job, "identifier": NAMES[0], "input": "input.txt", "size": 1}
    receipt = expect(await alice.call("POST", f"/api/jobs/{job}/close"), 202)
    assert receipt["jobInputs"]["identifier"] == NAMES
    for number, name in enumerate(NAMES):
        assert await _stored(platform, name) == bytes([number])


async def test_features_say_what_every_client_reads(alice: AsgiClient, platform: Platform) -> None:
    features = expect(await alice.call("GET", "/api/jobs/features"))

    assert features == {
        "inputChunkMaximumSize": "1Mi",
        "maximumInputChunks": 100_000,
        "maximumInputsPerJob": platform.settings.max_items_per_job,
    }


async def test_an_upload_is_resumed(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    job = await _open(alice, model_id)
    place = f"/api/jobs/{job}/item/input.txt"
    assert expect(await alice.call("GET", place))["size"] == 0
    expect(await _append(alice, job, go(b"abc"), query="?offset=0"), 202)
    expect(await _append(alice, job, go(b"abc"), query="?offset=0"), 202)
    assert expect(await alice.call("GET", place))["size"] == 3
    expect_error(await _append(alice, job, go(b"cd"), query="?offset=2"), 409, "3 bytes so far", "offset=3")
    for offset in ("-1", "x", "1.5", "9" * 40, "²"):
        expect_error(await _append(alice, job, go(b"x"), query=f"?offset={quote(offset)}"), 400, "offset")
    expect(await _append(alice, job, go(b"d"), query="?offset=3"), 202)

    assert await _stored(platform) == b"abcd"


async def test_chunks_that_are_wrong_leave_nothing(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    job = await _open(alice, model_id)
    before = await snapshot(platform.database)
    good = go(b"x" * MEBIBYTE)
    cases: list[tuple[str, Sent, int, str]] = [
        ("item/input.txt", Sent(good.body[:-200], good.headers), 400, "ends too early"),
        ("item/input.txt", Sent(b"plain", {"content-type": "text/plain"}), 400, "multipart"),
        ("item/input.txt", Sent(b"{}", JSON_TYPE), 400, "multipart"),
        ("item/input.txt", Sent(b"", {"content-type": "multipart/form-data"}), 400, "multipart"),
        ("item/input.txt", Sent(b"--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}), 400, ""),
        ("item/input.txt", go(b"x" * (3 * MEBIBYTE + 1)), 413, "3145728 bytes"),
        ("item/unknown", good, 400, "its inputs are ['input.txt']"),
        ("x" * 1001 + "/input.txt", good, 400, "1 to 1000 characters"),
        ("/input.txt", good, 400, "1 to 1000 characters"),
        ("a%00b/input.txt", good, 400, "NUL"),
    ]
    for path, sent, status, words in cases:
        pieces = [sent.body[start : start + 65_536] for start in range(0, len(sent.body), 65_536)]
        answer = await alice.call("POST", f"/api/jobs/{job}/{path}", data=pieces, headers=sent.headers)
        expect_error(answer, status, words)

    assert await snapshot(platform.database) == before
    assert _files(platform) == []


async def test_a_full_disk_refuses_chunks(
    alice: AsgiClient, platform: Platform, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _open(alice, model_id)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    expect_error(await _append(alice, job, go(b"x" * MEBIBYTE)), 503, "disk is full")

    assert _files(platform) == []


async def test_chunks_of_a_mebibyte_are_taken_whatever_bodies_are_limited_to(
    alice: AsgiClient, platform: Platform, model_id: str
) -> None:
    job = await _open(alice, model_id)
    for _ in range(3):
        expect(await _append(alice, job, go(b"x" * MEBIBYTE)), 202)
    expect_error(await _append(alice, job, go(b"x")), 413)

    assert await _stored(platform) == b"x" * 3 * MEBIBYTE


async def test_closed_and_canceled_jobs_take_no_chunks(alice: AsgiClient, model_id: str) -> None:
    closed, canceled = [await _open(alice, model_id) for _ in range(2)]
    expect_error(await alice.call("POST", f"/api/jobs/{closed}/close"), 409, "no inputs yet")
    expect(await _append(alice, closed, go(b"x")), 202)
    expect(await alice.call("POST", f"/api/jobs/{closed}/close"), 202)
    assert expect(await alice.call("DELETE", f"/api/jobs/{canceled}"), 202)["status"] == "CANCELED"

    expect_error(await _append(alice, closed, go(b"x")), 409, "only to a job that is OPEN")
    expect_error(await _append(alice, canceled, go(b"x")), 409, "is CANCELED")
    expect_error(await alice.call("POST", f"/api/jobs/{canceled}/close"), 409, "is CANCELED")
    expect_error(await _append(alice, "none", go(b"x")), 404)


async def test_others_see_and_fill_nothing(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform, model_id: str
) -> None:
    await set_scope(platform.database, model_id, "ALL")
    job = await _open(alice, model_id)
    expect(await _append(alice, job, go(b"x")), 202)
    place = f"/api/jobs/{job}/item/input.txt"
    expect_error(await _append(charlie, job, go(b"x")), 404)
    expect_error(await charlie.call("GET", place), 404)
    expect_error(await charlie.call("POST", f"/api/jobs/{job}/close"), 404)
    expect_error(await _append(bob, job, go(b"x")), 403, "Only who opened a job")
    assert expect(await bob.call("GET", place))["size"] == 1
    expect(await bob.call("POST", f"/api/jobs/{job}/close"), 202)  # who may cancel it may close it


async def test_two_chunks_of_one_input_at_once(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    job = await _open(alice, model_id)
    answers = await asyncio.gather(*(_append(alice, job, go(b"x" * MEBIBYTE)) for _ in range(2)))

    assert sorted(answer.status for answer in answers) == [202, 409]
    assert await _stored(platform) == b"x" * MEBIBYTE


async def test_answers_to_chunks_name_some_items(alice: AsgiClient, walk: Walk, model_id: str) -> None:
    job = await _open(alice, model_id)
    for number in range(102):
        answer = expect(await _append(alice, job, go(b"x"), item=str(number)), 202)

    assert (answer["total"], len(answer["jobInputs"])) == (102, 100)


async def test_a_full_disk_takes_no_job(alice: AsgiClient, model_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=SPARE_BYTES + 1000))
    model = {"identifier": model_id, "version": "0.1.0"}
    for text, status in (("short", 202), ("long" * 1000, 503)):
        job_input = {"type": "text", "sources": {"a": {"input.txt": text}}}
        assert (await alice.call("POST", "/api/jobs", {"model": model, "input": job_input})).status == status
