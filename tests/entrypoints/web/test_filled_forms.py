"""Forms as they were sent: what is read out of them, and where errors stand."""

from typing import Any

import pytest
from fastapi import Request

from modelyard.core.errors import InvalidInput, NotAuthenticated, PlatformError, UpstreamFailed
from modelyard.domain.accounts.naming import NameRejected
from modelyard.domain.accounts.teams import TeamExists
from modelyard.entrypoints.web.filled_forms import FieldsMissing, Filled, NotTyped, refused

REQUEST = Request({"type": "http"})


def test_values() -> None:
    form = Filled({"name": [" a "], "roles": ["x", " ", "y"], "amount": ["1,000"], "old": ["secret"]})

    assert (form.first("name"), form.first("none"), form.given("none")) == ("a", "", None)
    assert form.all("roles") == ["x", "y"]
    assert form.number("amount") == 1000
    assert form.number("none") is None
    assert (form.shown("name", "b"), form.shown("none", "b"), form.shown("none", 0)) == (" a ", "b", "0")
    assert form.shown("old") == ""
    assert form.has("roles", "x")
    assert not form.has("roles", "z", ["z"])
    assert form.has("none", "z", ["z"])
    assert "secret" not in repr(form)


@pytest.mark.parametrize("text", ["one", "1.5", "1" * 19, "٣"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(InvalidInput, match="amount: a whole number"):
        Filled({"amount": [text]}).number("amount")


def test_what_has_to_be_there() -> None:
    form = Filled({"name": [" "], "typed": ["Sound"]})

    with pytest.raises(FieldsMissing):
        form.require("typed", "name")
    form.require_typed("Sound")
    with pytest.raises(NotTyped, match="'sound'"):
        form.require_typed("sound")


@pytest.mark.parametrize(
    ("error", "problem", "at"),
    [
        (NameRejected("name", "it is too long"), "One field needs another look.", {"name": "It is too long."}),
        (NameRejected("title", "it is too long"), "title: it is too long.", {}),
        (TeamExists("x"), "One field needs another look.", {"name": TeamExists("x").message}),
        (FieldsMissing(["name"]), "Fill in what is marked.", {"name": "Fill this in."}),
        (NotTyped("x"), "One field needs another look.", {"typed": NotTyped("x").message}),
    ],
)
async def test_errors_stand_at_the_field_that_they_name(error: Any, problem: str, at: dict[str, str]) -> None:
    form = await refused(REQUEST, Filled({"name": [""]}), error, {TeamExists: "name"})

    assert (form.problem, form.at) == (problem, at)
    assert form.status in {400, 409}


@pytest.mark.parametrize("error", [NotAuthenticated("who?"), PlatformError("broken")])
async def test_what_a_form_cannot_mend_is_an_error_of_its_own(error: PlatformError) -> None:
    with pytest.raises(type(error)):
        await refused(REQUEST, Filled(), error)
    assert (await refused(REQUEST, Filled(), UpstreamFailed("no"))).status == 422
