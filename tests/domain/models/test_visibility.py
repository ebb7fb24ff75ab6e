"""Who sees a model, as a matrix: every scope, every kind of caller, and everything that hangs off a model."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import Role, custom_grants
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import Project, Team
from modelyard.domain.jobs.job_filters import JobFilter
from modelyard.domain.jobs.occupancy import read_occupancy
from modelyard.domain.jobs.queries import list_jobs
from modelyard.domain.models.catalog import ModelNotFound, change_model, find_model, find_version
from modelyard.domain.models.filters import ModelFilter, VersionFilter
from modelyard.domain.models.licence import minimum_engines_sum
from modelyard.domain.models.queries import list_latest, list_models, list_tagged
from modelyard.domain.models.related import list_related
from modelyard.domain.models.samples import read_sample
from modelyard.domain.models.sharing import set_visibility
from modelyard.domain.models.tables import Model, Scope
from modelyard.domain.models.version_queries import list_all_versions, list_versions
from modelyard.domain.version_tests.request import TestNotFound, read_test
from modelyard.domain.version_tests.tables import TestKind
from tests.cast import CAST, with_roles
from tests.domain.jobs.steps import submit
from tests.library import add_active, add_model, set_scope
from tests.manual_clock import ManualClock

CLOCK = ManualClock()
NOW = CLOCK.now()
SOUND = replace(CAST.bob, team_id="team-sound")
SPEECH = replace(CAST.bob, team_id="team-speech")
PROJECT = replace(with_roles(CAST.bob, Role.PROJECT), project_id="project", project_name="A project")
CALLERS: dict[str, Actor] = {
    "creator": CAST.alice,
    "creator, acting for another team": replace(CAST.alice, team_id="team-speech"),
    "creator, now a developer": with_roles(CAST.alice, Role.DEVELOPER),
    "team mate": CAST.bob,
    "team mate, a developer": with_roles(CAST.bob, Role.DEVELOPER),
    "administrator of the team": with_roles(CAST.bob, Role.ACCOUNT_ADMIN),
    "listed other team": SOUND,
    "project's key of the listed other team": replace(PROJECT, team_id="team-sound"),
    "other team of the account": SPEECH,
    "administrator of that other team": with_roles(SPEECH, Role.ACCOUNT_ADMIN),
    "admin team": with_roles(CAST.olga, Role.ACCOUNT_ADMIN),
    "data scientist in the admin team": with_roles(CAST.olga, Role.DATA_SCIENTIST),
    "other account": CAST.charlie,
    "administrator of another account": replace(with_roles(CAST.charlie, Role.ACCOUNT_ADMIN), in_admin_team=True),
    "project's key of the team": PROJECT,
    "creator's project's key in another team": replace(
        with_roles(CAST.alice, Role.PROJECT), team_id="team-speech", project_id="project"
    ),
    "auditor": with_roles(CAST.charlie, Role.AUDITOR),
    "platform administrator": with_roles(CAST.charlie, Role.SYSTEM_OWNER),
}
ALWAYS = {
    "creator",
    "creator, acting for another team",
    "creator, now a developer",
    "administrator of the team",
    "admin team",
    "auditor",
    "platform administrator",
}
THE_TEAM = {"team mate", "team mate, a developer", "project's key of the team"}
LISTED = {"listed other team", "project's key of the listed other team"}
THE_ACCOUNT = {name for name, actor in CALLERS.items() if actor.account_id == CAST.alice.account_id}
SEES: dict[Scope, set[str]] = {
    Scope.PRIVATE: ALWAYS,
    Scope.TEAM: ALWAYS | THE_TEAM | LISTED,
    Scope.ACCOUNT: ALWAYS | THE_ACCOUNT,
    Scope.ALL: set(CALLERS),
}


@dataclass(frozen=True)
class Library:
    """The model in question, and one of the same words that everybody sees."""

    database: Database
    hidden: str
    public: str


@pytest.fixture
async def library(database: Database) -> Library:
    async with database.write() as session:
        for team in ("sound", "speech"):
            row = Team(id=f"team-{team}", account_id="account-acme", name=team, is_admin=False, created_at=CLOCK.now())
            session.add(row)
        await session.flush()
        session.add(
            Project(
                id="project",
                account_id="account-acme",
                team_id="team-vision",
                user_id="user-bob",
                name="A project",
                status=ProjectStatus.ACTIVE,
                visibility="PRIVATE",
                created_at=CLOCK.now(),
                updated_at=CLOCK.now(),
            )
        )
    hidden = await add_active(database, CAST.alice, minimum_engines=3)
    public = await add_model(database, CAST.charlie, name="echo of others")
    await set_scope(database, public, Scope.ALL)
    async with database.write() as session:
        await change_model(session, CLOCK, CAST.alice, hidden, tags=["a word of ours"])
        await change_model(session, CLOCK, CAST.charlie, public, tags=["a word of ours"])
    return Library(database, hidden, public)


async def _share(library: Library, scope: Scope) -> None:
    async with library.database.write() as session:
        teams = ["team-sound"] if scope == Scope.TEAM else []
        await set_visibility(session, CLOCK, CAST.alice, library.hidden, scope=scope, teams=teams)


async def _lists(session: AsyncSession, actor: Actor, library: Library) -> dict[str, bool]:
    """In which lists and counts the model appears."""
    hidden = library.hidden

    async def finds(**texts: str) -> bool:
        found = await list_models(session, NOW, actor, ModelFilter(texts), Page(1, 10), Sort())
        return hidden in [model.id for model in found.entries]

    return {
        "models": await finds(),
        "models by name": await finds(name="echo"),
        "models by identifier": await finds(modelId=hidden),
        "models by author": await finds(author="acme"),
        "models by creator": await finds(createdByEmail="alice"),
        "active models": hidden
        in [
            model.id
            for model in (
                await list_models(session, NOW, actor, ModelFilter(flags={"isActive": True}), Page(), Sort())
            ).entries
        ],
        "latest": hidden
        in [model.id for model in (await list_latest(session, NOW, actor, ModelFilter(), Page(), Sort())).entries],
        "versions of all": hidden
        in [
            row.model_id
            for row in (await list_all_versions(session, NOW, actor, VersionFilter(), Page(), Sort())).entries
        ],
        "tagged": hidden
        in [model.id for model in (await list_tagged(session, actor, ["a_word_of_ours"], Page())).entries],
        "related": hidden in [model.id for model in await list_related(session, actor, library.public)],
        "engines": hidden in [entry.version.model_id for entry in await read_occupancy(session, CLOCK, actor)],
    }


async def _details(session: AsyncSession, actor: Actor, library: Library) -> dict[str, bool]:
    """What of the model can be read; what cannot is not found."""
    calls = {
        "model": find_model(session, actor, library.hidden),
        "version": find_version(session, actor, library.hidden, "0.1.0"),
        "versions": list_versions(session, NOW, actor, library.hidden, VersionFilter(), Page(), Sort()),
        "related models": list_related(session, actor, library.hidden),
        "sample": read_sample(session, actor, library.hidden, "0.1.0", "input"),
        "load test": read_test(session, actor, library.hidden, "0.1.0", TestKind.LOAD),
        "run test": read_test(session, actor, library.hidden, "0.1.0", TestKind.RUN),
    }
    seen = {}
    for name, call in calls.items():
        try:
            await call
            seen[name] = True
        except TestNotFound:
            seen[name] = True
        except ModelNotFound:
            seen[name] = False
    return seen


@pytest.mark.parametrize("scope", list(Scope))
async def test_who_sees_what_hangs_off_a_model(library: Library, scope: Scope) -> None:
    await _share(library, scope)
    wrong = []
    for name, actor in CALLERS.items():
        async with library.database.read() as session:
            seen = await _lists(session, actor, library) | await _details(session, actor, library)
        expected = name in SEES[scope]
        wrong += [f"{name}: {part}" for part, is_seen in seen.items() if is_seen != expected]

    assert wrong == []


@pytest.mark.parametrize("scope", list(Scope))
async def test_who_runs_a_model(library: Library, scope: Scope) -> None:
    await _share(library, scope)
    for name, actor in CALLERS.items():
        if not actor.may(Permission.SUBMIT_JOBS):
            with pytest.raises(RoleMissing):
                await submit(library.database, ManualClock(), library.hidden, actor=actor)
        elif name in SEES[scope]:
            assert (await submit(library.database, ManualClock(), library.hidden, actor=actor)).job.total == 2, name
        else:
            with pytest.raises(ModelNotFound):
                await submit(library.database, ManualClock(), library.hidden, actor=actor)


@pytest.mark.parametrize("scope", list(Scope))
async def test_kept_engines_count_where_their_model_is_seen(library: Library, scope: Scope) -> None:
    await _share(library, scope)
    for name, actor in CALLERS.items():
        async with library.database.read() as session:
            total = await minimum_engines_sum(session, actor)
        is_counted = name in SEES[scope] and actor.account_id == CAST.alice.account_id
        assert total == (3 if is_counted else 0), name


async def test_jobs_stay_with_those_who_submitted_them(library: Library) -> None:
    await _share(library, Scope.TEAM)
    await submit(library.database, ManualClock(), library.hidden, actor=SOUND)
    await _share(library, Scope.PRIVATE)

    async with library.database.read() as session:
        (mine,) = (await list_jobs(session, SOUND, JobFilter(), Page(), Sort())).entries
        others = await list_jobs(session, SPEECH, JobFilter(), Page(), Sort())
    assert (mine.job.model_id, mine.job.model_name) == (library.hidden, "echo")
    assert others.entries == []
    with pytest.raises(ModelNotFound):
        await submit(library.database, ManualClock(), library.hidden, actor=SOUND)


async def test_listed_teams_of_another_scope_see_nothing(library: Library) -> None:
    await _share(library, Scope.TEAM)
    await set_scope(library.database, library.hidden, Scope.PRIVATE)  # the list is still there

    async with library.database.read() as session:
        with pytest.raises(ModelNotFound):
            await find_model(session, SOUND, library.hidden)


async def test_a_listed_team_of_another_account_sees_nothing(library: Library) -> None:
    await _share(library, Scope.TEAM)
    stranger = replace(CAST.charlie, team_id="team-sound")

    async with library.database.read() as session:
        with pytest.raises(ModelNotFound):
            await find_model(session, stranger, library.hidden)


async def test_who_reads_no_models_gets_no_list_of_them(library: Library) -> None:
    runner = replace(CAST.alice, roles=frozenset({"RUNNER"}), grants=custom_grants([Permission.SUBMIT_JOBS]))
    async with library.database.read() as session:
        for call in (
            list_models(session, NOW, runner, ModelFilter(), Page(), Sort()),
            list_latest(session, NOW, runner, ModelFilter(), Page(), Sort()),
            list_all_versions(session, NOW, runner, VersionFilter(), Page(), Sort()),
            minimum_engines_sum(session, runner),
            read_occupancy(session, CLOCK, runner),
        ):
            with pytest.raises(NotAllowed):
                await call
        tagged = (await list_tagged(session, runner, ["a_word_of_ours"], Page())).entries
        assert [model.id for model in tagged] == [library.public]
        assert [model.id for model in (await list_tagged(session, None, ["a_word_of_ours"], Page())).entries] == [
            library.public
        ]


def test_the_matrix_has_every_prebuilt_role() -> None:
    assert {role for actor in CALLERS.values() for role in actor.roles} == set(Role)


async def test_models_begin_private(library: Library) -> None:
    async with library.database.read() as session:
        assert await session.scalar(select(Model.scope).where(Model.id == library.hidden)) == Scope.PRIVATE
