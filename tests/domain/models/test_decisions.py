"""Approval: nothing becomes active before everybody who has to has said yes, and nobody says it of their own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Account, Team
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.approval_state import ApprovalState
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound, find_model
from modelyard.domain.models.decisions import (
    LONGEST_REASON,
    DecidedAlready,
    Decision,
    NotAnApprover,
    NothingToDecide,
    OwnVersion,
    ReasonRejected,
    decide,
    list_waiting,
    may_decide,
)
from modelyard.domain.models.lifecycle import StepsMissing
from modelyard.domain.models.tables import Approval, Scope, Version
from modelyard.domain.models.versions import create_version, set_image
from tests.cast import CAST, with_roles
from tests.domain.models.approval_steps import (
    BOTH,
    LEGAL,
    NO,
    RISK,
    YES,
    add_ready,
    ask_roles,
    change,
    read,
    reviewer,
    say,
)
from tests.library import TEXT_INPUT, add_model, audited, held_image, set_scope
from tests.manual_clock import ManualClock

ADMIN = with_roles(CAST.bob, Role.ACCOUNT_ADMIN)


@pytest.fixture
async def asked(database: Database) -> str:
    """A version of Alice that waits for RISK and LEGAL."""
    await ask_roles(database, "RISK", "LEGAL")
    model_id = await add_ready(database)
    await change(database, model_id, status="active")
    return model_id


async def _actions(database: Database, model_id: str) -> list[str]:
    actions = await audited(database, f"model/{model_id}/0.1.0")
    return [action.removeprefix("model:version:") for action in actions]


async def _valid(database: Database) -> list[tuple[str, bool]]:
    async with database.read() as session:
        rows = await session.scalars(select(Approval).where(Approval.is_void.is_(False)).order_by(Approval.id))
        return [(row.role, row.is_approved) for row in rows]


async def test_without_roles_to_ask_nobody_is_asked(database: Database) -> None:
    model_id = await add_ready(database)
    await change(database, model_id, status="active")

    status, facts = await read(database, model_id)
    assert (status, facts.state, facts.asked_at) == ("active", ApprovalState.NOT_ASKED, None)
    assert await _actions(database, model_id) == ["activated"]


async def test_activation_asks_first(database: Database, asked: str) -> None:
    status, facts = await read(database, asked)

    assert (status, facts.state, facts.waiting_for) == ("partial", ApprovalState.PENDING, ("RISK", "LEGAL"))
    assert (facts.asked_at, facts.asked_by) == (ManualClock().now(), CAST.alice.email)
    assert await _actions(database, asked) == ["approval-asked"]


async def test_asking_again_changes_nothing(database: Database, asked: str) -> None:
    clock = ManualClock()
    await clock.advance(60)
    await change(database, asked, status="ACTIVE", clock=clock)

    assert (await read(database, asked))[1].asked_at == ManualClock().now()
    assert await _actions(database, asked) == ["approval-asked"]


async def test_missing_steps_come_before_approval(database: Database) -> None:
    await ask_roles(database, "RISK")
    model_id = await add_model(database, CAST.alice)
    with pytest.raises(StepsMissing):
        await change(database, model_id, status="active")

    assert (await read(database, model_id))[1].state == ApprovalState.NOT_ASKED


async def test_the_last_yes_activates(database: Database, asked: str) -> None:
    first = await say(database, asked, RISK)
    assert first.status == "partial"
    assert (await read(database, asked))[1].waiting_for == ("LEGAL",)

    last = await say(database, asked, LEGAL)
    assert last.status == "active"
    _, facts = await read(database, asked)
    assert (facts.state, facts.waiting_for) == (ApprovalState.APPROVED, ())
    assert [(row.role, row.decided_by_email) for row in facts.decisions] == [
        ("RISK", RISK.email),
        ("LEGAL", LEGAL.email),
    ]
    assert await _actions(database, asked) == ["approval-asked", "approved", "approved", "activated"]


async def test_one_yes_counts_for_every_role_that_one_has(database: Database, asked: str) -> None:
    assert (await say(database, asked, BOTH)).status == "active"
    assert await _valid(database) == [("RISK", True), ("LEGAL", True)]
    assert await _actions(database, asked) == ["approval-asked", "approved", "activated"]


async def test_the_last_yes_does_not_activate_what_is_incomplete_by_now(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    async with database.write() as session:
        await session.execute(update(Version).values(run_passed=False))
    await say(database, asked, LEGAL)
    status, facts = await read(database, asked)
    assert (status, facts.state) == ("partial", ApprovalState.APPROVED)

    with pytest.raises(StepsMissing):
        await change(database, asked, status="active")
    async with database.write() as session:
        await session.execute(update(Version).values(run_passed=True))
    assert (await change(database, asked, status="active")).status == "active"


async def test_a_no_ends_the_request_and_asking_again_begins_anew(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    await say(database, asked, LEGAL, NO)
    status, facts = await read(database, asked)
    assert (status, facts.state, facts.asked_at, facts.waiting_for) == ("partial", ApprovalState.REJECTED, None, ())
    assert facts.decisions[-1].reason == NO.reason
    with pytest.raises(NothingToDecide, match="rejected"):
        await say(database, asked, RISK)

    await change(database, asked, status="active")
    _, facts = await read(database, asked)
    assert (facts.state, facts.waiting_for, facts.decisions) == (ApprovalState.PENDING, ("RISK", "LEGAL"), ())
    assert await _actions(database, asked) == ["approval-asked", "approved", "rejected", "approval-asked"]


async def test_who_said_yes_may_still_say_no(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    await say(database, asked, RISK, NO)

    assert (await read(database, asked))[1].state == ApprovalState.REJECTED


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": [TEXT_INPUT | {"name": "other.txt"}]},
        {"outputs": [{"name": "a", "mediaType": "text/plain", "maximumSize": 5, "description": ""}]},
        {"requirement_id": 2},
        {"long_description": "other"},
        {"technical_details": "other"},
        {"performance_summary": "other"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_change_of_what_was_approved_takes_the_approvals_back(
    database: Database, asked: str, changes: dict[str, Any]
) -> None:
    await say(database, asked, RISK)
    clock = ManualClock()
    await clock.advance(60)
    await change(database, asked, clock=clock, **changes)

    _, facts = await read(database, asked)
    assert (facts.state, facts.waiting_for, facts.decisions) == (ApprovalState.PENDING, ("RISK", "LEGAL"), ())
    assert facts.asked_at == clock.now()
    assert (await _actions(database, asked))[-3:] == ["changed", "approvals-void", "approval-asked"]


async def test_another_image_takes_the_approvals_back(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    image = held_image("sha256:" + "b" * 64)
    async with database.write() as session:
        session.add(image)
        await session.flush()
        await set_image(session, ManualClock(), CAST.alice, asked, "0.1.0", image)

    assert (await read(database, asked))[1].waiting_for == ("RISK", "LEGAL")
    assert (await say(database, asked, BOTH)).status == "partial"  # its tests have to be done again


@pytest.mark.parametrize(
    "changes",
    [{"version_history": "new"}, {"statistics": [{"label": "F1"}]}, {"maximum_engines": 3}, {"status_timeout_ms": 900}],
    ids=lambda changes: next(iter(changes)),
)
async def test_other_changes_leave_the_approvals(database: Database, asked: str, changes: dict[str, Any]) -> None:
    await say(database, asked, RISK)
    await change(database, asked, **changes)
    await change(database, asked, long_description="", inputs=[TEXT_INPUT], requirement_id=1)  # as they are

    assert (await read(database, asked))[1].waiting_for == ("LEGAL",)


async def test_who_changes_what_is_asked_about_cannot_approve_it(database: Database, asked: str) -> None:
    editor = replace(BOTH, grants=ADMIN.grants)
    await change(database, asked, actor=editor, long_description="changed by the approver")

    assert (await read(database, asked))[1].asked_by == editor.email
    with pytest.raises(OwnVersion):
        await say(database, asked, editor)
    await say(database, asked, LEGAL)
    assert (await read(database, asked))[1].waiting_for == ("RISK",)


async def test_a_change_while_active_asks_again_and_keeps_the_version_active(database: Database, asked: str) -> None:
    await say(database, asked, BOTH)
    await change(database, asked, long_description="other")
    status, facts = await read(database, asked)
    assert (status, facts.state, facts.waiting_for) == ("active", ApprovalState.PENDING, ("RISK", "LEGAL"))

    await say(database, asked, RISK)
    await say(database, asked, LEGAL, NO)
    status, facts = await read(database, asked)
    assert (status, facts.state) == ("inactive", ApprovalState.REJECTED)
    assert (await _actions(database, asked))[-2:] == ["rejected", "deactivated"]


async def test_a_change_while_active_that_is_approved(database: Database, asked: str) -> None:
    await say(database, asked, BOTH)
    await change(database, asked, long_description="other")
    assert (await say(database, asked, BOTH)).status == "active"

    assert (await read(database, asked))[1].state == ApprovalState.APPROVED
    assert (await _actions(database, asked)).count("activated") == 1
    with pytest.raises(NothingToDecide, match="approved already"):
        await say(database, asked, RISK, NO)


async def test_what_was_active_before_there_was_approval_stays_so(database: Database) -> None:
    model_id = await add_ready(database)
    await change(database, model_id, status="active")
    await ask_roles(database, "RISK")
    await change(database, model_id, long_description="other")

    status, facts = await read(database, model_id)
    assert (status, facts.state) == ("active", ApprovalState.NOT_ASKED)
    await change(database, model_id, status="inactive")
    assert (await change(database, model_id, status="active")).status == "inactive"


async def test_the_way_back_needs_no_new_approval(database: Database, asked: str) -> None:
    await say(database, asked, BOTH)
    await change(database, asked, status="inactive")
    assert (await read(database, asked))[1].state == ApprovalState.APPROVED
    with pytest.raises(NothingToDecide):
        await say(database, asked, RISK, NO)

    assert (await change(database, asked, status="active")).status == "active"


async def test_the_way_back_after_a_change_does(database: Database, asked: str) -> None:
    await say(database, asked, BOTH)
    await change(database, asked, status="inactive")
    await change(database, asked, inputs=[TEXT_INPUT | {"name": "other.txt"}])
    assert (await read(database, asked))[1].state == ApprovalState.NOT_ASKED  # nobody wants it active
    assert (await _actions(database, asked))[-1] == "approvals-void"
    async with database.write() as session:
        await session.execute(update(Version).values(run_passed=True))

    assert (await change(database, asked, status="active")).status == "inactive"
    assert (await read(database, asked))[1].waiting_for == ("RISK", "LEGAL")


async def test_a_role_that_is_added_never_activates_what_was_taken_out(database: Database, asked: str) -> None:
    await say(database, asked, BOTH)
    await change(database, asked, status="inactive")
    await ask_roles(database, "RISK", "LEGAL", "ETHICS")
    with pytest.raises(NothingToDecide):
        await say(database, asked, replace(ADMIN, roles=frozenset({"ETHICS"})))

    assert (await change(database, asked, status="active")).status == "inactive"
    assert (await read(database, asked))[1].waiting_for == ("RISK", "LEGAL", "ETHICS")


async def test_fewer_roles_and_none(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    await ask_roles(database, "RISK")
    assert (await change(database, asked, status="active")).status == "active"

    other = await add_ready(database)
    await change(database, other, status="active")
    await ask_roles(database)
    with pytest.raises(NotAnApprover, match="nobody"):
        await say(database, other, ADMIN)
    assert (await change(database, other, status="active")).status == "active"
    assert (await read(database, other))[1].state == ApprovalState.NOT_ASKED


async def test_a_request_can_be_withdrawn(database: Database, asked: str) -> None:
    await change(database, asked, status="inactive")
    status, facts = await read(database, asked)
    assert (status, facts.state) == ("partial", ApprovalState.NOT_ASKED)
    with pytest.raises(ModelNotFound):
        await say(database, asked, RISK)
    with pytest.raises(NothingToDecide, match="nobody has asked"):
        await say(database, asked, replace(RISK, grants=ADMIN.grants))
    assert await _actions(database, asked) == ["approval-asked", "approval-withdrawn"]


async def test_nobody_approves_what_they_created(database: Database) -> None:
    await ask_roles(database, "RISK")
    model_id = await add_ready(database, replace(CAST.bob, grants=CAST.alice.grants))
    await change(database, model_id, actor=CAST.olga, status="active")

    with pytest.raises(OwnVersion):
        await say(database, model_id, RISK)
    await say(database, model_id, RISK, NO)  # a no needs no other eyes


async def test_who_has_the_address_of_somebody_deleted_is_somebody_else(database: Database) -> None:
    await ask_roles(database, "RISK")
    model_id = await add_ready(database, replace(CAST.bob, grants=CAST.alice.grants))
    await change(database, model_id, actor=CAST.olga, status="active")

    await say(database, model_id, replace(RISK, user_id="user-alice", email=CAST.bob.email))


async def test_nobody_approves_what_they_asked_for(database: Database) -> None:
    await ask_roles(database, "ACCOUNT_ADMIN")
    model_id = await add_ready(database)
    await change(database, model_id, actor=ADMIN, status="active")

    with pytest.raises(OwnVersion):
        await say(database, model_id, ADMIN)
    assert (await say(database, model_id, CAST.olga)).status == "active"


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (CAST.alice, RoleMissing),
        (CAST.bob, RoleMissing),
        (with_roles(CAST.bob, Role.AUDITOR), RoleMissing),
        (with_roles(CAST.charlie, Role.SYSTEM_OWNER), RoleMissing),
        (ADMIN, NotAnApprover),
        (CAST.olga, NotAnApprover),
        (reviewer(CAST.bob, "ETHICS"), ModelNotFound),
        (replace(RISK, team_id="team-sound"), ModelNotFound),
        (replace(RISK, account_id=CAST.charlie.account_id), ModelNotFound),
        (replace(RISK, project_id="project"), NotAnApprover),
    ],
)
async def test_who_does_not_decide(database: Database, asked: str, actor: Actor, error: type[PlatformError]) -> None:
    with pytest.raises(error):
        await say(database, asked, actor)

    assert await _valid(database) == []
    assert await _actions(database, asked) == ["approval-asked"]


async def test_a_model_that_all_see_is_still_not_theirs_to_approve(database: Database, asked: str) -> None:
    await set_scope(database, asked, Scope.ALL)
    for stranger in (replace(RISK, team_id="team-sound"), replace(RISK, account_id=CAST.charlie.account_id)):
        with pytest.raises(NotAnApprover):
            await say(database, asked, stranger)


async def test_a_second_yes_of_the_same_role(database: Database, asked: str) -> None:
    await say(database, asked, RISK)
    with pytest.raises(DecidedAlready):
        await say(database, asked, replace(ADMIN, roles=frozenset({"RISK", "ACCOUNT_ADMIN"})))

    assert await _valid(database) == [("RISK", True)]


@pytest.mark.parametrize(
    "decision",
    [
        Decision(is_approved=False),
        Decision(is_approved=False, reason=" \n "),
        Decision(is_approved=False, reason="x" * (LONGEST_REASON + 1)),
        Decision(is_approved=True, reason="x" * (LONGEST_REASON + 1)),
        Decision(is_approved=True, reason="a\x00b"),
    ],
)
async def test_reasons_that_cannot_be_used(database: Database, asked: str, decision: Decision) -> None:
    with pytest.raises(ReasonRejected, match="reason"):
        await say(database, asked, RISK, decision)
    assert await _valid(database) == []


async def test_unknown_versions(database: Database, asked: str) -> None:
    for model_id, version, error in ((asked, "9.9.9", VersionNotFound), ("nothing", "0.1.0", ModelNotFound)):
        with pytest.raises(error):
            async with database.write() as session:
                await decide(session, ManualClock(), RISK, model_id, version, YES)


async def _waiting(database: Database, actor: Actor, page: Page | None = None) -> list[str]:
    async with database.read() as session:
        found = await list_waiting(session, actor, page or Page())
    return [row.model_id for row, _ in found.entries]


async def test_what_waits_for_whom(database: Database, asked: str) -> None:
    assert await _waiting(database, RISK) == [asked]
    assert await _waiting(database, LEGAL) == [asked]
    for other in (ADMIN, reviewer(CAST.bob, "ETHICS"), reviewer(CAST.bob, "RI"), replace(RISK, team_id="team-sound")):
        assert await _waiting(database, other) == []
    with pytest.raises(RoleMissing):
        await _waiting(database, CAST.alice)

    await say(database, asked, RISK)
    assert await _waiting(database, RISK) == []
    assert await _waiting(database, BOTH) == [asked]
    await say(database, asked, LEGAL)
    assert await _waiting(database, LEGAL) == []


async def test_roles_that_another_account_asks_count_there_alone(database: Database, asked: str) -> None:
    other = await add_ready(database, CAST.charlie)
    async with database.write() as session:
        query = update(Account).where(Account.id == CAST.charlie.account_id)
        await session.execute(query.values(approval_roles=["ETHICS"]))
    await change(database, other, actor=CAST.charlie, status="active")
    here = replace(reviewer(CAST.bob, "ETHICS"), grants={**RISK.grants, **CAST.bob.grants})
    there = reviewer(replace(CAST.charlie, email="dora@example.org", user_id="user-dora"), "ETHICS")

    assert await _waiting(database, here) == []
    assert await _waiting(database, there) == [other]
    for model_id in (asked, other):
        async with database.read() as session:
            with pytest.raises(ModelNotFound):
                await find_model(session, here, model_id)


async def test_the_list_has_pages_and_says_who_may_decide(database: Database, asked: str) -> None:
    clock = ManualClock()
    models = [asked]
    for _ in range(2):
        await clock.advance(60)
        models.append(await add_ready(database))
        await change(database, models[-1], status="active", clock=clock)

    pages = [await _waiting(database, RISK, Page(number, 2)) for number in (1, 2, 3)]
    assert pages == [models[:2], models[2:], []]
    async with database.read() as session:
        entries = (await list_waiting(session, RISK, Page())).entries
    assert [may_decide(RISK, *entry) for entry in entries] == [True] * 3
    own: Callable[[Actor], Actor] = lambda actor: replace(actor, user_id=CAST.alice.user_id)  # noqa: E731
    assert [may_decide(own(RISK), *entry) for entry in entries] == [False] * 3
    assert [may_decide(ADMIN, *entry) for entry in entries] == [False] * 3


async def test_who_decides_sees_what_waits_and_no_more(database: Database, asked: str, clock: ManualClock) -> None:
    readers = replace(RISK, grants={**RISK.grants, **CAST.bob.grants})
    blind = replace(readers, roles=frozenset({"ETHICS"}))
    other = await add_ready(database)
    async with database.write() as session:
        session.add(
            Team(id="team-sound", account_id="account-acme", name="sound", is_admin=False, created_at=clock.now())
        )
        await create_version(session, clock, CAST.alice, other, version="0.2.0")

    async def sees(actor: Actor, model_id: str) -> bool:
        async with database.read() as session:
            try:
                await find_model(session, actor, model_id)
            except ModelNotFound:
                return False
            return True

    assert [await sees(readers, asked), await sees(blind, asked)] == [True, False]
    assert [await sees(readers, other), await sees(replace(readers, team_id="team-sound"), asked)] == [False, False]
    await say(database, asked, RISK)
    assert await sees(readers, asked)  # what they said stands
    await change(database, asked, long_description="other")
    await say(database, asked, replace(ADMIN, roles=frozenset({"LEGAL"})), NO)
    await change(database, asked, status="active")
    await change(database, asked, status="inactive")
    assert not await sees(readers, asked)


async def test_the_audit_trail_says_who_and_why(database: Database, asked: str) -> None:
    await say(database, asked, BOTH, NO)

    async with database.read() as session:
        query = select(AuditEvent).where(AuditEvent.action == "model:version:rejected")
        event = (await session.scalars(query)).one()
    assert (event.actor, event.target) == (BOTH.email, f"model/{asked}/0.1.0")
    assert event.details == {"roles": ["RISK", "LEGAL"], "reason": NO.reason}
