"""Whose rules are whose: clients of the log are judged by what applies to them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sinkhole.control.explain.audience import Audience
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.dns.clients.standing import Facts

MAC = "02:00:5e:10:00:01"

HOUSEHOLD: dict[str, Any] = {
    "groups": [{"name": "Kids", "allow_only": True}, {"name": "TVs", "filtering": False}],
    "clients": [
        {"name": "Tablet", "macs": [MAC], "group": "kids"},
        {"name": "Phone", "ids": ["phone"], "group": "Kids", "lists": "all", "allow_only": False},
        {"name": "TV", "hosts": ["tv"], "group": "TVs"},
        {"name": "Lab", "addresses": ["198.51.100.0/24"]},
    ],
}


@pytest.fixture
def audience(house: Callable[..., Any]) -> Audience:
    built: Audience = house(block=["||b.example^"], **HOUSEHOLD).audience
    return built


@pytest.mark.parametrize(
    ("asked", "name", "group"),
    [
        (AskedBy("2001:db8::1", MAC), "Tablet", "Kids"),
        (AskedBy("192.0.2.7", "", "Kids"), "192.0.2.7", "default"),
        (AskedBy("phone", "", "default"), "Phone", "Kids"),
        (AskedBy("somebody", MAC), "Tablet", "Kids"),
        (AskedBy("198.51.100.7"), "Lab", "default"),
        (AskedBy("192.0.2.8", "", "TVs"), "192.0.2.8", "TVs"),
        (AskedBy("192.0.2.8", "", "left"), "192.0.2.8", "default"),
        (AskedBy(), "", "default"),
    ],
    ids=["mac", "moved", "id", "id-and-mac", "network", "by-host", "group-that-went", "nobody"],
)
def test_who_it_is_goes_by_all_that_the_log_says(
    audience: Audience, asked: AskedBy, name: str, group: str
) -> None:
    found = audience.asker(asked)
    assert (found.name, found.group) == (name, group)


def test_what_its_address_is_called_now_counts_for_the_same_device(
    house: Callable[..., Any],
) -> None:
    facts = Facts(mac=lambda packed: MAC, hosts=lambda packed: ("tv.lan",))
    audience = house(**HOUSEHOLD).plan.audience(facts)
    assert audience.asker(AskedBy("192.0.2.8", MAC)).name == "Tablet"
    others = "02:00:5e:10:00:02"
    assert audience.asker(AskedBy("192.0.2.8", others)).name == "192.0.2.8"
    facts = Facts(hosts=lambda packed: ("tv.lan",))
    assert house(**HOUSEHOLD).plan.audience(facts).asker(AskedBy("192.0.2.8")).name == "TV"


def test_those_to_whom_the_same_applies_are_of_one_kind(audience: Audience) -> None:
    assert len(audience.kinds) == 3
    assert audience.clients["Phone"] is audience.clients["Lab"] is audience.everybody
    assert [each.is_on for each in audience.kinds] == [True, True, False]


def test_a_pause_of_the_filter_takes_no_rule_away(house: Callable[..., Any]) -> None:
    assert house(block=["||b.example^"]).audience.everybody.rules.lists


def test_some_are_meant_by_name_or_group(audience: Audience) -> None:
    tablet, phone = AskedBy("2001:db8::1", MAC), AskedBy("phone")
    assert [audience.of_client("Tablet")(each) for each in (tablet, phone)] == [True, False]
    assert [audience.of_group("KIDS")(each) for each in (tablet, phone)] == [True, True]
    assert not audience.of_group("default")(tablet)
    with pytest.raises(KeyError):
        audience.of_group("nobody")


def test_what_rules_ask_about_clients_holds_by_name_id_and_tag(house: Callable[..., Any]) -> None:
    rules = ["||a.example^$client=Tablet", "||a.example^$client=192.0.2.0/24"]
    audience = house(rules=rules, **HOUSEHOLD).audience
    criteria = audience.everybody.rules.criteria
    assert audience.asker(AskedBy("192.0.2.7", MAC)).traits(criteria) == criteria
    assert audience.asker(AskedBy("192.0.2.7")).traits(criteria) == {"net:192.0.2.0/24"}
    assert audience.asker(AskedBy("phone")).traits(criteria) == frozenset()
