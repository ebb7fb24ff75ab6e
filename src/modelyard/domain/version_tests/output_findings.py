"""Compares what the sample gave with what its version declares; pure rules that only find, and refuse nothing."""

from collections.abc import Iterator, Mapping, Sequence

from modelyard.domain.inference.outputs import JSON, compact_json
from modelyard.domain.models.contract import DeclaredOutput
from modelyard.domain.version_tests.content_types import contradicts
from modelyard.domain.version_tests.report import OutputFinding, Problem

MOST_FINDINGS = 50


def find_problems(returned: Mapping[str, bytes], declared: Sequence[DeclaredOutput]) -> tuple[OutputFinding, ...]:
    """Everything that is wrong with the outputs of one item, declared ones first."""
    found = [finding for output in declared for finding in _about(output, returned)]
    names = {output.name for output in declared}
    found += [
        OutputFinding(name, Problem.UNDECLARED, f"the model returned {name!r}, which its version does not declare")
        for name in returned
        if name not in names
    ]
    return tuple(found[:MOST_FINDINGS])


def _about(output: DeclaredOutput, returned: Mapping[str, bytes]) -> Iterator[OutputFinding]:
    name, data = output.name, returned.get(output.name)
    if data is None:
        yield OutputFinding(name, Problem.MISSING, f"the version declares {name!r}, which the model did not return")
        return
    if len(data) > output.maximum_size:
        text = f"{name!r} has {len(data)} bytes; the version declares at most {output.maximum_size}"
        yield OutputFinding(name, Problem.TOO_LARGE, text)
    if output.media_type == JSON and compact_json(data) is None:
        yield OutputFinding(name, Problem.INVALID_JSON, f"{name!r} is declared as {JSON}, but is not JSON")
    elif other := contradicts(output.media_type, data):
        text = f"{name!r} is declared as {output.media_type}, but its content is {other}"
        yield OutputFinding(name, Problem.OTHER_MEDIA_TYPE, text)
