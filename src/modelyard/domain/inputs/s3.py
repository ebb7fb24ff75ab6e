"""Inputs of type `aws-s3`: each value is an object of a bucket."""

from functools import partial

from modelyard.adapters.sources.base import S3Access
from modelyard.domain.inputs.kind import SourceKind
from modelyard.domain.inputs.locations import read_location
from modelyard.domain.inputs.members import Members

REGION = r"[A-Za-z0-9-]{1,64}"
read_object = partial(read_location, container="bucket", key="key")


def read_access(members: Members) -> S3Access:
    """Credentials, region and endpoint. Both halves of the key may be left out, for buckets that are public."""
    key = members.token("accessKeyID", needed=False)
    secret = members.secret("secretAccessKey", needed=bool(key))
    if secret and not key:
        members.token("accessKeyID")
    endpoint = members.endpoint(needed=False)
    return S3Access(
        access_key_id=key,
        secret_access_key=secret,
        region=members.word("region", REGION, "a region such as eu-central-1", needed=not endpoint),
        endpoint=endpoint,
        session_token=members.token("sessionToken", needed=False),
    )


KIND = SourceKind(read_value=read_object, read_access=read_access, access_type=S3Access)
