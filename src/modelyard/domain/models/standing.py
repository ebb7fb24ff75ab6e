"""What a model counts for: whether it is recommended or commercial, and when it expires."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.tables import Model
from modelyard.domain.models.visibility import may_change


class ModelExpired(Conflict):
    """The model takes no jobs any more."""

    def __init__(self, model: Model) -> None:
        at = f"{model.expires_at:%Y-%m-%d %H:%M:%S} UTC" if model.expires_at else "some time ago"
        super().__init__(
            f"The model {model.id} expired at {at}, so it takes no jobs; "
            "use another one, or ask its owner to set a later expirationDateTime."
        )


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a model expires; None is never."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What to change; None leaves it as it is."""

    is_recommended: bool | None = None
    is_commercial: bool | None = None
    expiry: Expiry | None = None


UNCHANGED = Standing()


def set_standing(actor: Actor, model: Model, standing: Standing) -> None:
    """Changes a model that the actor may change. Raises RoleMissing for what only administrators say of a model."""
    wanted = {"is_recommended": standing.is_recommended, "is_commercial": standing.is_commercial}
    changed = {name: flag for name, flag in wanted.items() if flag is not None and flag != getattr(model, name)}
    if changed and not may_change(actor, model, Permission.RECOMMEND_MODELS):
        raise RoleMissing(Permission.RECOMMEND_MODELS)
    for name, flag in changed.items():
        setattr(model, name, flag)
    if standing.expiry is not None:
        model.expires_at = standing.expiry.at


def standing_of(model: Model) -> dict[str, Any]:
    """The same as the audit trail keeps it."""
    return {
        "is_recommended": model.is_recommended,
        "is_commercial": model.is_commercial,
        "expires_at": model.expires_at.isoformat(timespec="milliseconds") if model.expires_at else None,
    }


def is_expired(model: Model, now: datetime) -> bool:
    """Whether the model's time is over."""
    return model.expires_at is not None and model.expires_at <= now


def require_current(model: Model, now: datetime) -> None:
    """Raises ModelExpired."""
    if is_expired(model, now):
        raise ModelExpired(model)
