"""Which audit events somebody may read."""

from dataclasses import replace

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.audit.filters import EventFilter


def events_within(actor: Actor, wanted: EventFilter) -> EventFilter | None:
    """What to look for, as far as the actor's permission reaches; None when that is nothing. Raises RoleMissing."""
    require(actor, Permission.READ_AUDIT)
    reach = actor.reach(Permission.READ_AUDIT) or Reach.OWN
    if reach == Reach.INSTALLATION:
        return wanted
    if wanted.account_id not in (None, actor.account_id):
        return None
    wanted = replace(wanted, account_id=actor.account_id)
    if reach == Reach.TEAM:
        return replace(wanted, team_id=actor.team_id)
    if reach == Reach.OWN:
        return replace(wanted, user_id=actor.user_id) if wanted.user_id in ("", actor.user_id) else None
    return wanted
