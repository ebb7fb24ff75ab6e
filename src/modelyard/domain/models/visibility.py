"""Who may see a model, and who may change it."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased

from modelyard.core.errors import NotAllowed
from modelyard.core.json_lists import names_in
from modelyard.domain.accounts.actor import Actor, may_over, within
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.tables import Approval, Model, ModelTeam, Scope, Version


class NotYourModel(NotAllowed):
    """Only the creator and administrators change a model."""

    def __init__(self) -> None:
        super().__init__("Only the person who created a model, or an administrator, can change it.")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `models`."""
    same_account = Model.account_id == actor.account_id
    for_team = or_(
        Model.team_id == actor.team_id,
        select(ModelTeam.team_id).where(ModelTeam.model_id == Model.id, ModelTeam.team_id == actor.team_id).exists(),
    )
    return or_(
        Model.scope == Scope.ALL,
        and_(same_account, Model.scope == Scope.ACCOUNT),
        and_(same_account, Model.scope == Scope.TEAM, for_team),
        within(actor, Permission.READ_MODELS, account=Model.account_id, team=Model.team_id, user=Model.created_by),
        *([_was_put_before(actor)] if actor.may(Permission.APPROVE_MODELS) else []),
    )


def _was_put_before(actor: Actor) -> ColumnElement[bool]:
    """Whether one of the model's versions waits for the actor, or what their roles said about one stands.

    Who decides has to see what about, and afterwards what came of it.
    """
    versions, said = aliased(Version), aliased(Approval)
    theirs = (said.version_id == versions.id, said.role.in_(sorted(actor.roles)), said.is_void.is_(False))
    decided = select(said.id).where(*theirs).exists()
    put = select(versions.id).where(versions.model_id == Model.id, or_(waits_for(actor, versions), decided)).exists()
    return and_(within_review(actor), put)


def within_review(actor: Actor) -> ColumnElement[bool]:
    """Over which rows of `models` the actor's permission to approve reaches."""
    columns = {"account": Model.account_id, "team": Model.team_id, "user": Model.created_by}
    return within(actor, Permission.APPROVE_MODELS, **columns)


def waits_for(actor: Actor, versions: Any = Version) -> ColumnElement[bool]:
    """The condition under which a version waits for one of the actor's roles; the query has to have `models`."""
    said_yes = aliased(Approval)

    def waits(role: str) -> ColumnElement[bool]:
        is_asked = names_in(Account.approval_roles, role)
        given = (said_yes.version_id == versions.id, said_yes.role == role, said_yes.is_approved)
        return and_(
            # Said aloud, because what is two levels up is not correlated by itself.
            select(Account.id).where(Account.id == Model.account_id, is_asked).correlate(Model).exists(),
            ~select(said_yes.id).where(*given, said_yes.is_void.is_(False)).correlate(versions).exists(),
        )

    return and_(versions.approval_asked_at.is_not(None), or_(false(), *map(waits, sorted(actor.roles))))


def may_change(actor: Actor, model: Model, permission: Permission = Permission.CHANGE_MODELS) -> bool:
    """Whether the actor created the model, or administers those of its team."""
    return may_over(actor, permission, account=model.account_id, team=model.team_id, user=model.created_by)


def require_change(actor: Actor, model: Model) -> None:
    """Raises NotYourModel unless the actor may change the model."""
    if not may_change(actor, model):
        raise NotYourModel


def require_version_change(actor: Actor, version: Version, permission: Permission = Permission.CHANGE_MODELS) -> None:
    """Raises NotYourModel unless the actor may change the version: who added it to somebody else's model may, too."""
    is_creator = version.created_by == actor.user_id and version.model.account_id == actor.account_id
    if not may_change(actor, version.model, permission) and not (is_creator and actor.may(permission)):
        raise NotYourModel
