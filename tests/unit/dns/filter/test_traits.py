"""What rules can ask about a client, and what of it holds for one."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.dns.filter.traits import Criteria

CRITERIA = Criteria(
    {
        *("ip:192.0.2.7", "ip:2001:db8::7", "net:192.0.2.0/24", "net:2001:db8::/32"),
        *("name:Kids tablet", "name:TV", "tag:device_tv", "tag:user_child", "net:nonsense"),
    }
)


@pytest.mark.parametrize(
    ("address", "names", "tags", "traits"),
    [
        (None, [], [], set()),
        ("192.0.2.7", [], [], {"ip:192.0.2.7", "net:192.0.2.0/24"}),
        ("::ffff:192.0.2.7", [], [], {"ip:192.0.2.7", "net:192.0.2.0/24"}),
        ("192.0.2.8", [], [], {"net:192.0.2.0/24"}),
        ("198.51.100.1", [], [], set()),
        ("2001:db8::7", [], [], {"ip:2001:db8::7", "net:2001:db8::/32"}),
        (None, ["kids TABLET"], [], {"name:Kids tablet"}),
        (None, ["TV", "Kids tablet"], [], {"name:TV", "name:Kids tablet"}),
        (None, ["tablet"], ["device_tv", "os_ios"], {"tag:device_tv"}),
    ],
    ids=[
        *("nobody", "address", "mapped", "network", "stranger", "IPv6"),
        *("letter case", "two names", "tags"),
    ],
)
def test_traits(address: str | None, names: list[str], tags: list[str], traits: set[str]) -> None:
    client = ip_address(address) if address else None
    assert CRITERIA.traits(client, names, tags) == traits


def test_networks_are_read_once_and_not_for_each_client(monkeypatch: pytest.MonkeyPatch) -> None:
    criteria = Criteria(f"net:10.{i >> 8}.{i & 255}.0/24" for i in range(10_000))
    monkeypatch.delattr("sinkhole.dns.filter.traits.ip_network")
    client = ip_address("10.1.2.3")
    assert criteria.traits(client, ["TV"], []) == {"net:10.1.2.0/24"}


def test_criteria_are_a_set_of_texts() -> None:
    assert Criteria({"name:TV"}) == {"name:TV"}
    assert not Criteria()
    assert CRITERIA.traits(None, ["TV"], []) == frozenset({"name:TV"})


def test_some_criteria_ask_for_no_others() -> None:
    every = Criteria(
        {"name:TV", "name:Tablet", "tag:device_tv", "net:192.0.2.0/24", "ip:192.0.2.1"}
    )
    some = every.only(frozenset({"name:TV", "net:192.0.2.0/24"}))
    assert some == {"name:TV", "net:192.0.2.0/24"}
    held = some.traits(ip_address("192.0.2.1"), ["tv", "tablet"], ["device_tv"])
    assert held == {"name:TV", "net:192.0.2.0/24"}
    assert some.traits(ip_address("198.51.100.1"), ["Tablet"], ["device_tv"]) == frozenset()
