"""Reads how deployments stand: one with all its steps, and those that somebody has not finished."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, load_only

from modelyard.core.errors import Conflict
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.tables import Engine, Purpose
from modelyard.domain.models.approval_state import ApprovalFacts
from modelyard.domain.models.approvals import read_approval
from modelyard.domain.models.card_schemas import card_gaps
from modelyard.domain.models.cards import CardState, current_card
from modelyard.domain.models.catalog import find_version_to_deploy
from modelyard.domain.models.lifecycle import MissingStep, facts_of, find_missing
from modelyard.domain.models.metadata import check_model_name
from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.visibility import may_change, models_within, visible_to
from modelyard.domain.version_tests.checklist import NEEDED_STEPS, Progress, Step, steps_of
from modelyard.domain.version_tests.request import newest_test
from modelyard.domain.version_tests.tables import TestKind, TestState, VersionTest


class NameInUse(Conflict):
    """A model is called so already; another one may be, but seldom should."""

    def __init__(self, model: Model) -> None:
        super().__init__(f"There is a model {model.name!r} already.")
        self.model_id = model.id


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version on its way into the library.

    Args:
        load, run: the newest tests.
        gaps: what the account asks of cards, and this one lacks.
        may_change_model: False for who may change this version, but not what belongs to the whole model.
    """

    version: Version
    load: VersionTest | None
    run: VersionTest | None
    card: CardState
    gaps: tuple[str, ...]
    approval: ApprovalFacts
    steps: tuple[Step, ...]
    may_change_model: bool

    @property
    def is_active(self) -> bool:
        """Whether the version serves."""
        return self.version.status == VersionStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class UnfinishedDeployment:
    """A version that was begun, and what it still needs."""

    version: Version
    missing: tuple[MissingStep, ...]

    @property
    def share(self) -> float:
        """How much of what activation asks for is there, from 0 to 1."""
        return 1 - sum(len(step.numbers) for step in self.missing) / NEEDED_STEPS


async def read_deployment(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Deployment:
    """All that a deployment is about. Raises ModelNotFound, VersionNotFound, NotYourModel, RoleMissing."""
    row = await find_version_to_deploy(session, actor, model_id, version)
    load = await newest_test(session, row.id, TestKind.LOAD)
    run = await newest_test(session, row.id, TestKind.RUN)
    card, gaps = await current_card(session, row), tuple(await card_gaps(session, row))
    approval = await read_approval(session, row)
    progress = Progress(
        load=TestState(load.state) if load else None,
        run=TestState(run.state) if run else None,
        has_card=card.number > 0 or bool(row.technical_details or row.performance_summary),
        card_lacks=bool(gaps),
        approval=approval.state,
    )
    return Deployment(row, load, run, card, gaps, approval, steps_of(row, progress), may_change(actor, row.model))


async def list_unfinished(session: AsyncSession, actor: Actor, page: Page) -> Found[UnfinishedDeployment]:
    """Versions that were never active and that the actor may go on with, those changed last first."""
    require(actor, Permission.DEPLOY_MODELS)
    is_own = and_(Version.created_by == actor.user_id, Model.account_id == actor.account_id)
    query = (
        select(Version)
        .join(Version.model)
        .where(
            Version.status == VersionStatus.PARTIAL,
            Version.deleted_at.is_(None),
            visible_to(actor),
            or_(models_within(actor, Permission.CHANGE_MODELS), is_own),
        )
        .order_by(Version.updated_at.desc(), Version.id.desc())
        .options(contains_eager(Version.model), joinedload(Version.image))
    )
    found = one_page((await session.scalars(paged(query, page))).all(), page)
    entries = [UnfinishedDeployment(row, tuple(find_missing(facts_of(row)))) for row in found.entries]
    return Found(entries, found.has_next)


async def list_own_models(session: AsyncSession, actor: Actor, *, most: int) -> list[Model]:
    """Models of the actor's account, to which they may add versions; those changed last first."""
    require(actor, Permission.DEPLOY_MODELS)
    query = select(Model).where(Model.account_id == actor.account_id, visible_to(actor))
    shown = load_only(Model.name, Model.latest_version, Model.updated_at)
    return list(await session.scalars(query.order_by(Model.updated_at.desc(), Model.id).limit(most).options(shown)))


async def require_new_name(session: AsyncSession, actor: Actor, name: str) -> None:
    """Raises NameInUse when they may see a model of their account that is called so in any case, MetadataRejected."""
    is_called_so = (Model.account_id == actor.account_id, Model.name_key == check_model_name(name).casefold())
    query = select(Model).where(*is_called_so, visible_to(actor)).order_by(Model.updated_at.desc(), Model.id)
    found = await session.scalar(query.limit(1).options(load_only(Model.name)))
    if found is not None:
        raise NameInUse(found)


async def find_trial_engine(session: AsyncSession, test: VersionTest) -> Engine | None:
    """The engine that was started for a test, whether it runs or has ended; None while there is none."""
    if test.started_at is None:
        return None
    query = select(Engine).where(
        Engine.version_id == test.version_id, Engine.purpose == Purpose.TEST, Engine.created_at >= test.started_at
    )
    if test.finished_at is not None:
        query = query.where(Engine.created_at <= test.finished_at)
    return await session.scalar(query.order_by(Engine.created_at.desc()).limit(1))
