"""Addresses of the internet that requests come from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_OF_ONE_SITE = 64
"""Leading bits of an IPv6 address; whoever has it can choose the rest freely."""


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address without a zone; an IPv4 address that came over an IPv6 socket is one of IPv4. None of no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or IPv6Address(int(address))) if isinstance(address, IPv6Address) else address


def neighbourhood(text: str) -> str:
    """What one caller has at least: an IPv4 address, or the network of a site. What is no address stays as it is."""
    address = read_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _OF_ONE_SITE), strict=False))
    return str(address or text)
