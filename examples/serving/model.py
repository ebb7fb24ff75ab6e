"""What the servers ask of a model."""

from collections.abc import Mapping
from typing import Protocol


class BadInput(Exception):
    """This item cannot be used; its text is the item's error. The other items go on."""


class Model(Protocol):
    """Is made once, when the platform asks for the status first, and may be slow then."""

    inputs: tuple[str, ...]
    """The names of its inputs, as in its card."""

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> Mapping[str, bytes]:
        """The outputs of one item, by name. Raises BadInput."""
