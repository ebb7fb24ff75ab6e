"""What changed between two contracts, with which effect, and whom it breaks."""

from dataclasses import replace
from typing import Any

import pytest

from modelyard.domain.models.contract_diff import Change, ContractFacts, Effect, breaking, contract_diff

A = {"name": "a", "acceptedMediaTypes": "text/plain,image/png", "maximumSize": 1000, "description": "An A."}
B = {"name": "b", "acceptedMediaTypes": "application/json", "maximumSize": 10, "description": ""}
R = {"name": "r", "mediaType": "application/json", "maximumSize": 1000, "description": ""}
S = {"name": "s", "mediaType": "image/png", "maximumSize": 10, "description": ""}
SMALL = {"requirementId": 1, "name": "Small", "cpuMillis": 1000}
LARGE = {"requirementId": 4, "name": "Large", "cpuMillis": 4000}
EDGE = {"requirementId": -99, "name": "Edge", "cpuMillis": 1000}
F1 = {"label": "F1", "value": 0.9}
OLD = ContractFacts(
    version="1.0.0",
    inputs=[A],
    outputs=[R],
    status_timeout=5000,
    run_timeout=5000,
    hardware=SMALL,
    statistics=[F1],
    card={"caveats": "None.", "risk": {"rating": "minimal", "reason": ""}},
    input_schema='{"type": "object", "required": ["age"]}',
)
COMPATIBLE, BREAKING, INFORMATIVE = Effect.COMPATIBLE, Effect.BREAKING, Effect.INFORMATIVE


def _input(**change: Any) -> dict[str, Any]:
    return {"inputs": [A | change]}


def _output(**change: Any) -> dict[str, Any]:
    return {"outputs": [R | change]}


