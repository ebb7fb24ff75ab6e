"""Where the platform may connect to: after DNS, and whatever the name is."""

from ipaddress import ip_address

import pytest

from modelyard.core.destination_rules import Group, parse_rules
from modelyard.core.destinations import DENIED_BY_DEFAULT, DestinationForbidden, Destinations, HostUnknown

NAMES = {
    "store.example.org": ["9.9.9.9", "2620:fe::fe"],
    "inside.example.org": ["10.1.2.3"],
    "rebound.example.org": ["9.9.9.9", "127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "empty.example.org": [],
}


async def resolve(host: str) -> list[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


def destinations(*allowed: str, denied: tuple[str, ...] = DENIED_BY_DEFAULT) -> Destinations:
    return Destinations(
        parse_rules(denied), parse_rules(allowed), {8080}, resolve, is_own=lambda each: str(each) == "10.1.2.3"
    )


async def test_addresses_are_those_that_were_checked() -> None:
    approved = await destinations().approve("store.example.org", 443)

    assert approved.host == "store.example.org"
    assert approved.addresses == (ip_address("9.9.9.9"), ip_address("2620:fe::fe"))


async def test_private_networks_are_allowed() -> None:
    assert (await destinations().approve("inside.example.org", 9000)).addresses == (ip_address("10.1.2.3"),)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "::ffff:127.0.0.1",
        "0.0.0.0",  # noqa: S104 - nobody listens there
        "169.254.169.254",
        "224.0.0.1",
        "rebound.example.org",
        "metadata.google.internal",
        "metadata.google.internal.",
    ],
)
async def test_forbidden_addresses_are_refused_whatever_their_name(host: str) -> None:
    with pytest.raises(DestinationForbidden, match="DESTINATIONS_ALLOWED"):
        await destinations().approve(host, 443)


async def test_forms_of_numbers_are_what_the_system_makes_of_them() -> None:
    with pytest.raises(DestinationForbidden):
        await Destinations().approve("2130706433", 80)  # the system reads it as 127.0.0.1


@pytest.mark.parametrize("host", ["unknown.example.org", "empty.example.org", "", "x" * 300])
async def test_names_without_addresses_are_unknown(host: str) -> None:
    with pytest.raises(HostUnknown):
        await destinations().approve(host, 443)


async def test_own_ports_are_refused_at_addresses_of_this_machine() -> None:
    with pytest.raises(DestinationForbidden):
        await destinations().approve("inside.example.org", 8080)
    with pytest.raises(DestinationForbidden):
        await destinations("10.0.0.0/8").approve("inside.example.org", 8080)

    assert await destinations("inside.example.org:8080").approve("inside.example.org", 8080)
    assert await destinations().approve("store.example.org", 8080)


async def test_exceptions_win() -> None:
    allowing = destinations("127.0.0.1:9000", "rebound.example.org")

    assert await allowing.approve("127.0.0.1", 9000)
    assert await allowing.approve("rebound.example.org", 443)
    with pytest.raises(DestinationForbidden):
        await allowing.approve("127.0.0.1", 9001)


async def test_all_can_be_denied_but_some() -> None:
    only = destinations("*.example.org:443", denied=(Group.ALL,))

    assert await only.approve("store.example.org", 443)
    with pytest.raises(DestinationForbidden):
        await only.approve("store.example.org", 80)
    with pytest.raises(DestinationForbidden):
        await only.approve("10.1.2.3", 443)


async def test_machine_knows_its_own_addresses() -> None:
    with pytest.raises(DestinationForbidden):
        await Destinations(denied=parse_rules(["own-ports"]), own_ports={8080}).approve("127.0.0.1", 8080)
    assert await Destinations(denied=parse_rules(["own-ports"]), own_ports={8080}).approve("127.0.0.1", 8081)
