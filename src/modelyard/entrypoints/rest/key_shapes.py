"""API keys on the wire."""

from typing import Any

from modelyard.domain.accounts.api_keys import NewKey, key_type
from modelyard.domain.accounts.key_queries import KeyWithOwner
from modelyard.entrypoints.rest.person_shapes import named_person
from modelyard.entrypoints.rest.wire import time_text, without_none


def key_object(found: KeyWithOwner, submitted_jobs: int) -> dict[str, Any]:
    """A key without its body."""
    key, project = found.key, found.project
    return without_none(
        {
            "prefix": key.prefix,
            "name": key.name,
            "description": key.description,
            "isDefault": key.is_default,
            "isHighPriority": key.is_high_priority,
            "status": key.status,
            "createdAt": time_text(key.created_at),
            "lastActiveDateTime": time_text(key.last_used_at) if key.last_used_at else None,
            "submittedJobs": submitted_jobs,
            "retrieved": key.retrieved_at is not None,
            "roles": found.roles,
            "labels": key.labels,
            "keyType": key_type(key),
            "account": {"identifier": found.account.id, "name": found.account.name},
            "user": named_person(found.user),
            "team": {"identifier": found.team.id, "name": found.team.name},
            "project": {"identifier": project.id, "name": project.name} if project else None,
            "expiresAt": time_text(key.expires_at) if key.expires_at else None,
            "scopes": key.scopes,
            "networks": key.networks,
        }
    )


def new_key_object(new: NewKey) -> dict[str, Any]:
    """A key with its body, at the only moment when that is known."""
    return {"prefix": new.prefix, "body": new.body, "key": new.text}
