"""Sources of a submission: each item is read and checked by itself."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.core.errors import TooLarge
from modelyard.domain.inputs.embedded import read_value
from modelyard.domain.inputs.items import SourcesRejected
from modelyard.domain.inputs.sources import read_items
from modelyard.domain.models.contract import DeclaredInput

DECLARED = (DeclaredInput("a", ("text/plain",), 10), DeclaredInput("b", ("image/*",), 10))
GOOD = {"a": "data:text/plain;base64,YQ==", "b": "data:image/png;base64,Yg=="}


def _read(sources: Any, kind: str = "embedded") -> list[str | None]:
    return [item.error for item in read_items(kind, sources, DECLARED, most_items=5)]


def test_good_items_keep_their_values() -> None:
    (item,) = read_items("embedded", {"one": GOOD}, DECLARED, most_items=5)

    assert [(value.name, value.media_type, value.data) for value in item.values] == [
        ("a", "text/plain", b"a"),
        ("b", "image/png", b"b"),
    ]
    assert (item.name, item.size, item.error) == ("one", 2, None)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "'a' is missing"),
        ({"a": GOOD["a"]}, "'b' is missing"),
        (GOOD | {"c": GOOD["a"]}, "no input named 'c'"),
        (GOOD | {"b": GOOD["a"]}, "accepted are: image/*"),
        (GOOD | {"a": "data:text/plain;base64," + base64.b64encode(b"x" * 11).decode()}, "11 bytes"),
        (GOOD | {"a": None}, "must be a data URI"),
        (GOOD | {"a": "data:text/plain;base64,%%%"}, "not valid base64"),
        (GOOD | {"a": "data:text/plain,plain"}, "no data URI"),
        (5, "must be an object"),
    ],
)
def test_bad_item_beside_a_good_one(values: Any, problem: str) -> None:
    good, bad = _read({"good": GOOD, "bad": values})

    assert good is None
    assert bad is not None
    assert problem in bad


def test_only_bad_items_are_refused_with_the_first_reasons() -> None:
    with pytest.raises(SourcesRejected, match=r"1 more"):
        _read({str(number): {} for number in range(4)})


def test_too_many_items() -> None:
    with pytest.raises(TooLarge, match="6"):
        _read({str(number): GOOD for number in range(6)})


@pytest.mark.parametrize("kind", ["", "Text", "s3", "\x00", "x" * 10_000])
def test_unknown_kinds(kind: str) -> None:
    with pytest.raises(SourcesRejected, match="text, embedded"):
        _read({"one": GOOD}, kind)


@given(st.binary(max_size=100), st.sampled_from(["", "text/plain", "text/plain;charset=utf-8", "image/svg+xml"]))
def test_data_uris_come_back(data: bytes, media_type: str) -> None:
    value = read_value("a", f"data:{media_type};base64,{base64.b64encode(data).decode()}")

    assert value.data == data
    assert value.media_type == (media_type.partition(";")[0] or "text/plain")


@given(st.text(max_size=60))
def test_any_text_is_a_data_uri_or_not(text: str) -> None:
    for candidate in (text, f"data:{text}", f"data:text/plain;base64,{text}"):
        try:
            read_value("a", candidate)
        except ValueError as error:
            assert str(error)  # noqa: PT017
