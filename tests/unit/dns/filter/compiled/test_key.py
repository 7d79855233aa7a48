"""Keys: a rule's key is a prefix of exactly those query keys it matches."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.filter.compiled.key import (
    ADDRESS,
    EXACT,
    address_key,
    network_key,
    query_key,
    readable,
    rule_key,
    text_key,
)
from sinkhole.dns.filter.language.line import Scope
from sinkhole.dns.wire.name import from_text


def test_the_key_of_a_name_is_its_text_backwards() -> None:
    name = from_text("www.example.org")
    assert rule_key(name, Scope.TREE) == rule_key(name, Scope.BELOW) == b"gro.elpmaxe.www."
    assert rule_key(name, Scope.EXACT) == b"gro.elpmaxe.www." + EXACT
    assert query_key(name) == b"gro.elpmaxe.www." + EXACT


@pytest.mark.parametrize("scope", Scope)
def test_the_short_cut_for_text_gives_the_same_key(scope: Scope) -> None:
    assert text_key(b"ads.example.org", scope) == rule_key(from_text("ads.example.org"), scope)


def test_a_dot_within_a_label_is_no_border() -> None:
    odd = b"\x0bwww.example\x03org\x00"
    assert not query_key(odd).startswith(rule_key(from_text("example.org"), Scope.TREE))
    assert query_key(odd).startswith(rule_key(from_text("org"), Scope.TREE))


def test_bytes_with_a_meaning_in_keys_stay_apart() -> None:
    labels = [b"\x00", b"\x01", b"\x02", b"\x03", b"\n", b".", b"\x020", b"\x021", b"d", b"\x02d"]
    names = [bytes((len(label),)) + label + b"\x03org\x00" for label in labels]
    assert len({query_key(name) for name in names}) == len(names)
    for name in names:
        assert not {0, ord("\n")} & set(query_key(name))


def test_the_root_matches_nothing_but_itself() -> None:
    assert query_key(b"\0") == EXACT


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.0"),
        ("0.0.0.0/0", "198.51.100.7", "2001:db8::1"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
        ("::/0", "::1", "0.0.0.1"),
    ],
)
def test_networks_are_prefixes_of_their_addresses(network: str, inside: str, outside: str) -> None:
    key = network_key(ip_network(network))
    assert address_key(ip_address(inside).packed).startswith(key)
    assert not address_key(ip_address(outside).packed).startswith(key)


def test_no_name_has_the_key_of_an_address() -> None:
    assert not query_key(b"\x024\x03\x00").startswith(ADDRESS)


def test_a_key_can_be_read_by_people() -> None:
    assert readable(rule_key(from_text("www.example.org"), Scope.TREE)) == "||www.example.org^"
    assert readable(rule_key(from_text("www.example.org"), Scope.EXACT)) == "www.example.org"
    odd = readable(rule_key(b"\x03a\x1b\xff\x03org\x00", Scope.EXACT))
    assert odd.isprintable() and odd.endswith(".org")
    assert readable(network_key(ip_network("192.0.2.0/24"))) == "192.0.2.0/24"
    assert readable(network_key(ip_network("2001:db8::/32"))) == "2001:db8::/32"
