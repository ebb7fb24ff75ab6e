"""Rules about addresses: what each word covers, and what is no rule."""

from ipaddress import ip_address

import pytest

from modelyard.core.destination_rules import Group, Rule, is_in_group, parse_rules


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("127.8.9.1", Group.LOOPBACK),
        ("::1", Group.LOOPBACK),
        ("::ffff:127.0.0.1", Group.LOOPBACK),
        ("64:ff9b::7f00:1", Group.LOOPBACK),
        ("2002:7f00:1::", Group.LOOPBACK),
        ("::7f00:1", Group.LOOPBACK),
        ("169.254.1.1", Group.LINK_LOCAL),
        ("fe80::1", Group.LINK_LOCAL),
        ("169.254.169.254", Group.METADATA),
        ("64:ff9b::a9fe:a9fe", Group.METADATA),
        ("fd00:ec2::254", Group.METADATA),
        ("168.63.129.16", Group.METADATA),
        ("0.0.0.0", Group.UNSPECIFIED),  # noqa: S104
        ("0.1.2.3", Group.UNSPECIFIED),
        ("::", Group.UNSPECIFIED),
        ("224.0.0.1", Group.MULTICAST),
        ("ff02::1", Group.MULTICAST),
        ("240.0.0.1", Group.RESERVED),
        ("255.255.255.255", Group.RESERVED),
        ("10.1.2.3", Group.PRIVATE),
        ("fd12::1", Group.PRIVATE),
        ("9.9.9.9", Group.ALL),
    ],
)
def test_addresses_belong_to_groups(address: str, group: Group) -> None:
    assert is_in_group(ip_address(address), group)


@pytest.mark.parametrize("group", [group for group in Group if group is not Group.ALL])
@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe"])
def test_public_addresses_belong_to_no_other_group(address: str, group: Group) -> None:
    assert not is_in_group(ip_address(address), group)


def test_rules_are_read() -> None:
    words = ["loopback", "10.0.0.0/8", "127.0.0.1:9000", "[::1]:80", "::1", "*.Example.org:443", "own-ports", " "]

    rules = parse_rules(words)

    assert [rule.port for rule in rules] == [None, None, 9000, 80, None, 443, None]
    assert [rule.host for rule in rules if rule.host] == ["*.example.org"]
    assert rules[0] == Rule(group=Group.LOOPBACK)


@pytest.mark.parametrize("word", ["10.0.0.1/8", "10.0.0", "host name", "a/b", "host:x", "host:70000", "*", "http://a"])
def test_what_is_no_rule_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"is no|ends with no"):
        parse_rules([word])


def test_hosts_are_covered_by_their_names() -> None:
    below, exact = parse_rules(["*.example.org", "store.local:9000"])

    assert below.covers_host("A.Example.ORG.", 443)
    assert not below.covers_host("example.org", 443)
    assert not below.covers_host("evilexample.org", 443)
    assert exact.covers_host("store.local", 9000)
    assert not exact.covers_host("store.local", 9001)
