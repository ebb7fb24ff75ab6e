"""Where the platform may connect to for others: names are resolved once, and what was checked is what is used.

Whoever connects uses an approved address, not the name, so that DNS cannot answer differently in between. A redirect
leads to another destination, which is to be approved like the first.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from modelyard.core.addresses import read_address
from modelyard.core.destination_rules import Address, Group, Rule
from modelyard.core.errors import InvalidInput, Unavailable

DENIED_BY_DEFAULT = (
    Group.LOOPBACK,
    Group.LINK_LOCAL,
    Group.METADATA,
    Group.UNSPECIFIED,
    Group.MULTICAST,
    Group.RESERVED,
    Group.OWN_PORTS,
)
"""Not private networks: that is where the storage of most installations is."""
LONGEST_HOST = 253
SECONDS_TO_RESOLVE = 10.0

Resolve = Callable[[str], Awaitable[list[str]]]


class DestinationForbidden(InvalidInput):
    """The rules of this installation do not allow to connect there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"This server may not connect to {host[:LONGEST_HOST]}, port {port}. "
            "An administrator can allow it with the setting MODELYARD_DESTINATIONS_ALLOWED."
        )


class HostUnknown(Unavailable):
    """DNS has no address for the name, or does not answer."""

    def __init__(self, host: str) -> None:
        super().__init__(f"The host {host[:LONGEST_HOST]} has no address that this server can find; check its name.")


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that may be connected to, by one of its addresses."""

    host: str
    port: int
    addresses: tuple[Address, ...]


async def resolve_by_system(host: str) -> list[str]:
    """The addresses that this machine finds for a name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_of_this_machine(address: Address) -> bool:
    """Whether one of our network interfaces has the address."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Destinations:
    """The rules of an installation. What is allowed wins over what is denied; all else may be reached.

    Our own ports are allowed only by an entry that names the port.
    """

    denied: tuple[Rule, ...] = tuple(Rule(group=group) for group in DENIED_BY_DEFAULT)
    allowed: tuple[Rule, ...] = ()
    own_ports: set[int] = field(default_factory=set)
    """Those that this server listens on; who opens one adds it."""
    resolve: Resolve = resolve_by_system
    is_own: Callable[[Address], bool] = is_of_this_machine

    async def approve(self, host: str, port: int) -> Destination:
        """Resolves a name and checks every address that it has. Raises DestinationForbidden, HostUnknown."""
        name = host.strip("[]").rstrip(".")
        if not 1 <= len(name) <= LONGEST_HOST:
            raise HostUnknown(host)
        literal = read_address(name)
        addresses = [literal] if literal else await self._look_up(name)
        if not all(self.permits(name, address, port) for address in addresses):
            raise DestinationForbidden(host, port)
        return Destination(name, port, tuple(dict.fromkeys(addresses)))

    def permits(self, host: str, address: Address, port: int) -> bool:
        """Whether one address may be connected to, which somebody reached by this name."""
        is_own_port = port in self.own_ports and self.is_own(address)

        def covers(rule: Rule) -> bool:
            return rule.covers_host(host, port) or rule.covers_address(address, port, is_own_port=is_own_port)

        if any(covers(rule) for rule in self.allowed if rule.port is not None or not is_own_port):
            return True
        return not any(covers(rule) for rule in self.denied)

    async def _look_up(self, host: str) -> list[Address]:
        try:
            async with asyncio.timeout(SECONDS_TO_RESOLVE):
                found = await self.resolve(host)
        except (OSError, UnicodeError, TimeoutError):  # an odd name fails in its encoding
            raise HostUnknown(host) from None
        addresses = [address for text in found if (address := read_address(text))]
        if not addresses:
            raise HostUnknown(host)
        return addresses
