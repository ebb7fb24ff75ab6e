"""Reads how a registry wants us to prove who we are."""

import base64
import re
from dataclasses import dataclass

import msgspec
from yarl import URL

from modelyard.adapters.registries.base import RegistryFailed
from modelyard.adapters.registries.bounded_http import read_url

_PARAMETER = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,32768}")


@dataclass(frozen=True, slots=True)
class BasicChallenge:
    """User and password with each request."""


@dataclass(frozen=True, slots=True)
class BearerChallenge:
    """A token, fetched from `realm` (which is https unless the registry is insecure)."""

    realm: URL
    service: str


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None


def read_challenge(headers: tuple[str, ...], *, insecure: bool) -> BearerChallenge | BasicChallenge | None:
    """Understands the WWW-Authenticate headers of a 401, a token preferred. Raises RegistryFailed."""
    schemes = {header.strip().partition(" ")[0].lower(): header for header in reversed(headers)}
    if "bearer" in schemes:
        return _read_bearer(schemes["bearer"], insecure=insecure)
    return BasicChallenge() if "basic" in schemes else None


def basic_authorization(username: str, password: str) -> str:
    """The header's value."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def bearer_authorization(document: bytes) -> str:
    """The header's value, from the answer of a token server. Raises RegistryFailed."""
    try:
        answer = msgspec.json.decode(document, type=_TokenAnswer)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        answer = _TokenAnswer()
    token = answer.token or answer.access_token or ""
    if not _TOKEN.fullmatch(token):
        raise RegistryFailed("The registry's token server answers without a usable token.")
    return f"Bearer {token}"


def _read_bearer(header: str, *, insecure: bool) -> BearerChallenge:
    parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(header)}
    realm = read_url(parameters.get("realm", ""))
    if realm.scheme != "https" and not insecure:
        raise RegistryFailed("The registry wants credentials to be sent over plain http, which is refused.")
    return BearerChallenge(realm, parameters.get("service", ""))
