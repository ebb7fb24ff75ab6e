"""Buckets of AWS S3 and of everything that speaks like it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from obstore.store import S3Store

from modelyard.adapters.sources.base import S3Access
from modelyard.adapters.sources.object_stores import RETRY, client_config

if TYPE_CHECKING:
    from obstore.store import S3Credential


def s3_endpoint(access: S3Access) -> str:
    """Where its buckets are; they are named in the path, as every store understands it."""
    if access.endpoint:
        return access.endpoint
    suffix = "amazonaws.com.cn" if access.region.startswith("cn-") else "amazonaws.com"
    return f"https://s3.{access.region}.{suffix}"


def s3_stores(access: S3Access, proxy: str) -> Callable[[str], S3Store]:
    """Makes stores by bucket. Nothing of the server's own environment gets into them."""
    endpoint = s3_endpoint(access)

    def credential() -> "S3Credential":
        given: S3Credential = {
            "access_key_id": access.access_key_id,
            "secret_access_key": access.secret_access_key,
            "expires_at": None,
        }
        if access.session_token:
            given["token"] = access.session_token
        return given

    def make(bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=endpoint,
            region=access.region or "us-east-1",
            virtual_hosted_style_request=False,
            skip_signature=not access.access_key_id,
            credential_provider=credential,
            client_options=client_config(proxy, is_plain=endpoint.startswith("http:")),
            retry_config=RETRY,
        )

    return make
