"""What models say of themselves: permalinks, features, expiry, author, last use, what relates them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import RoleMissing
from modelyard.domain.accounts.organisations import AccountChanges
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.models.catalog import ModelNotFound, change_model, create_model, find_model
from modelyard.domain.models.features import features_of
from modelyard.domain.models.licence import change_account
from modelyard.domain.models.permalinks import follow_permalink, permalink_of
from modelyard.domain.models.related import list_related, ranked, weight_of
from modelyard.domain.models.shown_version import shown_version
from modelyard.domain.models.standing import Expiry, ModelExpired, Standing
from modelyard.domain.models.tables import Model, ModelTerm, Scope, Version
from modelyard.domain.models.terms import distinct_words, terms_of
from modelyard.domain.models.uses import ModelUses
from tests.cast import CAST, with_roles
from tests.domain.jobs.steps import submitter
from tests.library import JSON_OUTPUT, TEXT_INPUT, add_active, add_model, audited, set_scope
from tests.manual_clock import ManualClock


def test_features_are_what_the_tests_saw() -> None:
    everything = Version(version="0.1.0", load_passed=True, explains=True, detects_drift=True, batch_size=8)
    plain = Version(version="0.1.0", load_passed=True, explains=False, detects_drift=False, batch_size=1)
    unloaded = Version(version="0.1.0", load_passed=False, explains=True, detects_drift=True, batch_size=8)

    assert [one.identifier for one in features_of(everything)] == ["built-in-explainability", "drift-aware", "batching"]
    assert features_of(everything)[2].size == 8
    assert features_of(plain) == features_of(unloaded) == []


async def test_the_newest_active_version_stands_for_a_model(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    async with database.write() as session:
        session.add(
            Version(
                model_id=model_id,
                version="0.10.0",
                created_by_email="a@example.org",
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    async with database.read() as session:
        model = await find_model(session, CAST.alice, model_id)
        shown = shown_version(model)

    assert shown is not None
    assert shown.version == "0.1.0"
    assert [row.version for row in model.versions] == ["0.1.0", "0.10.0"]


async def test_a_permalink_leads_to_a_model_under_any_earlier_name(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, CAST.alice, name="My Model (new)")
    async with database.write() as session:
        before = await follow_permalink(session, CAST.alice, f"{model_id}-acme-my-model-new")
        await change_model(session, clock, CAST.alice, model_id, name="Other_one")
        await change_account(session, clock, CAST.olga, CAST.alice.account_id, AccountChanges(name="Acme & Söhne"))
        session.expire_all()
        after = await follow_permalink(session, CAST.alice, f"{model_id}-acme-my-model-new")
        assert after.moved_to == f"{model_id}-acme-söhne-other-one"
        now = await follow_permalink(session, CAST.alice, after.moved_to)

    assert before.moved_to is now.moved_to is None
    async with database.read() as session:
        for wrong in (f"zzz{model_id[3:]}-acme-x", "", "-", "x" * 5000):
            with pytest.raises(ModelNotFound):
                await follow_permalink(session, CAST.alice, wrong)
        with pytest.raises(ModelNotFound):
            await follow_permalink(session, CAST.charlie, f"{model_id}-acme-other-one")


def test_names_without_letters_have_short_permalinks() -> None:
    assert permalink_of(Model(id="abcdefghij", author="Acme", name="_")) == "abcdefghij-acme"


async def test_renaming_an_account_renames_the_author_of_its_models(database: Database, clock: ManualClock) -> None:
    ours = await add_model(database, CAST.alice)
    theirs = await add_model(database, CAST.charlie)
    async with database.write() as session:
        await change_account(session, clock, CAST.olga, CAST.alice.account_id, AccountChanges(name="New name"))

    async with database.read() as session:
        authors = dict((await session.execute(select(Model.id, Model.author))).all())
    assert authors == {ours: "New name", theirs: "other"}


async def test_only_administrators_recommend(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, CAST.alice)
    async with database.write() as session:
        with pytest.raises(RoleMissing):
            await change_model(session, clock, CAST.alice, model_id, standing=Standing(is_recommended=True))
        with pytest.raises(RoleMissing):
            await change_model(session, clock, CAST.alice, model_id, standing=Standing(is_commercial=True))
        same = await change_model(session, clock, CAST.alice, model_id, standing=Standing(False, False))
        assert not same.is_recommended
    async with database.write() as session:
        model = await change_model(session, clock, CAST.olga, model_id, standing=Standing(True, True))
        assert (model.is_recommended, model.is_commercial) == (True, True)
    assert (await audited(database, f"model/{model_id}"))[-1] == "model:changed"


async def test_an_expired_model_takes_no_jobs(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    take = submitter(database, clock)
    wanted = Submission(model_id, "0.1.0", "text", {"a": {"input.txt": "x"}})
    soon = clock.now() + timedelta(hours=1)
    async with database.write() as session:
        await change_model(session, clock, CAST.alice, model_id, standing=Standing(expiry=Expiry(soon)))
    await take.submit(CAST.alice, wanted)
    await clock.advance(3600)

    with pytest.raises(ModelExpired, match="expired at"):
        await take.submit(CAST.alice, wanted)

    async with database.write() as session:
        await change_model(session, clock, CAST.alice, model_id, standing=Standing(expiry=Expiry(None)))
    await take.submit(CAST.alice, wanted)


async def test_a_job_is_a_use_that_is_written_later(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    uses = ModelUses(database, clock)
    await clock.advance(60)
    uses.note(model_id)
    uses.note("gone")
    used_at = clock.now()
    await clock.advance(60)

    await uses.write()
    await uses.write()

    async with database.read() as session:
        assert await session.scalar(select(Model.last_active_at).where(Model.id == model_id)) == used_at


def test_terms() -> None:
    words = "Counts the SHIPS in ships' images, _and_ 42 über; a model"
    assert distinct_words(words) == ["counts", "ships", "images", "über"]
    assert terms_of("", [TEXT_INPUT], [JSON_OUTPUT]) == {
        *("input:input.txt", "accepts:text/plain", "output:results.json", "gives:application/json"),
    }
    assert len(terms_of("x" * 39 + " " + " ".join(f"word{n}" for n in range(999)), [], [])) == 40


def test_what_few_have_says_most() -> None:
    assert weight_of("tag:a", 10) > weight_of("word:a", 10) > weight_of("word:b", 100) > 0
    assert ranked({"m": ["word:a"], "k": ["tag:a"], "l": ["word:a"]}, {"word:a": 3, "tag:a": 3}) == ["k", "l", "m"]


async def test_related_models(database: Database, clock: ManualClock) -> None:
    names = {"of": "ship counter", "same": "Ship Counter for ports", "near": "ship finder", "far": "tone of voice"}
    ids = {key: await add_model(database, CAST.alice, name=name) for key, name in names.items()}
    async with database.write() as session:
        await change_model(session, clock, CAST.alice, ids["of"], tags=["Maritime"])
        await change_model(session, clock, CAST.alice, ids["near"], tags=["maritime"])
    await set_scope(database, ids["near"], Scope.ALL)
    await set_scope(database, ids["of"], Scope.ALL)

    async with database.read() as session:
        found = await list_related(session, CAST.alice, ids["of"])
        assert [model.id for model in found] == [ids["near"], ids["same"]]
        assert [model.id for model in await list_related(session, CAST.charlie, ids["of"])] == [ids["near"]]
        assert await list_related(session, CAST.alice, ids["far"]) == []


async def test_terms_follow_the_words(database: Database, clock: ManualClock) -> None:
    async with database.write() as session:
        model = await create_model(session, clock, CAST.alice, name="first", version="0.1.0")
        await change_model(session, clock, CAST.alice, model.id, name="second", description="third")
        terms = set(await session.scalars(select(ModelTerm.term).where(ModelTerm.model_id == model.id)))

    assert terms == {"word:second", "word:third"}


def test_who_only_reads_recommends_nothing() -> None:
    from modelyard.domain.accounts.permissions import Permission
    from modelyard.domain.accounts.roles import Role

    auditor = with_roles(CAST.bob, Role.AUDITOR)
    assert not auditor.may(Permission.RECOMMEND_MODELS)
    assert not auditor.may(Permission.REMOVE_MODELS)
