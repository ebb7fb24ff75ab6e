"""The pages of hardware presets."""

import re

import pytest

from modelyard.entrypoints.web.preset_pages import exact_memory
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.web.forms import links, look, refused, send, sent_on, words, wrong_at

PRESETS = "/people/presets"
SMALL = {"name": "Small <b>", "cpuAmount": "500m", "memoryAmount": "512Mi", "gpuUnits": "0"}


async def _small(olga: AsgiClient) -> str:
    await sent_on(olga, PRESETS, **SMALL)
    found = re.search(rf'href="({PRESETS}/1\d\d)"', await look(olga, PRESETS))
    assert found
    return found[1]


async def test_making_changing_and_deleting(olga: AsgiClient) -> None:
    path = await _small(olga)
    page = await look(olga, path)
    assert 'value="0.5"' in page
    assert 'value="512Mi"' in page
    assert "Small &lt;b&gt;" in page

    fields = {**SMALL, "name": "Tiny", "status": "INACTIVE", "accounts": CAST.olga.account_id}
    await sent_on(olga, path, **fields)
    page = words(await look(olga, PRESETS))
    assert "Tiny" in page
    assert "1 account, 0 models" in page
    assert f'value="{CAST.olga.account_id}" checked' in await look(olga, path)

    page = await refused(olga, path, 400, **(fields | {"models": "nothing"}))
    assert "'nothing'" in wrong_at(page, "models")
    page = await refused(olga, f"{path}/delete", 400, typed="tiny")
    assert wrong_at(page, "typed")
    assert f'value="{CAST.olga.account_id}" checked' in page  # of the other form, which was not sent
    assert await sent_on(olga, f"{path}/delete", typed="Tiny") == PRESETS
    assert path not in links(await look(olga, PRESETS))
    await look(olga, path, 404)


async def test_what_every_installation_has_is_not_deleted(olga: AsgiClient) -> None:
    path = f"{PRESETS}/1"
    name = re.search(r'name="name" type="text" value="([^"]+)"', await look(olga, path))
    assert name

    page = await refused(olga, f"{path}/delete", 409, typed=name[1])

    assert "every installation has it" in words(page)


@pytest.mark.parametrize(("field", "value"), [("cpuAmount", "many"), ("memoryAmount", "2T"), ("gpuUnits", "x")])
async def test_amounts_that_cannot_be_read(olga: AsgiClient, field: str, value: str) -> None:
    page = await refused(olga, PRESETS, 400, **(SMALL | {field: value}))

    assert wrong_at(page, field)
    assert f'value="{value}"' in page


async def test_who_sees_and_who_changes(alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient) -> None:
    path = await _small(olga)

    for client in (alice, charlie):
        await look(client, PRESETS, 403)
        await look(client, path, 403)
        for address in (PRESETS, path, f"{path}/delete"):
            assert (await send(client, address, typed="Small <b>", **SMALL)).status == 403


@pytest.mark.parametrize(
    ("size", "text"), [(2_000_000_000, "2G"), (2**31, "2Gi"), (512 * 2**20, "512Mi"), (129_000_000, "129M"), (7, "7")]
)
def test_memory_is_written_so_that_it_can_be_typed_again(size: int, text: str) -> None:
    assert exact_memory(size) == text
