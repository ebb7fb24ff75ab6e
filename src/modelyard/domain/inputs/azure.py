"""Inputs of type `azureblob`: each value is a file in a container of an Azure storage account."""

import base64
import binascii
from functools import partial

from modelyard.adapters.sources.base import AzureAccess
from modelyard.domain.inputs.kind import SourceKind
from modelyard.domain.inputs.locations import read_location
from modelyard.domain.inputs.members import Members


def read_access(members: Members) -> AzureAccess:
    """The account and its key."""
    key = members.text("storageAccountKey")
    try:
        base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        members.wrong("storageAccountKey", "must be in base64, as Azure shows it")
    return AzureAccess(
        account=members.word("storageAccount", r"[a-z0-9]{3,24}", "3 to 24 small letters and digits"),
        key=key,
        endpoint=members.endpoint(needed=False),
    )


KIND = SourceKind(
    read_value=partial(read_location, container="container", key="filePath"),
    read_access=read_access,
    access_type=AzureAccess,
)
