"""Which addresses images may be fetched from; asked for every connection, after names are resolved."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from modelyard.adapters.registries.base import AddressForbidden

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),  # beside link-local ones
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def is_forbidden(address: str, *, loopback_allowed: bool) -> bool:
    """Whether nothing may be fetched from an IP address.

    Always: link-local (cloud metadata), multicast, reserved and unspecified ones. Loopback unless allowed. Addresses
    of private networks are fine: that is where a company's registry is.
    """
    try:
        unwrapped = _unwrap(ipaddress.ip_address(address))
    except ValueError:
        return True
    if unwrapped.is_loopback:
        return not loopback_allowed
    return (
        unwrapped.is_link_local
        or unwrapped.is_multicast
        or unwrapped.is_unspecified
        or unwrapped.is_reserved
        or unwrapped in _THIS_NETWORK
        or unwrapped in _METADATA
    )


def require_allowed(host: str, port: int, insecure: frozenset[str]) -> None:
    """Checks a host that is written as an address, or a name of this machine; other names pass.

    Raises AddressForbidden.
    """
    declared = host_and_port(host, port) in insecure
    is_local_name = host.lower() in _LOCAL_NAMES or host.lower().endswith(".localhost")
    if (is_local_name and not declared) or (_is_address(host) and is_forbidden(host, loopback_allowed=declared)):
        raise AddressForbidden(_explain(host))


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses those that lead to forbidden addresses.

    aiohttp connects to nothing but what this returns, so a name cannot mean something else a moment later.
    """

    def __init__(self, insecure: frozenset[str], inner: AbstractResolver | None = None) -> None:
        self._insecure = insecure
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressForbidden when any of the addresses is forbidden; OSError as all resolvers do."""
        found = await self._inner.resolve(host, port, family)
        declared = host_and_port(host, port) in self._insecure
        if any(is_forbidden(result["host"], loopback_allowed=declared) for result in found):
            raise AddressForbidden(_explain(host))
        return found

    async def close(self) -> None:
        await self._inner.close()


def host_and_port(host: str, port: int) -> str:
    """`host:port` as in the set of insecure registries."""
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unwrap(address: _Address) -> _Address:
    """The IPv4 address within an IPv6 address that leads to it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _explain(host: str) -> str:
    return (
        f"Images must not be fetched from {host[:100]}: it is an address of this machine, of its network equipment or "
        "of a cloud's metadata. A registry on this machine has to be declared as an insecure registry."
    )
