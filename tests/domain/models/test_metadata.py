"""What people write about models: limits, and all problems at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.models.metadata import (
    LONGEST_TEXT,
    MetadataRejected,
    VersionChanges,
    check_changes,
    check_model_name,
    check_summary,
)
from modelyard.domain.models.requirements import RequirementUnknown
from tests.library import JSON_OUTPUT, TEXT_INPUT


def _check(minimum: int = 0, maximum: int = 1, **changes: Any) -> None:
    check_changes(VersionChanges(**changes), minimum_engines=minimum, maximum_engines=maximum)


@pytest.mark.parametrize(
    "name", ["a", "Sentiment 2.0 (large)", "  trimmed  ", "7up", "Größe", "模型", "x" * 100, "a_b-c+d"]
)
def test_good_names(name: str) -> None:
    assert check_model_name(name) == name.strip()


@pytest.mark.parametrize(
    "name", ["", "   ", "-dash", ".hidden", "a/b", "a\x00b", "a\nb", "<b>", "x" * 101, "a\u202eb", "😀"]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(MetadataRejected, match="name"):
        check_model_name(name)


def test_summary_has_a_limit() -> None:
    assert check_summary("x" * 10_000)
    with pytest.raises(MetadataRejected, match="10001"):
        check_summary("x" * 10_001)


def test_nothing_to_change_is_fine() -> None:
    _check()


@pytest.mark.parametrize("value", [100, 5000, 86_400_000])
@pytest.mark.parametrize("name", ["status_timeout_ms", "run_timeout_ms"])
def test_good_timeouts(name: str, value: int) -> None:
    _check(**{name: value})


@pytest.mark.parametrize("value", [-1, 0, 99, 86_400_001, 10**30])
@pytest.mark.parametrize(
    ("name", "shown"), [("status_timeout_ms", "timeout.status"), ("run_timeout_ms", "timeout.run")]
)
def test_absurd_timeouts(name: str, shown: str, value: int) -> None:
    with pytest.raises(MetadataRejected, match=shown):
        _check(**{name: value})


@pytest.mark.parametrize(
    "types", ["text/plain", "text/plain, image/*", "*/*", "application/vnd.ms-excel", "image/svg+xml", "a/b,c/d , e/f"]
)
def test_good_media_types(types: str) -> None:
    _check(inputs=[TEXT_INPUT | {"acceptedMediaTypes": types}])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "a\\b"}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"acceptedMediaTypes": ""}, "acceptedMediaTypes"),
        ({"acceptedMediaTypes": "text"}, "acceptedMediaTypes"),
        ({"acceptedMediaTypes": "text/plain,"}, "acceptedMediaTypes"),
        ({"acceptedMediaTypes": "text/plain; charset=utf-8"}, "acceptedMediaTypes"),
        ({"maximumSize": 0}, "maximumSize"),
        ({"maximumSize": -1}, "maximumSize"),
        ({"maximumSize": 10**12}, "maximumSize"),
        ({"description": "x" * (LONGEST_TEXT + 1)}, "description"),
    ],
)
def test_bad_inputs(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(MetadataRejected, match=rf"inputs\[1\]\.{problem}"):
        _check(inputs=[TEXT_INPUT, {**TEXT_INPUT, "name": "other", **change}])


@pytest.mark.parametrize("entries", [[], [TEXT_INPUT, TEXT_INPUT], [TEXT_INPUT | {"name": str(n)} for n in range(101)]])
def test_number_and_names_of_inputs(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(MetadataRejected, match="inputs"):
        _check(inputs=entries)


def test_bad_output() -> None:
    with pytest.raises(MetadataRejected, match=r"outputs\[0\]\.mediaType"):
        _check(outputs=[JSON_OUTPUT | {"mediaType": "json"}])


@pytest.mark.parametrize("text", ["", "{}", "true", '{"type": "object"}'])
def test_good_schemas(text: str) -> None:
    _check(input_validation_schema=text)


@pytest.mark.parametrize("text", ["no json", "1", "[]", '"text"', "[" * 100_000, "{" * 100_000, "\x00", '{"a":' * 5000])
def test_bad_schemas(text: str) -> None:
    with pytest.raises(MetadataRejected, match="inputValidationSchema"):
        _check(input_validation_schema=text)


@pytest.mark.parametrize(("minimum", "maximum"), [(-1, 1), (2, 1), (0, 1001), (0, -1), (10**30, 10**30)])
def test_bad_numbers_of_engines(minimum: int, maximum: int) -> None:
    with pytest.raises(MetadataRejected, match="processing"):
        _check(minimum_engines=minimum, maximum_engines=maximum)


def test_half_a_change_is_compared_with_what_holds() -> None:
    _check(minimum_engines=3, minimum=0, maximum=5)
    with pytest.raises(MetadataRejected, match="not 6 and 5"):
        _check(minimum_engines=6, minimum=0, maximum=5)


PROSE = {
    "long_description": "longDescription",
    "technical_details": "technicalDetails",
    "performance_summary": "performanceSummary",
    "version_history": "versionHistory",
}


@pytest.mark.parametrize("bad", ["\0", "\x1b[31m", "\x07", "\x7f", "\x9b", "\ud800"])
@pytest.mark.parametrize("column", PROSE)
def test_control_characters_in_prose(column: str, bad: str) -> None:
    with pytest.raises(MetadataRejected, match=PROSE[column]):
        check_changes(VersionChanges(**{column: f"a{bad}b"}), minimum_engines=0, maximum_engines=1)  # type: ignore[arg-type]
    with pytest.raises(MetadataRejected, match="description"):
        check_summary(f"a{bad}b")
    with pytest.raises(MetadataRejected, match=r"inputs\[0\]\.description"):
        _check(inputs=[TEXT_INPUT | {"description": f"a{bad}b"}])


def test_prose_has_lines_and_may_run_from_right_to_left() -> None:
    text = "one\ttwo\r\nthree \u202bשלום\u202c \u200fmore"
    for column in PROSE:
        check_changes(VersionChanges(**{column: text}), minimum_engines=0, maximum_engines=1)  # type: ignore[arg-type]
    assert check_summary(text) == text


@pytest.mark.parametrize("bad", ["\u202e", "\u200b", "\u2028", "\ud800", "\x85"])
def test_names_hide_nothing(bad: str) -> None:
    with pytest.raises(MetadataRejected, match=r"inputs\[0\]\.name"):
        _check(inputs=[TEXT_INPUT | {"name": f"input{bad}txt.exe"}])
    with pytest.raises(MetadataRejected, match="name"):
        check_model_name(f"model{bad}x")


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(MetadataRejected) as caught:
        _check(
            status_timeout_ms=-5,
            run_timeout_ms=10**12,
            inputs=[TEXT_INPUT | {"name": "a/b", "maximumSize": -1}],
            outputs=[],
            input_validation_schema="nonsense",
            long_description="x" * (LONGEST_TEXT + 1),
            maximum_engines=5000,
            statistics=[{}] * 101,
        )

    for word in (
        "timeout.status",
        "timeout.run",
        "inputs[0].name",
        "inputs[0].maximumSize",
        "outputs",
        "inputValidationSchema",
        "longDescription",
        "processing",
        "statistics",
    ):
        assert word in caught.value.message


@given(st.text(max_size=120))
def test_names_are_accepted_or_rejected(name: str) -> None:
    try:
        accepted = check_model_name(name)
    except MetadataRejected:
        return
    assert accepted == name.strip()
    assert accepted.isprintable()


def test_all_problems_of_metrics_inputs_and_timeouts_come_at_once() -> None:
    with pytest.raises(MetadataRejected) as caught:
        _check(
            minimum=3,
            maximum=1,
            status_timeout_ms=1,
            inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b", "maximumSize": 0, "acceptedMediaTypes": "text"}],
            outputs=[JSON_OUTPUT | {"name": "a/b", "description": "\0"}],
            statistics=[{"label": "x" * 201}, {"order": 2**40, "value": 1.0}],
            input_validation_schema='{"properties": {"a": {"type": "txt"}}, "required": 5}',
            technical_details="a\0b",
            unread=("requirement.requirementId: must be a whole number, not text",),
        )

    assert caught.value.problems == [
        "requirement.requirementId: must be a whole number, not text",
        "timeout.status: 100 to 86400000 milliseconds, not 1",
        "inputs[1].acceptedMediaTypes: media types such as text/plain, with commas between",
        "inputs[1].maximumSize: 1 to 100000000000 bytes, not 0",
        "outputs[0].name: a file name of 1 to 255 characters without slashes",
        "outputs[0].description: text without control characters, but for tabs and line ends",
        "statistics[0].label: at most 200 characters, this has 201",
        "statistics[1].order: -2147483647 to 2147483647",
        "technicalDetails: text without control characters, but for tabs and line ends",
        "inputValidationSchema.properties.a.type: 'txt' is not valid under any of the given schemas",
        "inputValidationSchema.required: 5 is not of type 'array'",
        "processing: 0 <= minimumParallelCapacity <= maximumParallelCapacity <= 1000, not 3 and 1",
    ]


def test_an_unknown_preset_is_told_with_the_rest_or_by_itself() -> None:
    unknown = RequirementUnknown(4711, [1, 2])
    with pytest.raises(MetadataRejected) as caught:
        check_changes(
            VersionChanges(run_timeout_ms=1), minimum_engines=0, maximum_engines=1, requirement_problem=unknown
        )
    assert caught.value.problems[1].startswith("requirement.requirementId: There is no hardware preset 4711")
    with pytest.raises(RequirementUnknown):
        check_changes(VersionChanges(), minimum_engines=0, maximum_engines=1, requirement_problem=unknown)


def test_very_many_problems_are_counted() -> None:
    inputs = [TEXT_INPUT | {"name": f"{number}/", "maximumSize": 0} for number in range(100)]
    with pytest.raises(MetadataRejected, match="and 100 more") as caught:
        _check(inputs=inputs)
    assert len(caught.value.problems) == 200


def _deep(levels: int) -> Any:
    return [_deep(levels - 1)] if levels else "x"


@pytest.mark.parametrize(
    ("further", "problem"),
    [
        ({"label": "a\0b"}, r"statistics\[0\].label: text without control"),
        ({"more": ["a\0b"]}, "statistics: text without NUL"),
        ({"more\0": 1}, "statistics: text without NUL"),
        ({"more": _deep(70)}, "statistics: nested more than"),
        ({"more": list(range(30_000))}, "statistics: at most 20000 values"),
        ({"more": "x" * (LONGEST_TEXT + 1)}, "statistics: at most 1000000 characters"),
        ({"description": "x" * (LONGEST_TEXT + 1)}, r"statistics\[0\].description: at most"),
    ],
)
def test_bad_metrics(further: dict[str, Any], problem: str) -> None:
    with pytest.raises(MetadataRejected, match=problem):
        _check(statistics=[{"label": "F1", "value": 0.5} | further])


def test_a_summary_without_nul() -> None:
    with pytest.raises(MetadataRejected, match="control"):
        check_summary("a\0b")


def test_descriptions_have_a_limit_together() -> None:
    entries = [{**TEXT_INPUT, "name": str(number), "description": "x" * (LONGEST_TEXT // 2)} for number in range(3)]
    outputs = [{**entry, "mediaType": "text/plain"} for entry in entries]
    with pytest.raises(MetadataRejected) as caught:
        _check(inputs=entries, outputs=outputs)

    assert "inputs: at most 1000000 characters of description in all, these have 1500000" in caught.value.problems
    assert "outputs: at most 1000000 characters of description in all, these have 1500000" in caught.value.problems
    _check(inputs=entries[:2], outputs=outputs[:2])
