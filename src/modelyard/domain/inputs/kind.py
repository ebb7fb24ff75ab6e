"""What a kind of source consists of; each is one file that offers it as KIND."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelyard.adapters.sources.base import AzureAccess, DatabaseAccess, S3Access
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.members import Members

Access = S3Access | AzureAccess | DatabaseAccess


@dataclass(frozen=True, slots=True)
class SourceKind:
    """How to read a submission of this kind.

    Args:
        read_value: reads one input of an item; raises ValueError with what is wrong. None: there are no `sources`.
        read_access: reads how to reach the place where the inputs are; None: they come with the submission.
        access_type: what `read_access` gives.
        is_found_out: that its items are known only after a look at that place.
    """

    read_value: Callable[[str, Any], InputValue] | None
    read_access: Callable[[Members], Access] | None = None
    access_type: type[Access] | None = None
    is_found_out: bool = False
