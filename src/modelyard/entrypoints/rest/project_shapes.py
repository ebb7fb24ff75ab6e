"""Projects on the wire."""

from typing import Any

from modelyard.domain.accounts.project_queries import ProjectFacts
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.jobs.project_statistics import ProjectStatistics
from modelyard.entrypoints.rest.person_shapes import named_person
from modelyard.entrypoints.rest.wire import time_text


def project_object(facts: ProjectFacts) -> dict[str, Any]:
    """A project with its keys, of which there is always one, and the people who work in it."""
    project = facts.project
    return {
        "identifier": project.id,
        "name": project.name,
        "description": project.description,
        "status": project.status,
        "visibility": project.visibility,
        "accessKeys": [_key(key) for key in facts.keys],
        "user": named_person(facts.owner),
        "members": [named_person(member) for member in facts.members],
        "team": {"identifier": facts.team.id, "name": facts.team.name},
        "createdAt": time_text(project.created_at),
        "updatedAt": time_text(project.updated_at),
    }


def statistics_object(statistics: ProjectStatistics) -> dict[str, Any]:
    """The numbers of a project."""
    return {
        "jobs": statistics.jobs,
        "items": statistics.items,
        "completed": statistics.completed,
        "failed": statistics.failed,
        "inputBytes": statistics.input_bytes,
        "models": [
            {"identifier": use.model_id, "name": use.name, "version": use.version, "jobs": use.jobs}
            for use in statistics.models
        ],
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "description": key.description or "",
        "isDefault": key.is_default,
        "isHighPriority": key.is_high_priority,
        "status": key.status,
        "createdAt": time_text(key.created_at),
    }
