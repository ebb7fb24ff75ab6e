"""What models return, compared with what their versions declare."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.inference.outputs import check_outputs, compact_json
from modelyard.domain.models.contract import DeclaredOutput

RESULTS = DeclaredOutput("results.json", "application/json", 1000)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_json_keeps_its_meaning(value: Any) -> None:
    compact = compact_json(json.dumps(value, indent=2).encode("utf-8", "surrogatepass"))

    assert compact is not None
    assert json.loads(compact) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_not(data: bytes) -> None:
    compact = compact_json(data)

    assert compact is None or json.loads(compact) is not Ellipsis


@pytest.mark.parametrize(
    ("data", "compact"),
    [
        (b' { "a" : [ 1 , 2 ] } ', b'{"a":[1,2]}'),
        (b"NaN", b"null"),
        (b'{"score": NaN, "max": Infinity, "min": -Infinity}', b'{"score":null,"max":null,"min":null}'),
        (b'{"big": 123456789012345678901234567890}', None),
        (b"", None),
        (b"not json", None),
        (b'{"a": 1', None),
        (b"\xff\xfe", None),
        (b'{"a":"\xff"}', None),
        (b"[" * 100_000, None),
        (b"[" * 100_000 + b"]" * 100_000, None),
        (b"9" * 10_000, None),
    ],
)
def test_strange_json(data: bytes, compact: bytes | None) -> None:
    found = compact_json(data)
    if compact is not None:
        assert found == compact
    elif found is not None:
        assert json.loads(found) == json.loads(data)


@pytest.mark.parametrize(
    ("data", "compact"),
    [
        (b"[1 , " + b"[], " * 1_000_000 + b"1]", b"[1," + b"[]," * 1_000_000 + b"1]"),
        (b"[NaN, " + b"[], " * 500_000 + b"1]", b"[null," + b"[]," * 500_000 + b"1]"),
        (b"[" + b"[]," * 1_000_000, None),
        (b'"' + b"\xff" * 2_000_000 + b'"', None),
        (b"[" * 2_000_000, None),
        (b"[NaN," + b"1," * 9_000_000 + b"1]", None),
    ],
)
def test_large_json(data: bytes, compact: bytes | None) -> None:
    began = time.process_time()
    assert compact_json(data) == compact
    assert time.process_time() - began < 10


def test_the_largest_json_is_not_read() -> None:
    data = bytes(70_000_000)
    assert compact_json(data) is data


@pytest.mark.parametrize("name", ["data:text/html\r\nx: y,z", "data:text/html,x", "a.JSON.exe\r\n"])
def test_a_name_says_its_type_by_its_ending_alone(name: str) -> None:
    [output], _ = check_outputs({name: b""}, [])
    assert output.media_type.isascii()
    assert output.media_type.isprintable()
    assert output.media_type != "text/html"


def test_declared_outputs_are_kept_compact() -> None:
    outputs, problem = check_outputs({"results.json": b'{ "a": 1 }'}, [RESULTS])

    assert problem is None
    assert [(output.name, output.media_type, output.data) for output in outputs] == [
        ("results.json", "application/json", b'{"a":1}')
    ]


def test_undeclared_outputs_are_kept_too() -> None:
    outputs, problem = check_outputs({"results.json": b"{}", "picture.png": b"\x89", "thing": b"?"}, [RESULTS])

    assert problem is None
    assert [output.media_type for output in outputs] == ["application/json", "image/png", "application/octet-stream"]


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ({}, "no 'results.json'"),
        ({"other": b"{}"}, "no 'results.json'"),
        ({"results.json": b"nonsense"}, "is not JSON"),
        ({"results.json": b'"' + b"x" * 1000 + b'"'}, "1002 bytes"),
    ],
)
def test_wrong_outputs_are_named(returned: dict[str, bytes], problem: str) -> None:
    outputs, found = check_outputs(returned, [RESULTS])

    assert outputs == ()
    assert found is not None
    assert problem in found
