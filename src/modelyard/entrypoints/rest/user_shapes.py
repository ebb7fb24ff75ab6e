"""Users and accounts on the wire."""

from typing import Any

from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.one_time_links import FoundLink, SentLink
from modelyard.domain.accounts.organisations import AccountFacts
from modelyard.domain.accounts.user_queries import UserFacts
from modelyard.entrypoints.rest.wire import time_text, without_none

PORTRAITS = "/api/portraits"


def user_object(facts: UserFacts, submitted_jobs: int) -> dict[str, Any]:
    """A user with keys and teams; clients need the times in any case."""
    user = facts.user
    return without_none(
        {
            "identifier": user.id,
            "externalIdentifier": user.external_id or user.email,
            "firstName": user.first_name,
            "lastName": user.last_name,
            "title": user.title,
            "email": user.email,
            "pictureURL": f"{PORTRAITS}/{user.picture_address}" if user.picture_address else None,
            "status": user.status,
            "source": user.source,
            "lastActiveDateTime": time_text(user.last_active_at or user.created_at),
            "createdAt": time_text(user.created_at),
            "updatedAt": time_text(user.updated_at or user.created_at),
            "visited": user.visited,
            "onboarded": user.onboarded,
            "activeAccessKeyCount": sum(key.status == KeyStatus.ACTIVE for key in facts.keys),
            "listAccessKeys": _keys(facts),
            "account": {"identifier": user.account_id, "name": facts.account_name},
            "teams": [{"identifier": team.team_id, "name": team.name, "roles": team.roles} for team in facts.teams],
            "submittedJobs": submitted_jobs,
        }
    )


def _keys(facts: UserFacts) -> list[dict[str, Any]]:
    return [
        {
            "prefix": key.prefix,
            "name": key.name,
            "status": key.status,
            "isDefault": key.is_default,
            "team": {"identifier": key.team_id, "name": key.team_name},
        }
        for key in facts.keys
    ]


def sent_link_object(link: SentLink) -> dict[str, Any]:
    """A link that was asked for; with its address only where no letter could be sent."""
    return without_none({"url": link.url, "expiresAt": time_text(link.expires_at), "sent": link.url is None})


def found_link_object(link: FoundLink) -> dict[str, Any]:
    """What somebody who holds a link may know."""
    return {
        "email": link.user.email,
        "firstName": link.user.first_name,
        "lastName": link.user.last_name,
        "account": {"identifier": link.account.id, "name": link.account.name},
        "expiresAt": time_text(link.expires_at),
    }


def account_object(facts: AccountFacts) -> dict[str, Any]:
    """An account; without `processingEngines` where its licence is as the installation's settings say."""
    account = facts.account
    return without_none(
        {
            "identifier": account.id,
            "name": account.name,
            "status": account.status,
            "processingEngines": account.processing_engines,
            "approvalRoles": account.approval_roles or [],
            "userCount": facts.users,
            "createdAt": time_text(account.created_at),
        }
    )
