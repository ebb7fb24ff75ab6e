"""What pages show of outputs: JSON with lines, tables as tables, and nothing of what is long."""

import pytest

from modelyard.domain.jobs.item_pages import OutputEntry
from modelyard.entrypoints.web.output_views import document_of, shown_output


def _entry(data: bytes | None, media_type: str = "application/json") -> OutputEntry:
    return OutputEntry("results", media_type, len(data or b""), data)


def test_json_has_a_line_for_each_member() -> None:
    assert shown_output("job", "item", _entry(b'{"a":[1]}')).text == '{\n  "a": [\n    1\n  ]\n}'
    assert document_of(_entry(b'{"a":[1]}')) == {"a": [1]}


@pytest.mark.parametrize("data", [b"{", b"[" * 50_000, b"1" * 5_000])
def test_what_cannot_be_read_as_json_is_shown_as_it_is(data: bytes) -> None:
    assert shown_output("job", "item", _entry(data)).text == data.decode()
    assert document_of(_entry(data)) is None


def test_what_is_long_or_no_text_is_left_out() -> None:
    assert shown_output("job", "item", _entry(None)).text is None
    assert shown_output("job", "item", _entry(b"x", "image/png")).text is None
    assert document_of(_entry(None)) is None
    assert document_of(_entry(b"{}", "text/plain")) is None


def test_names_of_items_cannot_lead_elsewhere() -> None:
    address = shown_output("job", "../x?", _entry(b"{}")).address

    assert address == "/api/results/job/datasource/..%2Fx%3F/output/results"


def test_a_table_has_rows() -> None:
    shown = shown_output("job", "item", _entry(b'step,value\n1,"a, b"\r\n\n2,c\n', "text/csv"))

    assert shown.table == [["step", "value"], ["1", "a, b"], ["2", "c"]]


@pytest.mark.parametrize(
    "data", [b"", b"only,names", b"a,b\n1", b"a\n" * 300, b",".join([b"a"] * 30) + b"\n", b"a\n" + b"x" * 140_000]
)
def test_what_is_no_table_stays_a_text(data: bytes) -> None:
    shown = shown_output("job", "item", _entry(data, "text/csv"))

    assert shown.table is None
    assert shown.text == data.decode()


def test_a_small_document_is_a_tree() -> None:
    for data in (b"{}", b"[]", b'{"a":[1,{"b":null}]}'):
        tree = shown_output("job", "item", _entry(data)).tree
        assert tree is not None
        assert tree.value == document_of(_entry(data))


@pytest.mark.parametrize("data", [b"1", b'"text"', b"[1" + b",1" * 100 + b"]", b"[" * 13 + b"]" * 13, b"{"])
def test_what_is_no_tree_or_a_large_one_is_a_text(data: bytes) -> None:
    shown = shown_output("job", "item", _entry(data))

    assert shown.tree is None
    assert shown.text is not None


def test_the_answer_in_few_words() -> None:
    answer = b'{"data":{"result":{"classPredictions":[{"class":"a","score":0.25},{"class":"b","score":0.75}]}}}'
    shown = shown_output("job", "item", _entry(answer))

    assert shown.answer == "b (0.750)"
    assert [each.name for each in shown.predictions] == ["b", "a"]
    assert shown_output("job", "item", _entry(b"{")).answer == ""
    assert shown_output("job", "item", _entry(b'{"a":1}')).answer == '{"a": 1}'
