"""Makes a person of what a provider claims of them, whatever form that has."""

from collections.abc import Mapping
from typing import Any

from modelyard.adapters.identity.base import Identity
from modelyard.core.harmless import one_line

Claims = Mapping[str, Any]
MOST_GROUPS = 1000
_MOST_CHARACTERS = 200
_MOST_ADDRESS = 254


def is_complete(claims: Claims, groups_claim: str) -> bool:
    """Whether nothing is missing that asking again could add."""
    has_names = bool(_text(claims, "given_name") and _text(claims, "family_name"))
    has_email = bool(_email(claims)) and "email_verified" in claims
    return has_names and has_email and _find(claims, groups_claim) is not None


def identity_from(documents: tuple[Claims, ...], *, subject: str, issuer: str, groups_claim: str) -> Identity:
    """Takes each thing from the first document that has it."""
    first, last = next(filter(any, map(_names, documents)), ("", ""))
    email = next(filter(None, map(_email, documents)), "")
    return Identity(
        subject=subject,
        issuer=issuer,
        email=email,
        email_verified=bool(email) and _is_verified(documents, email),
        first_name=first,
        last_name=last,
        groups=next((_groups(found) for each in documents if (found := _find(each, groups_claim))), frozenset()),
    )


def _is_verified(documents: tuple[Claims, ...], email: str) -> bool:
    """What is said of this very address; some providers write `"true"` instead of `true`."""
    said = (each["email_verified"] for each in documents if _email(each) == email and "email_verified" in each)
    found = next(said, False)
    return found is True or found == "true"


def _names(claims: Claims) -> tuple[str, str]:
    first, last = _text(claims, "given_name"), _text(claims, "family_name")
    if first or last:
        return first, last
    first, _, last = _text(claims, "name").partition(" ")
    return first, last


def _email(claims: Claims) -> str:
    address = claims.get("email")
    if not isinstance(address, str) or len(address) > _MOST_ADDRESS or address.count("@") != 1:
        return ""
    return address if address.isprintable() and " " not in address else ""


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return one_line(value)[:_MOST_CHARACTERS] if isinstance(value, str) else ""


def _groups(found: Any) -> frozenset[str]:
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(name for name in names[:MOST_GROUPS] if isinstance(name, str) and _is_group(name))


def _is_group(name: str) -> bool:
    return 0 < len(name) <= _MOST_CHARACTERS and name.isprintable()


def _find(claims: Claims, path: str) -> Any:
    """The claim of this name, else the one that the dots in it lead to, such as `realm_access.roles`."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
