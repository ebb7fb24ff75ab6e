"""What a key is limited to: fewer permissions than its roles have, networks, a time. Reading and comparing limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network

from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import ApiKey

Network = IPv4Network | IPv6Network
MOST_NETWORKS = 100
MEMBERS = {"scopes": "scopes", "networks": "networks", "expiresAt": "expires_at"}
"""What the API calls each limit, and its column."""
_PERMISSIONS = {name: permission for permission in Permission for name in (permission.value, permission.entitlement)}
_MAPPED = ip_network("::ffff:0:0/96")


class PermissionUnknown(InvalidInput):
    """There is no such permission."""

    def __init__(self, member: str, unknown: Iterable[str]) -> None:
        names = [name[:60] for name in list(unknown)[:20]]
        close = [match for name in names for match in get_close_matches(name, _PERMISSIONS, 1)]
        meant = f"did you mean {', '.join(close)}?" if close else "the list of one's entitlements has those there are."
        super().__init__(f"{member}: unknown are {', '.join(map(repr, names))}; {meant}")


class NetworkRejected(InvalidInput):
    """The text names no network."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"networks: {text[:60]!r} is no network; write them as 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32."
        )


class TooManyNetworks(InvalidInput):
    """Every request looks through all networks of its key."""

    def __init__(self) -> None:
        super().__init__(f"networks: at most {MOST_NETWORKS}; put neighbours together.")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key is limited to; empty scopes or networks, and no time, mean no limit."""

    scopes: frozenset[str]
    networks: tuple[Network, ...]
    expires_at: datetime | None

    @property
    def are_of_place_or_time(self) -> bool:
        """Whether they bound where from the key works, or for how long."""
        return bool(self.networks) or self.expires_at is not None

    def beyond(self, other: "Limits") -> list[str]:
        """In which members a key with these limits could do more than one with the others."""
        is_wider = {
            "scopes": other.scopes and not (self.scopes and self.scopes <= other.scopes),
            "networks": other.networks and not (self.networks and _all_inside(self.networks, other.networks)),
            "expiresAt": other.expires_at and not (self.expires_at and self.expires_at <= other.expires_at),
        }
        return [member for member, wider in is_wider.items() if wider]


def limits_of(key: ApiKey) -> Limits:
    """The limits of a key."""
    return Limits(frozenset(key.scopes), read_networks(key.networks), key.expires_at)


def check_permissions(names: Sequence[str], member: str) -> list[str]:
    """The permissions that are meant, by their values; entitlements are understood, too. Raises PermissionUnknown."""
    unknown = [name for name in names if name not in _PERMISSIONS]
    if unknown:
        raise PermissionUnknown(member, unknown)
    return sorted({_PERMISSIONS[name].value for name in names})


def check_networks(texts: Sequence[str]) -> list[str]:
    """The networks in their plain form, without those that lie within others. Raises NetworkRejected."""
    if len(texts) > MOST_NETWORKS:
        raise TooManyNetworks
    networks = [_network(text) for text in texts]
    return [
        str(network)
        for position, network in enumerate(networks)
        if network not in networks[:position]
        and not any(_is_inside(network, other) for other in networks if other != network)
    ]


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as they were checked once."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise NetworkRejected(text) from None
    if isinstance(network, IPv6Network) and _is_inside(network, _MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _all_inside(networks: Iterable[Network], others: Sequence[Network]) -> bool:
    return all(any(_is_inside(network, other) for other in others) for network in networks)


def _is_inside(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(other, IPv4Network) and network.subnet_of(other)
    return isinstance(other, IPv6Network) and network.subnet_of(other)
