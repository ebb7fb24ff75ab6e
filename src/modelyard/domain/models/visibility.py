"""Who may see a model, and who may change it."""

from sqlalchemy import ColumnElement, and_, or_

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Permission
from modelyard.domain.models.tables import Model, Scope


class NotYourModel(NotAllowed):
    """Only the creator and administrators change a model."""

    def __init__(self) -> None:
        super().__init__("Only the person who created a model, or an administrator, can change it.")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a row of `models`."""
    same_account = Model.account_id == actor.account_id
    reasons = [Model.scope == Scope.ALL, and_(same_account, Model.scope == Scope.ACCOUNT)]
    reasons.append(and_(same_account, Model.scope == Scope.TEAM, Model.team_id == actor.team_id))
    reasons.append(and_(same_account, Model.created_by == actor.user_id))
    if actor.may(Permission.ADMINISTER_MODELS) or actor.may(Permission.READ_ALL_JOBS):
        reasons.append(same_account)
    return or_(*reasons)


def require_change(actor: Actor, model: Model) -> None:
    """Raises NotYourModel unless the actor created the model or administers its account."""
    is_creator = model.created_by == actor.user_id and actor.may(Permission.DEPLOY_MODELS)
    is_administrator = model.account_id == actor.account_id and actor.may(Permission.ADMINISTER_MODELS)
    if not (is_creator or is_administrator):
        raise NotYourModel
