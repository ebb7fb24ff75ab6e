"""Who may see a model, and who may change it."""

from sqlalchemy import ColumnElement, and_, or_, select

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor, may_over, within
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.tables import Model, ModelTeam, Scope, Version


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
    )


def may_change(actor: Actor, model: Model, permission: Permission = Permission.CHANGE_MODELS) -> bool:
    """Whether the actor created the model, or administers those of its team."""
    return may_over(actor, permission, account=model.account_id, team=model.team_id, user=model.created_by)


def require_change(actor: Actor, model: Model) -> None:
    """Raises NotYourModel unless the actor may change the model."""
    if not may_change(actor, model):
        raise NotYourModel


def require_version_change(actor: Actor, version: Version, permission: Permission = Permission.CHANGE_MODELS) -> None:
    """Raises NotYourModel unless the actor may change the version: who added it to somebody else's model may, too."""
    is_creator = version.created_by_email == actor.email and version.model.account_id == actor.account_id
    if not may_change(actor, version.model, permission) and not (is_creator and actor.may(permission)):
        raise NotYourModel
