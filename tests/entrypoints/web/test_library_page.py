"""The library: what its cards, filters and addresses show to whom."""

from modelyard.app import Platform
from modelyard.domain.models.tables import Scope
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect
from tests.entrypoints.web.forms import links, look, words
from tests.library import add_active, set_scope

HOSTILE = '<script>alert("x")</script> & <img src=x onerror=alert(1)>'


async def _model(alice: AsgiClient, platform: Platform, name: str, *tags: str, summary: str = "Says it back.") -> str:
    model_id = await add_active(platform.database, CAST.alice)
    body = {"name": name, "description": summary, "tags": list(tags)}
    expect(await alice.call("PATCH", f"/api/models/{model_id}", body))
    return model_id


async def test_an_empty_library_says_what_to_do(alice: AsgiClient, bob: AsgiClient, platform: Platform) -> None:
    page = words(await look(alice, "/models"))

    assert "0 models" in page
    assert "No models that you may see yet" in page
    assert "Ask the creator of a model to share it with you" in page
    assert "modelyard deploy model.yaml" in page
    empty = words(await look(bob, "/models"))
    await _model(alice, platform, "Ships")
    assert words(await look(bob, "/models")) == empty  # nobody learns of models that they may not see


async def test_cards_lead_to_the_versions_that_stand_for_models(alice: AsgiClient, platform: Platform) -> None:
    model_id = await _model(alice, platform, "Ships from space")

    page = await look(alice, "/models")

    assert f"/models/{model_id}/0.1.0" in links(page)
    assert "1 model" in words(page)
    assert "Ships from space Says it back. active 0.1.0" in words(page)


async def test_words_are_marked_where_they_were_found(alice: AsgiClient, platform: Platform) -> None:
    await _model(alice, platform, "Ships", summary="Counts vessels in pictures of harbours.")
    await _model(alice, platform, "Trees")

    page = await look(alice, "/models?q=harbors")

    assert "<mark>harbours</mark>" in page
    assert "1 model" in words(page)
    assert "Trees" not in page


async def test_facets_turn_on_and_off(alice: AsgiClient, platform: Platform) -> None:
    await _model(alice, platform, "Ships", "Count", "Image")
    await _model(alice, platform, "Speech", "Label or Classify", "Audio")

    chosen = await look(alice, "/models?tags=count")

    assert "1 model" in words(chosen)
    assert "/models?tags=count%2Clabel_or_classify" in links(chosen)  # another of the same category widens
    assert "/models?tags=count&tags=image" in links(chosen)  # one of another category narrows
    assert "/models" in links(chosen)
    assert "2 models" in words(await look(alice, "/models?tags=count%2Clabel_or_classify"))
    nothing = words(await look(alice, "/models?tags=count&tags=audio"))
    assert "No model fits" in nothing
    assert "Take the filters away" in nothing


async def test_a_search_that_finds_nothing_can_be_cleared(alice: AsgiClient) -> None:
    page = await look(alice, "/models?q=zeppelins&tags=count")

    assert "Clear the search" in words(page)
    assert {"/models?tags=count", "/models?q=zeppelins"} <= set(links(page))
    assert "Clear the search" not in words(await look(alice, "/models?tags=count"))


async def test_filters_of_the_list_are_kept_and_can_be_taken_away(alice: AsgiClient, platform: Platform) -> None:
    await _model(alice, platform, "Ships")

    page = await look(alice, "/models?q=ships&isActive=true&isExpired=false&author=acme")

    assert "Ready to use" in words(page)
    assert "/models?q=ships&author=acme" in links(page)
    assert "/models?q=ships&isActive=true&isExpired=false" in links(page)


async def test_what_one_has_created_oneself(alice: AsgiClient, bob: AsgiClient, platform: Platform) -> None:
    model_id = await _model(alice, platform, "Ships")
    await set_scope(platform.database, model_id, Scope.TEAM)

    page = await look(alice, "/models")
    mine = next(link for link in links(page) if "createdByEmail=" in link)

    assert "Ships" in await look(alice, mine)
    assert "Created by me" in words(await look(alice, mine))
    his = next(link for link in links(await look(bob, "/models")) if "createdByEmail=" in link)
    assert "Take the filters away" in await look(bob, his)


async def test_cards_say_who_sees_a_model(alice: AsgiClient, platform: Platform) -> None:
    model_id = await _model(alice, platform, "Ships")
    for scope, word in (
        (Scope.PRIVATE, "private"),
        (Scope.TEAM, "team"),
        (Scope.ACCOUNT, "account"),
        (Scope.ALL, None),
    ):
        await set_scope(platform.database, model_id, scope)
        page = await look(alice, "/models")
        assert (f"</svg>{word}</span>" in page) if word else ("badge scope" not in page)


async def test_other_orders(alice: AsgiClient, platform: Platform) -> None:
    for name in ("Beta", "Alpha", "Gamma"):
        await _model(alice, platform, name)

    page = await look(alice, "/models?sort-by=name&tags=")

    assert page.index(">Alpha<") < page.index(">Beta<") < page.index(">Gamma<")
    assert "Sort: name" in words(page)
    assert "Sort: last changed Name" in words(await look(alice, "/models"))  # nothing fits better without a search
    assert "Sort: relevance Relevance" in words(await look(alice, "/models?q=a"))
    assert "Sort: author" in words(await look(alice, "/models?sort-by=author"))
    assert "/models?sort-by=createdAt&direction=desc" in links(page)
    assert "sort-by must be one of" in await look(alice, "/models?sort-by=colour", 400)


async def test_more_than_a_page(alice: AsgiClient, platform: Platform) -> None:
    for number in range(26):
        await _model(alice, platform, f"Model {number}")

    first = await look(alice, "/models")
    following = next(link for link in links(first) if "after=" in link)
    second = await look(alice, following)

    names = [{f"Model {number}" for number in range(26) if f">Model {number}<" in page} for page in (first, second)]
    assert [len(each) for each in names] == [24, 2]
    assert not names[0] & names[1]


async def test_what_one_may_not_see_is_neither_shown_nor_counted(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform
) -> None:
    model_id = await _model(alice, platform, "Ships", "Count")

    assert "Ships" not in await look(charlie, "/models?q=ships")
    assert "0 models" in words(await look(charlie, "/models"))
    await set_scope(platform.database, model_id, Scope.ALL)
    assert "Ships" in await look(charlie, "/models?q=ships")
    assert "Ships" in await look(bob, "/models")


async def test_hostile_words_are_text(alice: AsgiClient, platform: Platform) -> None:
    await _model(alice, platform, "Ships", summary=HOSTILE)

    for path in ("/models", "/models?q=alert", f"/models?q={HOSTILE}&author={HOSTILE}".replace(" ", "%20")):
        page = await look(alice, path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


async def test_wrong_filters_are_an_error_page(alice: AsgiClient) -> None:
    page = await look(alice, "/models?isActive=perhaps", 400)

    assert "isActive must be true or false" in words(page)
    assert "To the library" in words(page)


async def test_addresses_that_are_not_there(alice: AsgiClient, anybody: AsgiClient) -> None:
    assert "There is nothing here" in words(await look(alice, "/nowhere", 404))
    assert "There is nothing at /nowhere" in words(await look(anybody, "/nowhere", 404))
    assert (await anybody.call("GET", "/nowhere")).headers["content-type"] == "application/json"
