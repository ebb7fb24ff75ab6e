"""Who may see a model, and who may change it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased

from modelyard.core.errors import NotAllowed
from modelyard.core.json_lists import names_in
from modelyard.domain.accounts.actor import Actor, may_over, rows_within, within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.tables import Approval, Model, ModelTeam, Scope, Version


class NotYourModel(NotAllowed):
    """Only the creator and administrators change a model."""

    def __init__(self) -> None:
        super().__init__("Only the person who created a model, or an administrator, can change it.")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `models`; None is whoever has no key."""
    if actor is None:
        return _PUBLIC
    reads, reviews = actor.reach(Permission.READ_MODELS), actor.reach(Permission.APPROVE_MODELS)
    if reads == Reach.INSTALLATION:
        return _NOT_DELETED
    who = _Who(actor.account_id, actor.team_id, actor.user_id, actor.project_id)
    return _visible_to(who, reads, reviews, actor.roles if reviews is not None else frozenset())


_NOT_DELETED: ColumnElement[bool] = Model.deleted_at.is_(None)
_PUBLIC: ColumnElement[bool] = and_(_NOT_DELETED, Model.scope == Scope.ALL)


@dataclass(frozen=True, slots=True)
class _Who:
    """What of an actor the condition depends on, beside reaches and roles."""

    account_id: str
    team_id: str
    user_id: str
    project_id: str | None


@lru_cache(maxsize=1024)
def _visible_to(who: _Who, reads: Reach | None, reviews: Reach | None, roles: frozenset[str]) -> ColumnElement[bool]:
    """Remembered, because making the condition takes longer than most queries with it."""
    same_account = Model.account_id == who.account_id
    for_team = or_(
        Model.team_id == who.team_id,
        select(ModelTeam.team_id).where(ModelTeam.model_id == Model.id, ModelTeam.team_id == who.team_id).exists(),
    )
    return and_(
        _NOT_DELETED,
        or_(
            Model.scope == Scope.ALL,
            and_(same_account, Model.scope == Scope.ACCOUNT),
            and_(same_account, Model.scope == Scope.TEAM, for_team),
            _within(who, reads),
            *([and_(_within(who, reviews), _was_put_before(roles))] if reviews is not None else []),
        ),
    )


def _within(who: _Who, reach: Reach | None, models: Any = Model) -> ColumnElement[bool]:
    columns = {"account": models.account_id, "team": models.team_id, "user": models.created_by}
    return rows_within(who, reach, **columns)


def _was_put_before(roles: frozenset[str]) -> ColumnElement[bool]:
    """Whether one of the model's versions waits for one of the roles, or what they said about one stands.

    Who decides has to see what about, and afterwards what came of it. Few versions ever wait, so they are looked up
    once and not for each model.
    """
    waiting, models = aliased(Version), aliased(Model)
    waits = select(waiting.model_id).join(models, models.id == waiting.model_id)
    waits = waits.where(_waits_for(roles, waiting, models)).correlate(None)
    decided, said = aliased(Version), aliased(Approval)
    theirs = (said.role.in_(sorted(roles)), said.is_void.is_(False))
    stands = select(decided.model_id).join(said, said.version_id == decided.id).where(*theirs).correlate(None)
    return or_(Model.id.in_(waits), Model.id.in_(stands))


def models_within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Over which rows of `models` a permission of the actor reaches."""
    return within(actor, permission, account=Model.account_id, team=Model.team_id, user=Model.created_by)


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a version waits for one of the actor's roles; the query has to have `models`."""
    return _waits_for(actor.roles, Version, Model)


def _waits_for(roles: frozenset[str], versions: Any, models: Any) -> ColumnElement[bool]:
    said_yes = aliased(Approval)

    def waits(role: str) -> ColumnElement[bool]:
        is_asked = names_in(Account.approval_roles, role)
        given = (said_yes.version_id == versions.id, said_yes.role == role, said_yes.is_approved)
        return and_(
            # Said aloud, because what is two levels up is not correlated by itself.
            select(Account.id).where(Account.id == models.account_id, is_asked).correlate(models).exists(),
            ~select(said_yes.id).where(*given, said_yes.is_void.is_(False)).correlate(versions).exists(),
        )

    return and_(
        versions.approval_asked_at.is_not(None),
        versions.deleted_at.is_(None),
        models.deleted_at.is_(None),
        or_(false(), *map(waits, sorted(roles))),
    )


def may_change(actor: Actor, model: Model, permission: Permission = Permission.CHANGE_MODELS) -> bool:
    """Whether the actor created the model, or administers those of its team."""
    return may_over(actor, permission, account=model.account_id, team=model.team_id, user=model.created_by)


def require_change(actor: Actor, model: Model) -> None:
    """Raises NotYourModel unless the actor may change the model."""
    if not may_change(actor, model):
        raise NotYourModel


def may_change_version(actor: Actor, version: Version, permission: Permission = Permission.CHANGE_MODELS) -> bool:
    """Whether the actor may change the version: who added it to somebody else's model may, too."""
    is_creator = version.created_by == actor.user_id and version.model.account_id == actor.account_id
    return may_change(actor, version.model, permission) or (is_creator and actor.may(permission))


def require_version_change(actor: Actor, version: Version, permission: Permission = Permission.CHANGE_MODELS) -> None:
    """Raises NotYourModel unless the actor may change the version."""
    if not may_change_version(actor, version, permission):
        raise NotYourModel
