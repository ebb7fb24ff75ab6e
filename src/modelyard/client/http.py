"""What the blocking and the asynchronous client share in talking HTTP: addresses, limits, words for failures."""

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

import modelyard
from modelyard.client.access import Access
from modelyard.client.errors import NotOurServer, Unreachable
from modelyard.client.exchange import Answer, Query, Request

LARGEST_ANSWER = 1024 * 1024 * 1024
"""Bytes of an answer in memory."""
SECONDS_TO_CONNECT = 10.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)


def options(access: Access, seconds: float) -> dict[str, Any]:
    """How either client of httpx is made."""
    # The environment may name proxies, which are for other machines, and certificates of one's own.
    certificates = {"trust_env": False, "verify": httpx.create_ssl_context()} if access.is_local else {}
    return {
        "headers": {"User-Agent": f"modelyard/{modelyard.__version__}", "Accept": "application/json", **access.headers},
        "timeout": httpx.Timeout(seconds, connect=min(seconds, SECONDS_TO_CONNECT)),
        "follow_redirects": False,  # a key goes nowhere but to the server that it is for
        **certificates,
    }


def parts(access: Access, request: Request) -> dict[str, Any]:
    """A request as httpx sends it."""
    return {
        "method": request.method,
        "url": access.url + request.path,
        "params": _sent(request.query) or None,
        "json": request.body,
        "content": request.content,
        "headers": dict(request.headers),
    }


def failure(access: Access, error: Exception) -> Unreachable:
    """What went wrong, in words that say what to do."""
    was_sent = not isinstance(error, _NEVER_SENT)
    reason = _root_of(error)
    if isinstance(error, httpx.TimeoutException):
        message = f"{access.url} did not answer in time; `timeout` gives it longer."
    elif isinstance(reason, ssl.SSLCertVerificationError):
        hint = "Name the file of the authority that signed it in SSL_CERT_FILE."
        message = f"The certificate of {access.url} cannot be trusted: {reason.verify_message}. {hint}"
    elif not was_sent:
        message = f"No server answers at {access.url} ({reason}). Is it running?"
    else:
        message = f"{access.url} did not answer to the end ({reason or type(error).__name__})."
    return Unreachable(message.replace(access.authorization, "…"), was_sent=was_sent)


def told(access: Access, request: Request, status: int) -> str:
    """A line about an answer."""
    return f"{request.method} {access.url}{request.path}: {status}"


class Body:
    """An answer that is being read."""

    def __init__(self, request: Request, status: int, headers: Mapping[str, str]) -> None:
        self._file = request.save_to if status < 300 else None
        self._status = status
        self._headers = headers
        self._content = bytearray()

    def add(self, piece: bytes) -> None:
        """Takes the next piece. Raises NotOurServer when it is too much."""
        if self._file is not None:
            self._file.write(piece)
            return
        self._content += piece
        if len(self._content) > LARGEST_ANSWER:
            raise NotOurServer(f"it sends more than {LARGEST_ANSWER} bytes")

    @property
    def answer(self) -> Answer:
        """All of it."""
        return Answer(self._status, bytes(self._content), self._headers)


def _sent(query: Query) -> dict[str, str]:
    """A query without what was not given; flags as the API spells them."""
    texts = {True: "true", False: "false"}
    return {
        name: texts[value] if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value not in (None, "")
    }


def _root_of(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
