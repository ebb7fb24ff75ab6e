"""Callbacks over HTTP to a real server: what arrives, and what never is connected to."""

from collections.abc import AsyncIterator

import pytest

from modelyard.adapters.callbacks.base import CallbackAddressUnusable, ReceiverUnreachable
from modelyard.adapters.callbacks.http_sender import LONGEST_EXCERPT, HttpCallbackSender
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import DestinationForbidden, Destinations
from tests.callback_receiver import HOST, Receiver, callback_receiver
from tests.servers import free_port

ALLOWED = Destinations(allowed=parse_rules([HOST]))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with callback_receiver() as listening:
        yield listening


async def test_what_arrives(receiver: Receiver) -> None:
    receiver.text = "thanks " * 1000
    sender = HttpCallbackSender(ALLOWED)
    await sender.check(receiver.url)
    reply = await sender.send(receiver.url, {"webhook-id": "1"}, b"{}")
    assert (reply.status, reply.is_good, len(reply.excerpt)) == (200, True, LONGEST_EXCERPT)
    [(headers, body)] = receiver.arrived
    assert body == b"{}"
    assert (headers["webhook-id"], headers["content-type"]) == ("1", "application/json")


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    reply = await HttpCallbackSender(ALLOWED).send(receiver.url, {}, b"{}")
    assert (reply.status, reply.is_good, len(receiver.arrived)) == (307, False, 1)


async def test_forbidden_by_name_and_by_address(receiver: Receiver) -> None:
    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    sender = HttpCallbackSender(Destinations(resolve=resolve))
    for url in (receiver.url, f"http://harmless.example:{receiver.port}/"):
        with pytest.raises(DestinationForbidden):
            await sender.check(url)
        with pytest.raises(DestinationForbidden):
            await sender.send(url, {}, b"{}")
    assert receiver.arrived == []


async def test_the_approved_address_is_used(receiver: Receiver) -> None:
    async def resolve(host: str) -> list[str]:
        return [HOST]

    destinations = Destinations(allowed=parse_rules([HOST]), resolve=resolve)
    reply = await HttpCallbackSender(destinations).send(f"http://no-such.invalid:{receiver.port}/", {}, b"{}")
    assert reply.is_good
    assert receiver.arrived[0][0]["host"] == f"no-such.invalid:{receiver.port}"


async def test_nobody_there() -> None:
    with pytest.raises(ReceiverUnreachable, match="cannot be reached"):
        await HttpCallbackSender(ALLOWED).send(f"http://{HOST}:{free_port()}/", {}, b"{}")
    with pytest.raises(CallbackAddressUnusable):
        await HttpCallbackSender(ALLOWED).send("nowhere", {}, b"{}")
