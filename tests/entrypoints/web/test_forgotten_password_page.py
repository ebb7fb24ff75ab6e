"""Asking for a way to a new password."""

from fastapi import FastAPI
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.one_time_links import SEND_LINK
from modelyard.domain.work.tables import Work
from tests.asgi import AsgiClient
from tests.entrypoints.web.forms import FORM, links, look, refused, send, words

PATH = "/new-password"


async def _asked(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(Work).where(Work.kind == SEND_LINK))).all())


async def test_the_answer_does_not_tell_who_is_a_user(posting: FastAPI, database: Database) -> None:
    anybody = AsgiClient(posting)
    assert PATH in links(await look(anybody, "/sign-in"))
    assert 'name="email"' in await look(anybody, PATH)
    answers = []
    for email in ("alice@example.org", "nobody@example.org"):
        answer = await send(anybody, PATH, email=email)
        assert answer.status == 200
        answers.append(words(answer.body.decode()).replace(email, "them"))

    assert answers[0] == answers[1]
    assert await _asked(database) == 2


async def test_what_is_no_address(posting: FastAPI, database: Database) -> None:
    page = await refused(AsgiClient(posting), PATH, 400, email="no <address>")

    assert 'role="alert"' in page
    assert "no &lt;address&gt;" in page
    assert await _asked(database) == 0


async def test_without_mail_it_says_who_can_help(anybody: AsgiClient, database: Database) -> None:
    assert "modelyard users reset-password" in await look(anybody, PATH)
    assert PATH not in links(await look(anybody, "/sign-in"))
    assert (await send(anybody, PATH, email="alice@example.org")).status == 200
    assert await _asked(database) == 0


async def test_other_sites_ask_for_nothing(posting: FastAPI, database: Database) -> None:
    headers = {**FORM, "sec-fetch-site": "cross-site"}
    answer = await AsgiClient(posting).call("POST", PATH, data=b"email=alice%40example.org", headers=dict(headers))

    assert answer.status == 403
    assert await _asked(database) == 0
