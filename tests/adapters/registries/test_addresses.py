"""Nothing is fetched from this machine or from a cloud's metadata, whatever way the address is written."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from modelyard.adapters.registries.addresses import GuardedResolver, is_forbidden, require_allowed
from modelyard.adapters.registries.base import AddressForbidden
from modelyard.adapters.registries.http_registry import HttpRegistry

_ALWAYS_FORBIDDEN = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",  # noqa: S104 - refused, not listened at
    "0.1.2.3",
    "::",
    "::7f00:1",
    "240.0.0.1",
    "255.255.255.255",
    "not an address",
]
_LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
_FINE = ["10.0.0.1", "192.168.1.1", "172.16.0.1", "fd12::1", "93.184.216.34", "2606:2800::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("address", _ALWAYS_FORBIDDEN)
def test_forbidden_even_when_declared(address: str) -> None:
    assert is_forbidden(address, loopback_allowed=True)


@pytest.mark.parametrize("address", _LOOPBACK)
def test_loopback_only_when_declared(address: str) -> None:
    assert is_forbidden(address, loopback_allowed=False)
    assert not is_forbidden(address, loopback_allowed=True)


@pytest.mark.parametrize("address", _FINE)
def test_company_networks_are_fine(address: str) -> None:
    assert not is_forbidden(address, loopback_allowed=False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "x.localhost", "127.0.0.1", "::1", "169.254.169.254"])
def test_written_hosts(host: str) -> None:
    with pytest.raises(AddressForbidden, match="must not be fetched"):
        require_allowed(host, 5000, frozenset({"localhost:5001", "169.254.169.254:5000"}))


def test_declared_hosts() -> None:
    declared = frozenset({"localhost:5000", "127.0.0.1:5000", "[::1]:5000"})
    for host in ("localhost", "127.0.0.1", "::1"):
        require_allowed(host, 5000, declared)
    require_allowed("registry.example", 443, frozenset())


class _Names(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize("addresses", [("169.254.169.254",), ("10.0.0.1", "127.0.0.1"), ("::1",)])
async def test_names_that_lead_to_forbidden_addresses(addresses: tuple[str, ...]) -> None:
    resolver = GuardedResolver(frozenset(), _Names(*addresses))
    with pytest.raises(AddressForbidden, match=r"evil\.example"):
        await resolver.resolve("evil.example", 443)


async def test_declared_names_may_lead_to_loopback() -> None:
    resolver = GuardedResolver(frozenset({"registry.local:5000"}), _Names("127.0.0.1"))
    assert len(await resolver.resolve("registry.local", 5000)) == 1
    with pytest.raises(AddressForbidden):
        await resolver.resolve("registry.local", 5001)


@pytest.mark.parametrize("address", ["169.254.169.254", "127.0.0.1"])
async def test_registries_with_such_names_are_refused(address: str) -> None:
    registry = HttpRegistry(names=_Names(address))
    with pytest.raises(AddressForbidden, match=r"evil\.example"):
        await registry.describe(registry.parse("evil.example/a:1"))
