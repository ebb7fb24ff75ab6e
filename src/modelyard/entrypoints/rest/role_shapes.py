"""Roles and entitlements on the wire."""

from typing import Any

from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.role_queries import RoleFacts
from modelyard.domain.accounts.roles import Grants

REACHES: dict[Reach, str] = {
    Reach.OWN: "one's own, or the project's",
    Reach.TEAM: "the team, in the admin team the account",
    Reach.ACCOUNT: "the account",
    Reach.INSTALLATION: "the whole installation",
}
"""How far a permission goes, in words."""
_ORDER = {permission: 10 * position for position, permission in enumerate(Permission, start=1)}


def role_object(role: RoleFacts) -> dict[str, Any]:
    """A role with what it allows."""
    return {
        "identifier": role.identifier,
        "name": role.name,
        "description": role.description,
        "longDescription": role.long_description,
        "weight": role.weight,
        "type": role.type,
        "entitlements": entitlement_objects(role.grants),
        "isPrebuilt": role.is_prebuilt,
    }


def entitlement_objects(grants: Grants) -> list[dict[str, Any]]:
    """What may be done, in the order of the weights."""
    return [_entitlement(permission, grants[permission]) for permission in sorted(grants, key=_ORDER.__getitem__)]


def _entitlement(permission: Permission, reach: Reach) -> dict[str, Any]:
    return {
        "identifier": permission.entitlement,
        "permission": permission,
        "description": permission.meaning,
        "longDescription": f"{permission.meaning} It reaches {REACHES[reach]}. As a scope of a key: {permission}.",
        "weight": _ORDER[permission],
    }
