"""Which addresses the platform may connect to for others: rules by host, network and port, decided without DNS."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Group(StrEnum):
    """Addresses that have a word of their own in the lists."""

    ALL = "all"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    METADATA = "metadata"
    """Where clouds tell a machine its secrets."""
    UNSPECIFIED = "unspecified"
    MULTICAST = "multicast"
    RESERVED = "reserved"
    PRIVATE = "private"
    OWN_PORTS = "own-ports"
    """The ports that this server itself listens on, at any address of its machine."""


METADATA_ADDRESSES = frozenset(
    map(
        ip_address,
        # AWS and most others, ECS, AWS over IPv6, Alibaba, Azure's wire server, Oracle
        ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")
_LOW_BITS = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list; exactly one of group, network and host is set."""

    group: Group | None = None
    network: Network | None = None
    host: str = ""
    """In lower case; `*.example.org` stands for all names below."""
    port: int | None = None

    def covers_host(self, host: str, port: int) -> bool:
        """Whether it is about this name, whatever its address."""
        if not self.host or self.port not in (None, port):
            return False
        name = host.lower().rstrip(".")
        return name.endswith(self.host[1:]) if self.host.startswith("*.") else name == self.host

    def covers_address(self, address: Address, port: int, *, is_own_port: bool) -> bool:
        """Whether it is about this address, whatever its name."""
        if self.port not in (None, port):
            return False
        if self.group:
            return is_own_port if self.group is Group.OWN_PORTS else is_in_group(address, self.group)
        return self.network is not None and address.version == self.network.version and address in self.network


def parse_rules(words: Iterable[str]) -> tuple[Rule, ...]:
    """Rules from words such as `loopback`, `10.0.0.0/8`, `127.0.0.1:9000`, `[::1]:9000`, `*.example.org:443`.

    Raises ValueError with what is wrong.
    """
    return tuple(_parse(word.strip()) for word in words if word.strip())


def _parse(word: str) -> Rule:
    subject, port = _split_port(word)
    if subject in set(Group):
        return Rule(group=Group(subject), port=port)
    try:
        return Rule(network=ip_network(subject), port=port)
    except ValueError:
        name = subject.lower().removeprefix("*.")
        if not name or not all(part and part.replace("-", "").replace("_", "").isalnum() for part in name.split(".")):
            groups = ", ".join(Group)
            raise ValueError(f"{word!r} is no host, no network, and none of {groups}") from None
        if name.replace(".", "").isdigit() or "/" in subject:
            raise ValueError(f"{word!r} is no network") from None
        return Rule(host=subject.lower(), port=port)


def _split_port(word: str) -> tuple[str, int | None]:
    if word.startswith("["):
        subject, _, rest = word[1:].partition("]")
        number = rest.removeprefix(":")
    elif word.count(":") == 1:
        subject, _, number = word.partition(":")
    else:
        return word, None
    if not number:
        return subject, None
    if not number.isdecimal() or not 1 <= int(number) <= 65535:
        raise ValueError(f"{word!r} ends with no port")
    return subject, int(number)


def is_in_group(address: Address, group: Group) -> bool:
    """Whether an address is one of a group, also where it is an IPv4 address in the clothes of IPv6."""
    return any(_is_plainly_in_group(each, group) for each in (address, *_within(address)))


def _is_plainly_in_group(address: Address, group: Group) -> bool:
    is_metadata = address in METADATA_ADDRESSES
    return {
        Group.ALL: True,
        Group.LOOPBACK: address.is_loopback,
        Group.LINK_LOCAL: address.is_link_local,
        Group.METADATA: is_metadata,
        Group.UNSPECIFIED: address.is_unspecified or (address.version == 4 and address in ip_network("0.0.0.0/8")),
        Group.MULTICAST: address.is_multicast,
        Group.RESERVED: address.is_reserved or str(address) == "255.255.255.255",
        Group.PRIVATE: address.is_private and not address.is_loopback and not address.is_link_local,
        Group.OWN_PORTS: False,
    }[group]


def _within(address: Address) -> list[Address]:
    """IPv4 addresses that a gateway would make of an IPv6 address."""
    if isinstance(address, IPv4Address):
        return []
    found = [each for each in (address.ipv4_mapped, address.sixtofour) if each]
    if address.teredo:
        found += address.teredo
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        found.append(IPv4Address(int(address) & _LOW_BITS))
    return list(found)
