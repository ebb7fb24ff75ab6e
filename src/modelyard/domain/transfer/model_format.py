"""The file in which one model travels: a tar. Names of its members, limits, and what can be wrong with it."""

import re
from enum import StrEnum

from modelyard.core.errors import InvalidInput, TooLarge

FORMAT = "modelyard-model"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
"""The first member: what the file is, and what is in it."""
MODEL = "model.json"
CHECKSUMS = "checksums.json"
"""The last member: size and SHA-256 of every other one. Sizes of images are not known before they have passed."""
MOST_VERSIONS = 200
MOST_TEST_INPUTS = 100
MOST_MEMBERS = 25_000
"""With the pulses that keep connections alive; versions and their inputs stay far below."""
LARGEST_DOCUMENTS = 67_108_864
"""Bytes of all JSON members together."""
_VERSION = r"versions/(?P<version>[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9})"


class MemberKind(StrEnum):
    """What a member is."""

    DOCUMENT = "document"
    PICTURE = "picture"
    TEST_INPUT = "test input"
    IMAGE = "image"


_PATTERNS = {
    MemberKind.DOCUMENT: re.compile(rf"{MANIFEST}|{MODEL}|{CHECKSUMS}|{_VERSION}/(?:version|card)\.json", re.ASCII),
    MemberKind.PICTURE: re.compile(r"pictures/(?:picture|snapshot-(?:[1-9]|10))\.(?:jpg|png)", re.ASCII),
    MemberKind.TEST_INPUT: re.compile(rf"{_VERSION}/test-inputs/[1-9][0-9]{{0,2}}", re.ASCII),
    MemberKind.IMAGE: re.compile(r"images/[0-9a-f]{64}\.tar", re.ASCII),
}


class ExportRejected(InvalidInput):
    """The file is not one that `modelyard models export` makes, or it is damaged."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"This exported model cannot be imported: {problem}.")


class ExportTooLarge(TooLarge):
    """What the file holds is more than it may."""


def kind_of(name: str) -> MemberKind:
    """What the member of this name is. Raises ExportRejected for a name that the format does not know."""
    for kind, pattern in _PATTERNS.items():
        if pattern.fullmatch(name):
            return kind
    raise ExportRejected(f"it has a member {name[:100]!r}, which does not belong into it")


def version_member(version: str, *more: str) -> str:
    """The name of a member that belongs to a version."""
    return "/".join(("versions", version, *more))


def image_member(image_id: str) -> str:
    """The name of the archive of an image, from its identifier such as `sha256:…`."""
    return f"images/{image_id.removeprefix('sha256:')}.tar"


def version_of(name: str) -> str | None:
    """The version that a member belongs to."""
    found = re.match(_VERSION + "/", name)
    return found["version"] if found else None
