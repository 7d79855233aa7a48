"""Clients with a name, their addresses and tags."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.settings.clients_schema import KNOWN_TAGS

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_a_client_has_a_name_addresses_and_tags(loaded: Load) -> None:
    text = (
        "clients: [{name: ' Kids tablet', addresses: [192.0.2.7, '2001:db8::/64'], tags: [os_ios]}]"
    )
    (client,) = loaded(text).clients
    assert client.name == "Kids tablet"
    assert client.addresses == (ip_network("192.0.2.7/32"), ip_network("2001:db8::/64"))
    assert client.tags == ("os_ios",)


def test_ipv4_addresses_may_be_written_as_ipv6(loaded: Load) -> None:
    (client,) = loaded("clients: [{name: TV, addresses: ['::ffff:192.0.2.7']}]").clients
    assert client.addresses == (ip_network("192.0.2.7/32"),)


def test_there_are_21_tags_and_a_client_needs_none(loaded: Load) -> None:
    assert len(KNOWN_TAGS) == 21 and list(KNOWN_TAGS) == sorted(KNOWN_TAGS)
    tags = ", ".join(KNOWN_TAGS)
    tagged = f"{{name: b, addresses: ['::2'], tags: [{tags}]}}"
    first, second = loaded(f"clients: [{{name: a, addresses: ['::1']}}, {tagged}]").clients
    assert (first.tags, second.tags) == ((), KNOWN_TAGS)


@pytest.mark.parametrize(
    ("client", "found"),
    [
        ("{addresses: [192.0.2.7]}", "clients[0].name: is missing"),
        ("{name: '', addresses: [192.0.2.7]}", 'clients[0].name: "" is empty'),
        ("{name: 192.0.2.8, addresses: [192.0.2.7]}", '"192.0.2.8" is an address, write a name'),
        ("{name: '2001:db8::/32', addresses: ['::1']}", "is an address, write a name"),
        ("{name: TV}", "clients[0].addresses: there is neither an address"),
        (
            "{name: TV, addresses: []}",
            "neither an address nor a MAC, an id or a host",
        ),
        ("{name: TV, macs: [], ids: [], hosts: []}", "addresses: there is neither an address"),
        ("{name: TV, macs: ['02:00:5e:10:00']}", "is no MAC address, write one such as"),
        ("{name: TV, macs: ['02:00-5e:10:00:01']}", "is no MAC address"),
        ("{name: TV, macs: ['01:00:5e:00:00:fb']}", "is not the MAC address of one device"),
        ("{name: TV, macs: ['00:00:00:00:00:00']}", "is not the MAC address of one device"),
        (
            "{name: TV, macs: ['02:00:5e:10:00:01', 02005e100001]}",
            'macs[1]: "02:00:5e:10:00:01" is listed twice',
        ),
        ("{name: TV, hosts: [a b]}", "is not a host name"),
        ("{name: TV, ids: [tv], group: ''}", 'clients[0].group: "" is empty'),
        ("{name: TV, addresses: 192.0.2.7}", 'write a list: ["192.0.2.7"]'),
        (
            "{name: TV, addresses: [any]}",
            '"any" is not a network, write one such as "192.0.2.0/24"',
        ),
        ("{name: TV, addresses: [192.0.2.7/24]}", "has bits behind its prefix"),
        ("{name: TV, addresses: ['::1'], tags: [device_tvs]}", 'did you mean "device_tv"?'),
        ("{name: TV, addresses: ['::1'], tags: [telly]}", "known are device_audio, device_camera"),
        ("{name: TV, addresses: ['::1'], tags: [5]}", "tags[0]: 5 is not known, known are device"),
        (
            "{name: TV, address: ['::1']}",
            'clients[0].address: unknown key, did you mean "addresses"?',
        ),
    ],
)
def test_a_client_that_makes_no_sense_is_refused(
    problems: Problems, client: str, found: str
) -> None:
    assert any(found in problem for problem in problems(f"clients: [{client}]"))


def test_clients_have_names_of_their_own(problems: Problems) -> None:
    text = "clients:\n  - {name: TV, addresses: ['::1']}\n  - addresses: ['::2']\n    name: tv\n"
    assert problems(text) == ['s.yaml:4: clients[1].name: "tv" is the name of another client too']


def test_an_address_belongs_to_one_client(problems: Problems, loaded: Load) -> None:
    text = (
        "clients:\n  - {name: TV, addresses: [192.0.2.7]}\n"
        "  - name: Tablet\n    addresses:\n      - '::1'\n      - 192.0.2.7/32\n"
    )
    assert problems(text) == [
        's.yaml:6: clients[1].addresses[1]: "192.0.2.7/32" already belongs to "TV"'
    ]
    text = "clients: [{name: TV, addresses: [192.0.2.7]}, {name: All, addresses: [192.0.2.0/24]}]"
    assert len(loaded(text).clients) == 2  # networks may lie in one another


def test_clients_come_from_the_environment_as_one_value(loaded: Load) -> None:
    environ = {"SINKHOLE__CLIENTS": "[{name: TV, addresses: ['::1']}]"}
    settings = loaded("", environ)
    assert settings.clients[0].name == "TV"
    assert settings.origin_of("clients") == "environment SINKHOLE__CLIENTS"


def test_macs_are_taken_in_any_common_spelling(loaded: Load) -> None:
    spelled = ("02:00:5E:10:00:01", "02-00-5e-10-00-02", "0200.5e10.0003", "02005e100004")
    short = "2:0:5e:10:0:5"  # as some systems print them
    macs = ", ".join(f"'{each}'" for each in (*spelled, short))
    (client,) = loaded(f"clients: [{{name: TV, macs: [{macs}], hosts: [TV.Home]}}]").clients
    assert client.macs == tuple(f"02:00:5e:10:00:0{last}" for last in range(1, 6))
    assert client.hosts == ("tv.home",)


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("macs", "02:00:5e:10:00:01", "02-00-5E-10-00-01"),
        ("ids", "tv", "TV"),
        ("hosts", "tv.home", "TV.home"),
    ],
)
def test_what_a_client_is_known_by_is_its_own(
    problems: Problems, key: str, one: str, other: str
) -> None:
    text = f"clients: [{{name: TV, {key}: ['{one}']}}, {{name: b, {key}: ['{other}']}}]"
    assert problems(text) == [f's.yaml:1: clients[1].{key}[0]: "{one}" already belongs to "TV"']