@pytest.mark.parametrize(
    ("change", "path", "effect", "words"),
    [
        # inputs
        ({"inputs": []}, "inputs[a]", BREAKING, "Items that have the input 'a' fail"),
        ({"inputs": [A, B]}, "inputs[b]", BREAKING, "lack the input 'b' and fail"),
        (_input(name="c"), "inputs[a]", BREAKING, "has to call it 'c'"),
        (_input(acceptedMediaTypes="text/plain"), "inputs[a].acceptedMediaTypes", BREAKING, "as image/png fail"),
        (_input(acceptedMediaTypes="text/plain,audio/wav"), "inputs[a].acceptedMediaTypes", BREAKING, "image/png fail"),
        (
            _input(acceptedMediaTypes="text/plain,image/*"),
            "inputs[a].acceptedMediaTypes",
            COMPATIBLE,
            "also be image/*",
        ),
        (_input(acceptedMediaTypes="*/*"), "inputs[a].acceptedMediaTypes", COMPATIBLE, "also be */*"),
        (_input(maximumSize=999), "inputs[a].maximumSize", BREAKING, "more than 999 bytes fail"),
        (_input(maximumSize=1001), "inputs[a].maximumSize", COMPATIBLE, "up to 1001 bytes"),
        (_input(description="Another."), "inputs[a].description", INFORMATIVE, "description of 'a' changed"),
        # outputs
        ({"outputs": []}, "outputs[r]", BREAKING, "reads the output 'r' finds none"),
        ({"outputs": [R, S]}, "outputs[s]", COMPATIBLE, "have the output 's' as well"),
        (_output(name="q"), "outputs[r]", BREAKING, "Whoever reads the output 'r' has to call it 'q'"),
        (_output(mediaType="text/csv"), "outputs[r].mediaType", BREAKING, "gets text/csv"),
        (_output(maximumSize=999), "outputs[r].maximumSize", BREAKING, "more than 999 bytes fail"),
        (_output(maximumSize=1001), "outputs[r].maximumSize", INFORMATIVE, "up to 1001 bytes now"),
        (_output(description="New."), "outputs[r].description", INFORMATIVE, "changed"),
        # the schema
        ({"input_schema": ""}, "inputValidationSchema", COMPATIBLE, "takes all that it took before"),
        ({"input_schema": '{"type": "object"}'}, "inputValidationSchema", COMPATIBLE, "and more"),
        ({"input_schema": '{"type": "array"}'}, "inputValidationSchema", BREAKING, "may fail"),
        (
            {"input_schema": '{"type":"object","required":["age"],"title":"T"}'},
            "inputValidationSchema",
            INFORMATIVE,
            "takes the same",
        ),
        # timeouts
        ({"run_timeout": 4000}, "timeout.run", BREAKING, "more than 4000 ms fail"),
        ({"run_timeout": 6000}, "timeout.run", COMPATIBLE, "up to 6000 ms"),
        ({"run_timeout": None}, "timeout.run", INFORMATIVE, "set"),
        ({"status_timeout": 4000}, "timeout.status", INFORMATIVE, "start"),
        ({"status_timeout": 6000}, "timeout.status", INFORMATIVE, "start"),
        # hardware
        ({"hardware": LARGE}, "requirement", INFORMATIVE, "other hardware"),
        ({"hardware": EDGE}, "requirement", BREAKING, "for edge devices only"),
        ({"hardware": None}, "requirement", INFORMATIVE, "other hardware"),
        # metrics and card
        ({"statistics": [F1 | {"value": 0.8}]}, "statistics[F1]", INFORMATIVE, "'F1' changed"),
        ({"statistics": []}, "statistics[F1]", INFORMATIVE, "not given any more"),
        ({"statistics": [F1, {"label": "AUC"}]}, "statistics[AUC]", INFORMATIVE, "given as well"),
        ({"statistics": [F1, {"value": 1.0}]}, "statistics[1]", INFORMATIVE, "given as well"),
        ({"card": {**OLD.card} | {"caveats": "Some."}}, "card.caveats", INFORMATIVE, "something else about caveats"),
        (
            {"card": {**OLD.card} | {"risk": {"rating": "high"}}},
            "card.risk",
            INFORMATIVE,
            "whether your use is covered",
        ),
    ],
)
def test_one_change(change: dict[str, Any], path: str, effect: Effect, words: str) -> None:
    (found,) = contract_diff(OLD, replace(OLD, version="2.0.0", **change))

    assert (found.path, found.effect) == (path, effect)
    assert words in found.sentence
    assert found.sentence.endswith(".")
    assert found.before != found.after
    assert breaking([found]) == ([found] if effect == BREAKING else [])


def test_nothing_changed() -> None:
    assert contract_diff(OLD, replace(OLD, version="2.0.0")) == []
    assert contract_diff(OLD, replace(OLD, inputs=[A | {"acceptedMediaTypes": "image/PNG, text/plain"}])) == []
    assert contract_diff(ContractFacts("1.0.0"), ContractFacts("2.0.0")) == []


def test_a_first_schema() -> None:
    (found,) = contract_diff(replace(OLD, input_schema=""), OLD)

    assert (found.effect, found.before) == (BREAKING, "")
    assert "before there was none" in found.sentence


def test_back_from_the_edge() -> None:
    (found,) = contract_diff(replace(OLD, hardware=EDGE), OLD)

    assert found.effect == COMPATIBLE


def test_what_differs_in_more_than_the_name_is_another_input() -> None:
    found = contract_diff(OLD, replace(OLD, inputs=[A | {"name": "c", "maximumSize": 5}]))

    assert [(change.path, change.effect) for change in found] == [("inputs[a]", BREAKING), ("inputs[c]", BREAKING)]


def test_several_changes_in_the_order_of_the_contract() -> None:
    new = replace(OLD, inputs=[A | {"maximumSize": 1}, B], outputs=[S], run_timeout=1, statistics=[])
    found: list[Change] = contract_diff(OLD, new)

    assert [change.path for change in found] == [
        "inputs[a].maximumSize",
        "inputs[b]",
        "outputs[r]",
        "outputs[s]",
        "timeout.run",
        "statistics[F1]",
    ]
    assert len(breaking(found)) == 4
