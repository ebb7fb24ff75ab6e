"""Results as values: outputs, files, errors, and whatever a model may have called its outputs."""

from typing import Any

import pytest

from modelyard.client.errors import BadInputs
from modelyard.client.inputs import numbered, read_inputs, source_of, unique_names
from modelyard.client.results import OutputFile, item_of, results_of
from modelyard.client.saving import Names, line_of
from modelyard.client.submissions import s3_place
from modelyard.client.things import job_of, model_of, version_of

JOB = "3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11"


def _item(**outputs: Any) -> dict[str, Any]:
    return {**outputs, "status": "SUCCESSFUL", "engine": "e", "modelLatency": 3, "voting": {"up": 0, "down": 0}}


def test_items_keep_the_order_of_the_job() -> None:
    thing = {
        "total": 3,
        "finished": True,
        "results": {"b": _item()},
        "failures": {"a": {"error": "no", "errorSide": "MODEL"}},
    }
    results = results_of(JOB, thing, ("a", "b", "c"))

    assert list(results) == ["a", "b"]
    assert (results["a"].error, results["a"].error_side) == ("no", "model")
    assert "1 failed" in repr(results)
    assert line_of(results["a"])["errorSide"] == "model"


def test_addresses_of_this_job_are_files_and_no_others() -> None:
    own = f"https://models.example.org/base/api/results/{JOB}/datasource/a%2Fb/output/mask.png"
    item = item_of(JOB, "a/b", _item(**{"mask.png": own, "link.json": "https://elsewhere.example.org/mask.png"}))

    assert item.outputs["mask.png"] == OutputFile(JOB, "a/b", "mask.png")
    assert item.outputs["link.json"] == "https://elsewhere.example.org/mask.png"
    with pytest.raises(ValueError, match="several outputs"):
        _ = item.output


def test_parts_that_models_write() -> None:
    item = item_of(
        JOB, "a", _item(**{"results.json": {"data": {"result": [1], "explanation": None, "drift": {"x": 2}}}})
    )

    assert (item.result, item.explanation, item.drift) == ([1], None, {"x": 2})
    assert item_of(JOB, "a", _item(**{"results.json": 5})).result == 5


@pytest.mark.parametrize("thing", [{}, {"results": None, "failures": []}, {"results": {"a": "text"}}])
def test_answers_without_what_they_should_have(thing: dict[str, Any]) -> None:
    assert len(results_of(JOB, thing)) == 0
    assert job_of({}).total == 0
    assert model_of({"tags": ["a", {"name": "b"}], "versions": None}).tags == ("a", "b")
    assert version_of({"inputs": [None, {"name": "x"}]}).inputs[0].name == "x"


def test_names_of_files_stay_in_their_folder() -> None:
    names = Names()
    hostile = [
        "../../etc/passwd",
        "..",
        ".hidden",
        "A.txt",
        "a.txt",
        "a/b",
        "a\\b",
        "x\x1b[2J\u202e",
        "🙂",
        "",
        "n" * 999,
    ]
    made = [names.safe(name) for name in hostile]

    assert len({name.casefold() for name in made}) == len(hostile)
    assert not any("/" in name or "\\" in name or name.startswith(".") or "\x1b" in name for name in made)
    assert made[3:5] == ["A.txt", "a~2.txt"]
    assert "🙂" in made


def test_inputs_by_name() -> None:
    assert read_inputs("text", "input.txt") == {"0001": {"input.txt": "text"}}
    assert unique_names(["a", "a", "a (2)", "a"]) == ["a", "a (3)", "a (2)", "a (4)"]
    assert numbered(2) == ["0001", "0002"]
    assert source_of({"a": {"b": "c"}})["type"] == "text"
    assert source_of({"a": {"b": b"c"}})["sources"]["a"]["b"] == "data:application/octet-stream;base64,Yw=="
    with pytest.raises(BadInputs, match="not a int"):
        read_inputs(5)


def test_addresses_of_objects() -> None:
    assert s3_place("s3://bucket/a/b c.txt") == {"bucket": "bucket", "key": "a/b c.txt"}
    for wrong in ("https://bucket/key", "s3://", "bucket/key"):
        with pytest.raises(BadInputs):
            s3_place(wrong)
