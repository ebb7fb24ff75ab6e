"""Where a provider does what, as it says so itself."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import msgspec

from modelyard.adapters.identity.base import BadProviderSettings, ProviderUnavailable

PATH = "/.well-known/openid-configuration"


class _Document(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a provider; `userinfo` may be empty."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    authentication: frozenset[str]
    """Ways in which we may prove who we are at `token`."""


def require_issuer(issuer: str) -> str:
    """An issuer as settings have it, without a slash at its end. Raises BadProviderSettings."""
    parts = _split(issuer)
    is_local = parts is not None and _is_loopback(parts.hostname or "")
    if parts is None or parts.query or not (parts.scheme == "https" or is_local):
        raise BadProviderSettings(
            f"The identity provider must be given as its issuer, an https address; {issuer[:200]!r} is not one."
        )
    return issuer.rstrip("/")


def read_discovery(body: bytes, issuer: str) -> Endpoints:
    """Reads a discovery document, whose addresses must be at least as safe as the issuer's.

    Raises ProviderUnavailable.
    """
    try:
        found = msgspec.json.decode(body, type=_Document)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise ProviderUnavailable("The identity provider does not describe itself as OpenID providers do.") from None
    if found.issuer.rstrip("/") != issuer:
        raise ProviderUnavailable(
            f"The identity provider calls itself {found.issuer[:200]!r}, while the settings call it {issuer!r}."
        )
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        _require_safe(address, issuer)
    if found.userinfo_endpoint:
        _require_safe(found.userinfo_endpoint, issuer)
    return Endpoints(
        issuer=found.issuer,
        authorization=found.authorization_endpoint,
        token=found.token_endpoint,
        keys=found.jwks_uri,
        userinfo=found.userinfo_endpoint or "",
        authentication=frozenset(found.token_endpoint_auth_methods_supported or ("client_secret_basic",)),
    )


def _require_safe(address: str, issuer: str) -> None:
    """https anywhere, for large providers have several hosts; plain http only where the issuer itself is."""
    parts, home = _split(address), _split(issuer)
    is_home = parts is not None and home is not None and (parts.scheme, parts.netloc) == (home.scheme, home.netloc)
    if not (is_home or (parts is not None and parts.scheme == "https")):
        raise ProviderUnavailable(f"The identity provider names an address that is not used: {address[:200]!r}.")


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        is_usable = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.username is None
            and not parts.fragment
            and (parts.port is None or parts.port > 0)
            and address.isascii()
            and address.isprintable()
            and " " not in address
        )
    except ValueError:
        return None
    return parts if is_usable else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
