"""Searching the library: what is found, in which order, by whom; the same on every database."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import islice, product

import pytest
from sqlalchemy import delete, func, select, text, update

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.filters import ModelFilter
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.search.along import find_along
from modelyard.domain.models.search.find import MOST_COUNTED, Search, search_models
from modelyard.domain.models.search.index import SearchUpkeep, index_again, index_missing
from modelyard.domain.models.search.order import BestComeFirst, Order, Sorting, position_of
from modelyard.domain.models.search.spelling import (
    MOST_LEARNT,
    MOST_LOOKED_AT,
    forget_words,
    learn_words,
    similar_words,
)
from modelyard.domain.models.search.tables import SearchRow, SearchSpelling
from modelyard.domain.models.tables import Model, Scope
from modelyard.domain.models.tag_changes import rename_tag
from modelyard.domain.models.versions import change_version
from modelyard.domain.models.visibility import visible_to
from modelyard.domain.removal.delete import delete_model
from modelyard.domain.removal.remove import remove_model
from modelyard.domain.removal.restore import restore_model
from tests.cast import CAST
from tests.library import add_model, set_scope
from tests.manual_clock import ManualClock

CLOCK = ManualClock()
EVERYTHING = ModelFilter()


async def _add(
    database: Database, name: str, summary: str = "", tags: Sequence[str] = (), actor: Actor = CAST.alice
) -> str:
    model_id = await add_model(database, actor, name=name)
    async with database.write() as session:
        await change_model(session, CLOCK, actor, model_id, description=summary, tags=list(tags))
    return model_id


async def _search(
    database: Database, question: str, actor: Actor = CAST.alice, wanted: ModelFilter = EVERYTHING, most: int = 50
) -> Search:
    async with database.read() as session:
        return await search_models(session, CLOCK.now(), actor, question, wanted, most=most)


async def _names(database: Database, question: str, actor: Actor = CAST.alice) -> list[str]:
    return [hit.model.name for hit in (await _search(database, question, actor)).hits]


@pytest.fixture
async def shelf(database: Database) -> Database:
    """Some models of Alice, with the word `cat` in ever less telling places."""
    far = await _add(database, "Far away", "Finds things")
    async with database.write() as session:
        changes = VersionChanges(long_description="Trained on pictures of a cat.")
        await change_version(session, CLOCK, CAST.alice, far, "0.1.0", changes)
    await _add(database, "Zoo", "Says which cat it is")
    await _add(database, "Animals", "Whatever it is", ["cat", "dog"])
    await _add(database, "Cat breeds", "Says what kind")
    await _add(database, "Sentiment of texts", "How positive a text is", ["language"])
    return database


async def test_the_most_telling_places_come_first(shelf: Database) -> None:
    assert await _names(shelf, "cat") == ["Cat breeds", "Animals", "Zoo", "Far away"]
    assert [hit.tier for hit in (await _search(shelf, "cat")).hits] == [0, 1, 2, 3]


async def test_all_words_have_to_be_there_wherever_they_are(shelf: Database) -> None:
    assert await _names(shelf, "CAT breeds") == ["Cat breeds"]
    assert await _names(shelf, "cat dog animals") == ["Animals"]
    assert await _names(shelf, "positive sentiment") == ["Sentiment of texts"]
    assert await _names(shelf, "cat sentiment") == []


async def test_beginnings_of_words_are_enough(shelf: Database) -> None:
    assert await _names(shelf, "senti") == ["Sentiment of texts"]
    assert await _names(shelf, "bree c") == ["Cat breeds"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sentimnt", "sentiment"), ("sentimetn", "sentiment"), ("brseds", "breeds"), ("sntimnt", "sentiment")],
)
async def test_misspelt_words_are_corrected(shelf: Database, typed: str, meant: str) -> None:
    found = await _search(shelf, typed)

    assert found.corrected == {typed: meant}
    assert found.total == 1


async def test_nothing_is_found_without_a_reason(shelf: Database) -> None:
    found = await _search(shelf, "zebra")

    assert (found.hits, found.total, found.corrected) == ((), 0, {})


@pytest.mark.parametrize("question", ["", " ", "?!", "' --", '* "'])
async def test_without_words_all_are_found(shelf: Database, question: str) -> None:
    assert (await _search(shelf, question)).total == 5


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("cat' OR 1=1", "cat or 1"),
        ('"cat"', "cat"),
        ("cat*", "cat"),
        ("(cat", "cat"),
        ("cat:*", "cat"),
        ("cat & dog | !", "cat dog"),
        ("NEAR(cat)", "near cat"),
        ("name:cat", "name cat"),
        ("\x00cat", "cat"),
    ],
)
async def test_signs_are_nothing_but_gaps(shelf: Database, question: str, words: str) -> None:
    assert await _names(shelf, question) == await _names(shelf, words)


async def test_accents_and_other_scripts(database: Database) -> None:
    await _add(database, "Cafe", "Überraschung für Größen", ["モデル"])

    for question in ("café", "uberraschung", "GRÖSSEN", "モデ"):
        assert await _names(database, question) == ["Cafe"], question


async def test_strangers_find_what_they_may_see(shelf: Database) -> None:
    hidden = await _search(shelf, "sentimnt", CAST.charlie)
    assert (hidden.total, hidden.corrected) == (0, {})

    for model in (await _search(shelf, "")).hits:
        await set_scope(shelf, model.model.id, Scope.ALL)
    assert (await _search(shelf, "sentimnt", CAST.charlie)).corrected == {"sentimnt": "sentiment"}


async def test_filters_narrow(shelf: Database) -> None:
    found = await _search(shelf, "cat", wanted=ModelFilter(texts={"name": "zoo"}))

    assert [hit.model.name for hit in found.hits] == ["Zoo"]
    assert found.total == 1


async def test_pages_meet_without_gaps(shelf: Database) -> None:
    names, after = [], None
    async with shelf.read() as session:
        while True:
            found = await search_models(session, CLOCK.now(), CAST.alice, "cat", EVERYTHING, most=1, after=after)
            names += [hit.model.name for hit in found.hits]
            if not found.has_next:
                break
            after = found.hits[-1].position
    assert names == ["Cat breeds", "Animals", "Zoo", "Far away"]


IN_ORDER = {
    Order.NAME: ["Animals", "Cat breeds", "Far away", "Zoo"],
    Order.AUTHOR: ["Zoo", "Cat breeds", "Far away", "Animals"],
    Order.CREATED: ["Far away", "Zoo", "Animals", "Cat breeds"],
    Order.UPDATED: ["Cat breeds", "Far away", "Animals", "Zoo"],
    Order.LAST_ACTIVE: ["Animals", "Zoo", "Cat breeds", "Far away"],
}


@pytest.mark.parametrize("wanted", [("cat", EVERYTHING), ("", ModelFilter(flags={"isRecommended": True}))])
@pytest.mark.parametrize(("order", "descending"), list(product(IN_ORDER, [False, True])))
@pytest.mark.parametrize("counted", [2, MOST_COUNTED], ids=["frequent", "rare"])
async def test_other_orders(
    shelf: Database, order: Order, descending: bool, wanted: tuple[str, ModelFilter], counted: int
) -> None:
    """Pages meet in every order and both directions, also between models of which that is the same."""
    ask = partial(search_models, now=CLOCK.now(), actor=CAST.alice, question=wanted[0], wanted=wanted[1], most=1)
    days = {name: [IN_ORDER[each].index(name) // 2 for each in list(IN_ORDER)[2:]] for name in IN_ORDER[order]}
    async with shelf.write() as session:
        for model in await session.scalars(select(Model).where(Model.name.in_(days))):
            model.is_recommended = True
            model.author = "abcd"[IN_ORDER[Order.AUTHOR].index(model.name)]
            numbers = [CLOCK.now() + timedelta(days=number) for number in days[model.name]]
            model.created_at, model.updated_at, model.last_active_at = numbers
    sorting, names, after = Sorting(order, descending), [], None
    async with shelf.read() as session:
        while True:
            found = await ask(session, sorting=sorting, after=after, most_counted=counted)
            names += [hit.model.name for hit in found.hits]
            if not found.has_next:
                break
            after = found.hits[-1].position

    assert (found.total, len(names), len(set(names))) == (min(4, counted), 4, 4)
    rank = (
        IN_ORDER[order].index if order in {Order.NAME, Order.AUTHOR} else lambda name: IN_ORDER[order].index(name) // 2
    )
    ranks = [rank(name) for name in names]
    assert ranks == sorted(ranks, reverse=descending)


async def test_names_come_without_their_case_by_code_points(database: Database) -> None:
    for name in ("zeta", "Älpha", "beta", "Zeta B", "_x", "ALPHA"):
        await _add(database, name)
    async with database.read() as session:
        found = await search_models(
            session, CLOCK.now(), CAST.alice, "", EVERYTHING, most=9, sorting=Sorting(Order.NAME)
        )
    assert [hit.model.name for hit in found.hits] == ["_x", "ALPHA", "beta", "zeta", "Zeta B", "Älpha"]


async def test_frequent_words_are_found_along_the_order(shelf: Database) -> None:
    """Only what has them and may be seen, in the order, from a place on."""
    sorting = Sorting(Order.NAME)
    async with shelf.read() as session:
        along = partial(find_along, session, ["cat"], sorting=sorting)
        everywhere = await along(scope=[visible_to(CAST.alice)], after=None)
        names = {model.id: model.name for model in await session.scalars(select(Model))}
        assert [names[each] for each in everywhere] == IN_ORDER[Order.NAME]
        behind = position_of((await session.get_one(Model, everywhere[1])), 3, sorting)
        assert await along(scope=[visible_to(CAST.alice)], after=behind) == everywhere[2:]
        assert await along(scope=[visible_to(CAST.charlie)], after=None) == []


def test_relevance_has_one_direction() -> None:
    with pytest.raises(BestComeFirst):
        Sorting(Order.RELEVANCE, descending=True)


async def test_changes_are_found_at_once(database: Database) -> None:
    model_id = await _add(database, "Echo")
    async with database.write() as session:
        await write_card(session, CLOCK, CAST.alice, model_id, "0.1.0", ModelCard(caveats="Never use it for bridges."))
    assert await _names(database, "bridges") == ["Echo"]

    async with database.write() as session:
        await change_model(session, CLOCK, CAST.alice, model_id, name="Parrot")
    assert await _names(database, "echo") == []
    assert await _names(database, "parrot") == ["Parrot"]


async def test_deleted_models_are_not_found_until_they_are_restored(database: Database) -> None:
    model_id = await _add(database, "Echo")
    async with database.write() as session:
        await delete_model(session, CLOCK, CAST.alice, model_id)
    assert await _names(database, "echo") == []
    async with database.write() as session:
        await restore_model(session, CLOCK, CAST.alice, model_id)
    assert await _names(database, "echo") == ["Echo"]

    async with database.write() as session:
        await delete_model(session, CLOCK, CAST.alice, model_id)
    async with database.write() as session:
        await remove_model(session, CLOCK, CAST.olga, model_id)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(SearchRow)) == 0


async def test_models_without_words_get_them(shelf: Database) -> None:
    async with shelf.write() as session:
        await session.execute(delete(SearchRow))
    assert await _names(shelf, "cat") == []

    async with shelf.write() as session:
        assert await index_missing(session) == 5
        assert await index_missing(session) == 0
    assert await _names(shelf, "cat") == ["Cat breeds", "Animals", "Zoo", "Far away"]


async def test_models_are_found_by_old_words_until_their_new_ones_are_written(shelf: Database) -> None:
    async with shelf.write() as session:
        changed = Model.name.in_(["Cat breeds", "Zoo"])
        await index_again(session, select(Model.id).where(changed))
        await session.execute(update(Model).where(changed).values(author="Felines"))
    assert await _names(shelf, "cat") == ["Cat breeds", "Animals", "Zoo", "Far away"]
    assert await _names(shelf, "felines") == []

    async with shelf.write() as session:
        assert await index_missing(session) == 2
        assert await index_missing(session) == 0
    assert sorted(await _names(shelf, "felines cat")) == ["Cat breeds", "Zoo"]
    async with shelf.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM search_texts")) == 5


async def test_the_models_of_a_renamed_tag_stay_findable(shelf: Database) -> None:
    async with shelf.write() as session:
        await rename_tag(session, CLOCK, CAST.olga, "language", "Speech")
    assert await _names(shelf, "language") == ["Sentiment of texts"]

    async with shelf.write() as session:
        await index_missing(session)
    assert await _names(shelf, "speech") == ["Sentiment of texts"]
    assert (await _search(shelf, "language")).total == 0


async def test_a_model_that_changes_meanwhile_is_not_written_twice(shelf: Database) -> None:
    async with shelf.write() as session:
        await index_again(session, select(Model.id).where(Model.name == "Zoo"))
    async with shelf.write() as session:
        [zoo] = await session.scalars(select(Model.id).where(Model.name == "Zoo"))
        await change_model(session, CLOCK, CAST.alice, zoo, description="Says which dog it is")

    async with shelf.write() as session:
        assert await index_missing(session) == 0
    assert await _names(shelf, "zoo dog") == ["Zoo"]


async def test_so_many_words_of_a_model_are_learnt(database: Database) -> None:
    words = ["".join(letters) for letters in islice(product("abcdefgh", repeat=5), MOST_LEARNT + 10)]
    async with database.write() as session:
        await learn_words(session, [*words, "zebra"])
    async with database.read() as session:
        assert await session.scalar(select(func.count(SearchSpelling.word.distinct()))) == MOST_LEARNT
        assert await similar_words(session, "zebr") == []


async def _spelt(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(SearchSpelling.word)))


async def test_words_that_no_model_has_any_more_are_forgotten(shelf: Database) -> None:
    known = await _spelt(shelf)
    async with shelf.write() as session:
        [zoo] = await session.scalars(select(Model.id).where(Model.name == "Zoo"))
        await change_model(session, CLOCK, CAST.alice, zoo, description="Größenmodell")
    assert await _spelt(shelf) > known

    assert await forget_words(shelf, "") == ""

    left = await _spelt(shelf)
    assert known - left == {"which"}
    assert left - known == {"grossenmodell"}
    assert (await _search(shelf, "grosenmodell")).corrected == {"grosenmodell": "grossenmodell"}
    async with shelf.read() as session:
        assert await session.scalar(select(func.count()).where(SearchSpelling.word == "which")) == 0


async def test_words_are_looked_at_in_portions(database: Database) -> None:
    await _add(database, "Zebra")
    words = ["".join(letters) for letters in islice(product("abcdefgh", repeat=4), MOST_LOOKED_AT + 10)]
    async with database.write() as session:
        await learn_words(session, words)

    known = sorted(await _spelt(database))
    reached = await forget_words(database, "")
    assert reached == known[MOST_LOOKED_AT - 1]
    assert await _spelt(database) & set(words) == {word for word in words if word > reached}
    assert await forget_words(database, reached) == ""
    assert "zebra" in await _spelt(database)
    assert not await _spelt(database) & set(words)


async def test_upkeep_writes_words_and_forgets_others(shelf: Database) -> None:
    async with shelf.write() as session:
        await learn_words(session, ["orphaned"])
        await index_again(session, select(Model.id))
        await session.execute(update(Model).values(author="Felines"))
    upkeep = asyncio.create_task(SearchUpkeep(shelf).run())
    try:
        async with asyncio.timeout(30):
            while "orphaned" in await _spelt(shelf):  # noqa: ASYNC110 - it goes in the background
                await asyncio.sleep(0)
    finally:
        upkeep.cancel()
    assert (await _search(shelf, "felines")).total == 5
