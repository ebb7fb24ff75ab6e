"""Tables in and out, where pandas is: run by `test_frames.py` with an interpreter that has it."""

from importlib import import_module
from typing import Any

from modelyard.client.errors import BadInputs
from modelyard.client.frames import is_frame, items_of_frame
from modelyard.client.results import results_of

pd: Any = import_module("pandas")
table = pd.DataFrame({"key": ["a", "b"], "text": ["x", "y"], "stars": [5, 4]})
assert is_frame(table)
assert not is_frame({})
assert items_of_frame(table[["text"]]) == {"0": {"text": "x"}, "1": {"text": "y"}}
assert items_of_frame(table, {"text": "in.txt"}, "key") == {"a": {"in.txt": "x"}, "b": {"in.txt": "y"}}
stars = items_of_frame(table.set_index("key"), {"stars": "n.json"})["a"]["n.json"]
assert (stars, type(stars)) == (5, int)


def refused(*arguments: Any) -> str:
    """What is wrong."""
    try:
        items_of_frame(*arguments)
    except BadInputs as error:
        return error.message
    return ""


assert "no column 'nothing'" in refused(table, {"nothing": "in.txt"})
assert "Two rows are called 'a'" in refused(table.assign(key="a"), {"text": "in.txt"}, "key")

item = {"status": "SUCCESSFUL", "modelLatency": 3}
answers = {
    "classes": item | {"results.json": {"data": {"result": {"classPredictions": [{"class": "good", "score": 0.5}]}}}},
    "nested": item | {"results.json": {"a": {"b": 1}, "list": [1, 2]}},
    "plain": item | {"results.json": 7},
}
failures = {"bad": {"error": "no", "errorSide": "MODEL"}}
frame = results_of("job", {"results": answers, "failures": failures, "finished": True}).to_frame()
assert list(frame.index) == ["classes", "nested", "plain", "bad"]
assert frame.loc["classes", "class"] == "good"
assert frame.loc["nested", "a.b"] == 1
assert frame.loc["plain", "results.json"] == 7
assert frame.loc["bad", "error_side"] == "model"
assert pd.isna(frame.loc["classes", "error"])
assert list(results_of("job", {}).to_frame().columns) == ["status", "error", "error_side", "latency_ms"]
print("sound")
