"""Which tags are offered: those that most models have, of the models that one may see."""

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import change_model
from modelyard.domain.models.tag_queries import list_used_tags
from tests.cast import CAST
from tests.library import add_model
from tests.manual_clock import ManualClock


async def _tag(database: Database, actor: Actor, *tags: str) -> None:
    model_id = await add_model(database, actor)
    async with database.write() as session:
        await change_model(session, ManualClock(), actor, model_id, tags=list(tags))


async def test_tags_that_most_models_have_come_first_of_those_that_one_sees(database: Database) -> None:
    await _tag(database, CAST.alice, "ships", "rare", "Count")
    await _tag(database, CAST.alice, "ships")
    await _tag(database, CAST.charlie, "secret")

    async with database.read() as session:
        found = await list_used_tags(session, CAST.alice, most=10)
        assert [tag.name for tag in found] == ["rare", "ships"]
        assert [tag.name for tag in await list_used_tags(session, CAST.alice, most=1)] == ["ships"]
        assert await list_used_tags(session, CAST.bob, most=10) == []
