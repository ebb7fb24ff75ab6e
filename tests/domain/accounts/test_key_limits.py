"""Limits of keys: networks in any spelling, scopes by either name, and which limits allow more than others."""

from datetime import timedelta

import pytest

from modelyard.core.addresses import read_address
from modelyard.domain.accounts.key_limits import (
    Limits,
    NetworkRejected,
    PermissionUnknown,
    TooManyNetworks,
    check_networks,
    check_permissions,
    read_networks,
)
from modelyard.domain.accounts.permissions import Permission
from tests.manual_clock import START


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["192.0.2.7"], ["192.0.2.7/32"]),
        (["192.0.2.7/24"], ["192.0.2.0/24"]),
        ([" 10.0.0.0/8 "], ["10.0.0.0/8"]),
        (["2001:DB8::/32", "2001:db8::1"], ["2001:db8::/32"]),
        (["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"], ["10.0.0.0/8"]),
        (["::ffff:10.0.0.0/104"], ["10.0.0.0/8"]),
        (["::ffff:192.0.2.7"], ["192.0.2.7/32"]),
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_networks_in_their_plain_form(given: list[str], kept: list[str]) -> None:
    assert check_networks(given) == kept


@pytest.mark.parametrize(
    "text", ["", "10", "10.0.0.0/33", "300.1.1.1", "example.org", "10.0.0.0/8,11.0.0.0/8", "x" * 9999]
)
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(NetworkRejected) as caught:
        check_networks([text])
    assert len(caught.value.message) < 300


def test_too_many_networks() -> None:
    with pytest.raises(TooManyNetworks):
        check_networks([f"10.0.{number}.0/24" for number in range(101)])


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("11.1.2.3", ["10.0.0.0/8"], False),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("::ffff:0a01:0203", ["10.0.0.0/8"], True),
        ("::ffff:11.1.2.3", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["::ffff:10.0.0.0/104"], True),
        ("2001:db8::5", ["10.0.0.0/8", "2001:db8::/32"], True),
        ("2001:db9::5", ["2001:db8::/32"], False),
        ("10.1.2.3", ["::/0"], False),
        ("::1", ["0.0.0.0/0"], False),
    ],
)
def test_addresses_within_networks(address: str, networks: list[str], inside: bool) -> None:
    found = read_address(address)
    assert found is not None
    assert any(found in network for network in read_networks(check_networks(networks))) is inside


def test_scopes_by_either_name() -> None:
    given = ["jobs:read", "CAN_READ_JOBS", "CAN_PATCH_PROCESSING_MODEL_VERSION"]
    assert check_permissions(given, "scopes") == ["engines:set", "jobs:read"]
    assert check_permissions([], "scopes") == []


@pytest.mark.parametrize("name", ["", "jobs", "JOBS:READ", "can_read_jobs", "TEAM_ROLE", "DEVELOPER", "x" * 9999])
def test_unknown_scopes(name: str) -> None:
    with pytest.raises(PermissionUnknown) as caught:
        check_permissions([Permission.READ_JOBS, name], "scopes")
    assert len(caught.value.message) < 300


def _limits(scopes: str = "", networks: str = "", hours: int | None = None) -> Limits:
    return Limits(
        frozenset(scopes.split()),
        read_networks(networks.split()),
        None if hours is None else START + timedelta(hours=hours),
    )


@pytest.mark.parametrize(
    ("limits", "other", "beyond"),
    [
        (_limits(), _limits(), []),
        (_limits("jobs:read", "10.0.0.0/8", 1), _limits(), []),
        (_limits("jobs:read"), _limits("jobs:read jobs:submit"), []),
        (_limits("jobs:read jobs:submit"), _limits("jobs:read"), ["scopes"]),
        (_limits(), _limits("jobs:read"), ["scopes"]),
        (_limits("", "10.1.0.0/16 2001:db8::1/128"), _limits("", "2001:db8::/32 10.0.0.0/8"), []),
        (_limits("", "10.1.0.0/16 11.0.0.0/8"), _limits("", "10.0.0.0/8"), ["networks"]),
        (_limits("", "::/0"), _limits("", "0.0.0.0/0"), ["networks"]),
        (_limits(), _limits("", "0.0.0.0/0"), ["networks"]),
        (_limits(hours=1), _limits(hours=2), []),
        (_limits(hours=3), _limits(hours=2), ["expiresAt"]),
        (_limits(), _limits(hours=2), ["expiresAt"]),
        (_limits(), _limits("jobs:read", "10.0.0.0/8", 1), ["scopes", "networks", "expiresAt"]),
    ],
)
def test_which_limits_allow_more(limits: Limits, other: Limits, beyond: list[str]) -> None:
    assert limits.beyond(other) == beyond
