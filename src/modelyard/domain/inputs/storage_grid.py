"""Inputs of type `storage-grid`: objects of NetApp StorageGRID, or of any store that speaks like S3."""

from modelyard.adapters.sources.base import S3Access
from modelyard.domain.inputs.kind import SourceKind
from modelyard.domain.inputs.members import Members
from modelyard.domain.inputs.s3 import REGION, read_object

USUAL_REGION = "us-east-1"


def read_access(members: Members) -> S3Access:
    """Credentials and endpoint."""
    return S3Access(
        access_key_id=members.token("accessKeyID"),
        secret_access_key=members.secret("secretAccessKey"),
        region=members.word("region", REGION, "a region such as us-east-1", needed=False) or USUAL_REGION,
        endpoint=members.endpoint(needed=True),
        session_token=members.token("sessionToken", needed=False),
    )


KIND = SourceKind(read_value=read_object, read_access=read_access, access_type=S3Access)
