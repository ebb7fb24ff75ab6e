"""Inputs of type `aws-s3-folder`: every object below a folder of a bucket is an item."""

from functools import partial

from modelyard.adapters.sources.base import S3Access
from modelyard.domain.inputs.kind import SourceKind
from modelyard.domain.inputs.s3 import read_access, read_object

KIND = SourceKind(
    read_value=partial(read_object, may_be_empty=True),
    read_access=read_access,
    access_type=S3Access,
    is_found_out=True,
)
