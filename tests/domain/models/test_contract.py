"""What inputs accept."""

import pytest

from modelyard.domain.models.contract import DeclaredInput, declared_inputs, declared_outputs
from modelyard.domain.models.tables import Version
from tests.library import JSON_OUTPUT, TEXT_INPUT


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("text/plain", "text/plain"),
        ("text/plain", "TEXT/Plain; charset=utf-8"),
        ("text/plain", ""),
        ("text/plain", "application/octet-stream"),
        ("image/*", "image/png"),
        ("*/*", "audio/wav"),
        ("application/octet-stream", "audio/wav"),
        ("text/plain,image/png", "image/png"),
    ],
)
def test_accepted(accepted: str, sent: str) -> None:
    assert DeclaredInput("a", tuple(accepted.split(",")), 1).accepts(sent)


@pytest.mark.parametrize(("accepted", "sent"), [("text/plain", "text/html"), ("image/*", "imagery/png"), ("a/b", "a")])
def test_not_accepted(accepted: str, sent: str) -> None:
    assert not DeclaredInput("a", (accepted,), 1).accepts(sent)


def test_declarations_are_read_in_their_order() -> None:
    version = Version(
        inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b", "acceptedMediaTypes": "Text/Plain, IMAGE/*"}],
        outputs=[JSON_OUTPUT],
    )

    assert [entry.name for entry in declared_inputs(version)] == ["input.txt", "b"]
    assert declared_inputs(version)[1].media_types == ("text/plain", "image/*")
    assert [entry.name for entry in declared_outputs(version)] == ["results.json"]
    assert declared_inputs(Version()) == ()
    assert declared_outputs(Version()) == ()
