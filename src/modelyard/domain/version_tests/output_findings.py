"""Compares what the sample gave with what its version declares; pure rules that only find, and refuse nothing."""

from collections.abc import Iterator, Mapping, Sequence

from modelyard.adapters.container_protocols.output_files import LargeOutput, OutputData, size_of
from modelyard.domain.inference.outputs import JSON, LARGEST_CHECKED, compact_json
from modelyard.domain.models.contract import DeclaredOutput
from modelyard.domain.version_tests.content_types import contradicts
from modelyard.domain.version_tests.report import OutputFinding, Problem

MOST_FINDINGS = 50
_BEGINNING = 2_097_152
"""Bytes by which the type of a large output is told."""


def find_problems(returned: Mapping[str, OutputData], declared: Sequence[DeclaredOutput]) -> tuple[OutputFinding, ...]:
    """Everything that is wrong with the outputs of one item, declared ones first. Blocks where there are files."""
    found = [finding for output in declared for finding in _about(output, returned)]
    names = {output.name for output in declared}
    found += [
        OutputFinding(name, Problem.UNDECLARED, f"the model returned {name!r}, which its version does not declare")
        for name in returned
        if name not in names
    ]
    return tuple(found[:MOST_FINDINGS])


def _about(output: DeclaredOutput, returned: Mapping[str, OutputData]) -> Iterator[OutputFinding]:
    name, data = output.name, returned.get(output.name)
    if data is None:
        yield OutputFinding(name, Problem.MISSING, f"the version declares {name!r}, which the model did not return")
        return
    if size_of(data) > output.maximum_size:
        text = f"{name!r} has {size_of(data)} bytes; the version declares at most {output.maximum_size}"
        yield OutputFinding(name, Problem.TOO_LARGE, text)
    content = _beginning_of(data, whole=output.media_type == JSON)
    if output.media_type == JSON and compact_json(content) is None:
        yield OutputFinding(name, Problem.INVALID_JSON, f"{name!r} is declared as {JSON}, but is not JSON")
    elif other := contradicts(output.media_type, content):
        text = f"{name!r} is declared as {output.media_type}, but its content is {other}"
        yield OutputFinding(name, Problem.OTHER_MEDIA_TYPE, text)


def _beginning_of(data: OutputData, *, whole: bool) -> bytes:
    if not isinstance(data, LargeOutput):
        return data
    return data.read(LARGEST_CHECKED + 1 if whole else _BEGINNING)
