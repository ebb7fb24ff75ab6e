"""Addresses that requests come from."""

from ipaddress import ip_address

import pytest

from modelyard.core.addresses import neighbourhood, read_address


def test_ipv4_over_an_ipv6_socket_is_ipv4() -> None:
    assert read_address("::ffff:192.0.2.7") == read_address("192.0.2.7") == ip_address("192.0.2.7")
    assert read_address("2001:db8::1") == ip_address("2001:db8::1")
    assert read_address("fd00:ec2::254%1") == ip_address("fd00:ec2::254")  # nor does a zone make it another one


@pytest.mark.parametrize("text", ["", "testclient", "unix:", "10.0.0.0/8", "1.2.3.4:80"])
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.8", "192.0.2.8"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_callers_have_an_address_or_a_network_of_their_own(text: str, wanted: str) -> None:
    assert neighbourhood(text) == wanted
