"""What went wrong at an object store, from the code that it sent: its texts may hold credentials, ours must not."""

import re

from obstore.exceptions import InvalidPathError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from modelyard.adapters.sources.base import (
    AccessDenied,
    ContainerMissing,
    CredentialsExpired,
    CredentialsWrong,
    ObjectChanged,
    ObjectMissing,
    SourceMisconfigured,
    SourceNotReachable,
)
from modelyard.core.errors import PlatformError

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_EXPIRED = {"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException", "RequestExpired"}
_WRONG = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "InvalidClientTokenId",
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "NoAuthenticationInformation",
    "AuthFailed",
}
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_REGION_WRONG = "the bucket {!r} is in another region than the one given"
_NO_CONTAINER = {
    "NoSuchBucket",
    "ContainerNotFound",
    "InvalidBucketName",
    "InvalidResourceName",
    "ContainerBeingDeleted",
}
_BAD_KEY = re.compile(r'Path "(.*?)"(?: contained|: Encountered)', re.DOTALL)
_STATUS = re.compile(r"status code: (\d{3})")
_BUSY = {408, 425, 429}
_PROXY_STATUS = "407"


def explain(error: BaseException, container: str, key: str | None) -> PlatformError:
    """The named error for one of obstore.

    Args:
        key: the object that was asked for; None when a folder was listed.
    """
    text = str(error)
    found = _CODE.search(text)
    code = found[1] if found else ""
    return _by_code(code, container) or _by_type(error, container, key) or _by_text(text, code, container)


def _by_code(code: str, container: str) -> PlatformError | None:
    if code in _EXPIRED:
        return CredentialsExpired()
    if code in _WRONG:
        return CredentialsWrong()
    if code in _NO_CONTAINER:
        return ContainerMissing(container)
    if code in _OTHER_REGION:
        return SourceMisconfigured(_REGION_WRONG.format(container[:100]))
    return None


def _by_type(error: BaseException, container: str, key: str | None) -> PlatformError | None:
    if isinstance(error, FileNotFoundError):
        return ContainerMissing(container) if key is None else ObjectMissing(container, key)
    if isinstance(error, InvalidPathError):
        found = _BAD_KEY.search(str(error))
        name = f": {found[1][:200]!r}" if found else ""
        return SourceMisconfigured(f"the folder has an object whose name this server cannot use{name}; rename it")
    if isinstance(error, PreconditionError):
        return ObjectChanged()
    if isinstance(error, UnauthenticatedError):
        return CredentialsWrong()
    if isinstance(error, PermissionDeniedError):
        return AccessDenied(f"{container}/{key}" if key else f"the list of {container}")
    return None


def _by_text(text: str, code: str, container: str) -> PlatformError:
    status = _STATUS.search(text)
    if "redirect without LOCATION" in text:  # AWS says so of a bucket elsewhere
        return SourceMisconfigured(_REGION_WRONG.format(container[:100]))
    if status is None or int(status[1]) in _BUSY or int(status[1]) >= 500:
        return SourceNotReachable("the store does not answer properly at the moment")
    if status[1] == _PROXY_STATUS:  # the client takes its ticket to no other host
        return SourceMisconfigured("the store sends us to another host, where we do not follow")
    said = code or f"status {status[1]}"
    return SourceMisconfigured(f"the store refused to give it ({said})")
