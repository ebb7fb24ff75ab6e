"""The examples of the guide are submissions that are accepted."""

import json
import subprocess

import pytest

from modelyard.domain.inputs.sources import SOURCES, read_access, read_items, source_kind
from modelyard.domain.models.contract import DeclaredInput
from tests.house.tree import ROOT

GUIDE = (ROOT / "docs" / "guide" / "sending-inputs.md").read_text(encoding="utf-8")
DECLARED = (DeclaredInput("input.txt", ("text/plain",), 1000),)


def examples() -> list[str]:
    """What a shell would send."""
    blocks = [block.partition("```")[0] for block in GUIDE.split("```sh\n")[1:]]
    script = "\n".join([*blocks, "true"]).replace("send() {", "unused() {")
    printing = 'send() { printf "%s\\0" "$1"; }\n'
    run = subprocess.run(["bash", "-euc", printing + script], capture_output=True, text=True, check=True)
    return run.stdout.rstrip("\0").split("\0")


def test_every_kind_has_an_example() -> None:
    assert {json.loads(example)["input"]["type"] for example in examples()} == set(SOURCES)


@pytest.mark.parametrize("example", examples())
def test_examples_are_accepted(example: str) -> None:
    given = json.loads(example)["input"]
    kind = given.pop("type")

    items = read_items(kind, given.pop("sources", None), DECLARED, most_items=5)
    read_access(source_kind(kind), given)

    assert not any(item.error for item in items)
