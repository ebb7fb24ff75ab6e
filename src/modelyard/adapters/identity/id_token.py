"""Checks the token with which a provider vouches for somebody."""

import warnings
from collections.abc import Sequence
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from modelyard.adapters.identity.base import SignInRejected

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""With two keys, of which the provider keeps one; never `none`, nor those whose key the client has too."""
LEEWAY_SECONDS = 60
"""How much the provider's clock may differ from ours."""
_KEY_TYPES: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_MOST_KEYS = 50
_MOST_KEY_DIGITS = 1400
"""An RSA modulus of 8192 bits in base64; checking with larger numbers would take long."""
_MOST_EXPONENT_DIGITS = 8
_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class NoKeyFits(Exception):
    """None of the keys made the signature."""


def read_keys(document: dict[str, Any]) -> tuple[Key, ...]:
    """The public keys of a key set; what is not understood, too short or too long is left out."""
    entries = document.get("keys")
    found = [_read_key(entry) for entry in (entries if isinstance(entries, list) else [])[:_MOST_KEYS]]
    return tuple(key for key in found if key is not None)


def verify(
    token: str, keys: Sequence[Key], *, issuer: str, client_id: str, nonce: str, access_token: str, now: int
) -> dict[str, Any]:
    """The claims of an id token that is signed by one of the keys and meant for us, now, and for this sign-in.

    Raises NoKeyFits, SignInRejected.
    """
    found = _verify_signature(token, keys)
    # The check of at_hash knows Ed25519 by its old name only.
    algorithm = "EdDSA" if found.header["alg"] == "Ed25519" else found.header["alg"]
    claims = CodeIDToken(
        found.claims,
        {**found.header, "alg": algorithm},
        {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        {"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    try:
        claims.validate(now, LEEWAY_SECONDS)
    except ExpiredTokenError:
        raise SignInRejected("The sign-in took too long. Start anew.") from None
    except ClaimError as error:
        raise SignInRejected(
            f"The identity provider's token is not for this sign-in (claim {error.claim!r})."
        ) from None
    except (JoseError, ValueError, TypeError, AttributeError):
        raise _unreadable() from None
    return dict(found.claims)


def _verify_signature(token: str, keys: Sequence[Key]) -> jwt.Token:
    try:
        header = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _unreadable() from None
    if header.get("alg") not in ALGORITHMS:
        raise SignInRejected("The identity provider signs its tokens in a way that is not trusted.")
    for key in keys:
        if header.get("kid") in (None, key.kid) or key.kid is None:
            found = _decode(token, key)
            if found is not None:
                return found
    raise NoKeyFits


def _decode(token: str, key: Key) -> jwt.Token | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # "EdDSA" is an old name for Ed25519, no danger
            return jwt.decode(token, key, ALGORITHMS, _REGISTRY)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _read_key(entry: Any) -> Key | None:
    if not isinstance(entry, dict) or entry.get("use") not in (None, "sig") or "d" in entry:
        return None
    sizes = {"n": _MOST_KEY_DIGITS, "e": _MOST_EXPONENT_DIGITS}
    if any(len(str(entry.get(name, ""))) > most for name, most in sizes.items()):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)  # an RSA key that is too short
            return _KEY_TYPES[entry["kty"]].import_key(entry)
    except (SecurityWarning, JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _unreadable() -> SignInRejected:
    return SignInRejected("The identity provider's token cannot be read.")
