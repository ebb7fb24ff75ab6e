"""Searching over the API: shapes, pages, facets, and whatever is asked."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import expect, expect_error

SEARCH = "/api/models/search"


@pytest.fixture
async def shelf(alice: AsgiClient) -> None:
    """Three models of Alice."""
    for name, summary, tags in (
        ("Sentiment of texts", "How positive a text is, whoever wrote it.", ["Label or Classify", "language"]),
        ("Texts in pictures", "Reads what is written on signs.", ["Locate or Detect"]),
        ("Forecast", "Says what comes next in a text or a series.", ["Forecast or Estimate"]),
    ):
        model = expect(await alice.call("POST", "/api/models", {"name": name, "version": "0.1.0"}), 201)
        path = f"/api/models/{model['identifier']}"
        expect(await alice.call("PATCH", path, {"description": summary, "tags": tags}))


@pytest.mark.usefixtures("shelf")
async def test_what_was_found_and_why(alice: AsgiClient) -> None:
    found = expect(await alice.call("GET", f"{SEARCH}?q=text"))

    assert [model["name"] for model in found["models"]] == ["Texts in pictures", "Sentiment of texts", "Forecast"]
    assert (found["total"], found["isMore"], found["terms"], found["next"]) == (3, False, ["text"], None)
    snippet = found["models"][2]["snippet"]
    assert [snippet["text"][start:end] for start, end in snippet["marks"]] == ["text"]
    tasks = next(each for each in found["facets"]["categories"] if each["dataType"] == "Task")
    assert {tag["identifier"] for tag in tasks["tags"] if tag["modelCount"]} == {
        *("label_or_classify", "locate_or_detect", "forecast_or_estimate")
    }


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("question", "shown"), [("irony", "Irony"), ("rules text", "rules"), ("warns", "Warns")])
async def test_pieces_of_the_long_texts(alice: AsgiClient, question: str, shown: str) -> None:
    model = expect(await alice.call("GET", f"{SEARCH}?q=sentiment"))["models"][0]
    version = f"/api/models/{model['identifier']}/versions/0.1.0"
    expect(
        await alice.call("PATCH", version, {"longDescription": "Five rules.", "technicalDetails": "Rules for texts."})
    )
    expect(
        await alice.call(
            "PUT", f"{version}/card", {"caveats": "Irony.", "risk": {"rating": "high", "reason": "Warns."}}
        )
    )

    [found] = expect(await alice.call("GET", f"{SEARCH}?q={quote(question)}"))["models"]

    snippet = found["snippet"]
    assert shown.lower() in [snippet["text"][start:end].lower() for start, end in snippet["marks"]]


@pytest.mark.usefixtures("shelf")
async def test_misspelt(alice: AsgiClient) -> None:
    found = expect(await alice.call("GET", f"{SEARCH}?q=sentimant"))

    assert found["corrected"] == {"sentimant": "sentiment"}
    assert [model["name"] for model in found["models"]] == ["Sentiment of texts"]


@pytest.mark.usefixtures("shelf")
async def test_pages_and_filters(alice: AsgiClient) -> None:
    names, path = [], f"{SEARCH}?q=text&per-page=1"
    while path:
        answer = await alice.call("GET", path)
        names += [model["name"] for model in expect(answer)["models"]]
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("<http://testserver") if link else ""
    assert len(names) == len(set(names)) == 3

    tagged = expect(await alice.call("GET", f"{SEARCH}?q=text&tags=language,locate_or_detect"))
    assert {model["name"] for model in tagged["models"]} == {"Sentiment of texts", "Texts in pictures"}
    assert expect(await alice.call("GET", f"{SEARCH}?q=text&isActive=true"))["models"] == []
    assert expect(await alice.call("GET", SEARCH))["total"] == 3


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("query", "is_reversed"), [("sort-by=name", False), ("sort-by=Name&direction=DESC", True)])
async def test_in_the_order_of_names(alice: AsgiClient, query: str, is_reversed: bool) -> None:
    names, path = [], f"{SEARCH}?q=text&per-page=2&{query}"
    while path:
        answer = await alice.call("GET", path)
        names += [model["name"] for model in expect(answer)["models"]]
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("<http://testserver") if link else ""

    assert names == sorted(names, key=str.casefold, reverse=is_reversed)
    assert len(names) == 3


@pytest.mark.usefixtures("shelf")
async def test_a_place_is_one_of_its_order(alice: AsgiClient) -> None:
    found = expect(await alice.call("GET", f"{SEARCH}?q=text&per-page=1&sort-by=name"))

    for query in ("", "&sort-by=author", "&sort-by=name&direction=desc"):
        path = f"{SEARCH}?q=text&after={found['next']}{query}"
        expect_error(await alice.call("GET", path), 400, "after", "sort-by")


async def test_orders_that_there_are_not(alice: AsgiClient) -> None:
    expect_error(await alice.call("GET", f"{SEARCH}?q=a&sort-by=colour"), 400, "relevance, name, author")
    expect_error(await alice.call("GET", f"{SEARCH}?q=a&direction=asc"), 400, "sort-by other than relevance")
    expect_error(await alice.call("GET", f"{SEARCH}?q=a&sort-by=name&direction=up"), 400, "asc or desc")


@pytest.mark.usefixtures("shelf")
async def test_strangers_see_nothing(charlie: AsgiClient) -> None:
    found = expect(await charlie.call("GET", f"{SEARCH}?q=sentimant"))

    assert (found["total"], found["models"], found["corrected"]) == (0, [], {})
    counted = [tag["modelCount"] for each in found["facets"]["categories"] for tag in each["tags"]]
    assert not any(counted)


def _place(**members: object) -> str:
    place = {
        "order": "relevance",
        "descending": False,
        "tier": 0,
        "value": "2026-01-01T00:00:00+00:00",
        "model_id": "a",
    }
    return base64.urlsafe_b64encode(json.dumps(place | members).encode()).decode()


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "members",
    [
        {"value": "0001-01-01T00:00:00+23:59"},
        {"value": "9999-12-31T23:59:59-23:59"},
        {"model_id": "\ud800"},
        {"value": "yesterday"},
        {"value": "2026-01-01T00:00:00"},
        {"model_id": "\0"},
        {"descending": True},
        {"tier": "x"},
    ],
)
async def test_places_that_somebody_made_up(alice: AsgiClient, members: dict[str, object]) -> None:
    expect(await alice.call("GET", f"{SEARCH}?after={_place()}"))
    expect_error(await alice.call("GET", f"{SEARCH}?after={_place(**members)}"), 400, "after")


@pytest.mark.parametrize("after", ["x", "e30", "bnVsbA", "WzEsMl0", "é", "=" * 50, "A" * 5000])
async def test_places_that_are_none_of_ours(alice: AsgiClient, after: str) -> None:
    expect_error(await alice.call("GET", f"{SEARCH}?q=a&after={quote(after)}"), 400, "after")


@pytest.mark.parametrize("question", ["'", '"', "*", "AND", "NOT NEAR", "%00", "%F0%9F%98%80", "a" * 2000, "a " * 500])
async def test_whatever_is_asked(alice: AsgiClient, question: str) -> None:
    answer = await alice.call("GET", f"{SEARCH}?q={question.replace(' ', '%20')}")

    assert answer.status in {200, 400}
