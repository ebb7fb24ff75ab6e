"""What the demo decides to do."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from examples.demo.deployment import Deployed, Example, find_deployed, plan_example, read_example
from examples.demo.images import Image
from modelyard.entrypoints.cli.access import Access
from modelyard.entrypoints.cli.deploy_plan import Plan, Work
from modelyard.entrypoints.cli.remote import Query, Remote

IMAGE = Image("localhost/some:1.0.0", "sha256:new", 1)


class Library(Remote):
    """A library with one model; versions by number, each with its status and its image."""

    def __init__(self, name: str, versions: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(Access("http://127.0.0.1:1"))
        self._name = name
        self._versions = versions

    def things(self, path: str, query: Query | None = None) -> list[dict[str, Any]]:
        assert path == "/api/models"
        return [{"modelId": "abc"}]

    def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        active = [number for number, (status, _) in self._versions.items() if status == "active"]
        if path == "/api/models/abc":
            return {
                "modelId": "abc",
                "name": self._name,
                "versions": list(self._versions),
                "latestActiveVersion": active[-1] if active else "",
            }
        status, digest = self._versions[path.rpartition("/")[2]]
        return {"status": status, "containerImage": {"digest": digest}}


@pytest.fixture
def example() -> Example:
    return read_example("sentiment", IMAGE)


@pytest.fixture
def library(example: Example, versions: Mapping[str, tuple[str, str]]) -> Iterator[Library]:
    found = Library(example.model.name, versions)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("versions", "plan"),
    [
        ({"1.0.0": ("active", "sha256:old")}, Plan(Work.NEW_VERSION, "1.0.1", "abc")),
        (
            {"1.0.0": ("inactive", ""), "1.0.9": ("active", "sha256:old"), "1.0.10": ("inactive", "sha256:new")},
            Plan(Work.NEW_VERSION, "1.0.11", "abc"),
        ),
        ({"1.0.0": ("partial", "")}, Plan(Work.CONTINUE, "1.0.0", "abc")),
        ({"1.0.0": ("active", "sha256:old"), "1.0.1": ("partial", "")}, Plan(Work.CONTINUE, "1.0.1", "abc")),
        ({"0.3.0": ("active", "sha256:old")}, Plan(Work.NEW_VERSION, "1.0.0", "abc")),
    ],
)
def test_what_changed_is_deployed_as_the_next_version(library: Library, example: Example, plan: Plan) -> None:
    found = plan_example(library, example)

    assert found == plan
    assert find_deployed(library, found, IMAGE) is None


@pytest.mark.parametrize(
    ("versions", "version"),
    [
        ({"1.0.0": ("active", "sha256:new")}, "1.0.0"),
        ({"1.0.0": ("inactive", "sha256:old"), "1.0.1": ("active", "sha256:new")}, "1.0.1"),
    ],
)
def test_what_is_there_is_left_as_it_is(library: Library, example: Example, version: str) -> None:
    assert find_deployed(library, plan_example(library, example), IMAGE) == Deployed("abc", version)


def test_examples_are_for_everybody_of_the_account(example: Example) -> None:
    assert example.model.modelyard.visibility
    assert example.model.modelyard.visibility.scope == "ACCOUNT"


@pytest.mark.parametrize("versions", [{}])
def test_a_model_that_is_not_there_is_new(library: Library, example: Example) -> None:
    library._name = "another"

    plan = plan_example(library, example)

    assert plan == Plan(Work.NEW_MODEL, "1.0.0")
    assert find_deployed(library, plan, IMAGE) is None
