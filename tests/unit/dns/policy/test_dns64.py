"""IPv6 addresses made of IPv4 addresses, and what is said of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest

from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply

WWW, EDGE = map(from_text, ("www.example.org", "edge.example.net"))
WELL_KNOWN = "64:ff9b::/96"
NOTHING = Reply(0, False, False, (), ())


def made_with(*prefixes: str, but: str = "::ffff:0:0/96") -> Dns64:
    return Dns64(map(IPv6Network, prefixes), [IPv6Network(but)])


def soa(ttl: int, minimum: int) -> Record:
    return Record(from_text("example.org"), Type.SOA, ttl, b"\0\0" + minimum.to_bytes(20, "big"))


RFC_6052_2_4 = [
    ("2001:db8::/32", "2001:db8:c000:221::"),
    ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
    ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
    ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
    ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
    ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
]


@pytest.mark.parametrize(("prefix", "address"), RFC_6052_2_4)
def test_the_examples_of_the_rfc_come_out(prefix: str, address: str) -> None:
    dns64, ipv4 = made_with(prefix), IPv4Address("192.0.2.33").packed
    (made,) = dns64.addresses_for(ipv4)
    assert IPv6Address(made) == IPv6Address(address)
    assert dns64.ipv4_in(made) == ipv4


@pytest.mark.parametrize(("prefix", "address"), RFC_6052_2_4)
def test_reverse_names_lead_to_those_of_the_ipv4_address(prefix: str, address: str) -> None:
    dns64, name = made_with(prefix), from_text(IPv6Address(address).reverse_pointer)
    assert to_text(dns64.target(name, Type.PTR)) == "33.2.0.192.in-addr.arpa"
    assert dns64.target(name, Type.TXT) == b""


@pytest.mark.parametrize(
    "name",
    [
        "ip6.arpa",
        "b.9.f.f.4.6.0.0.ip6.arpa",
        "x" + IPv6Address("64:ff9b::1").reverse_pointer[1:],
        "1." + IPv6Address("64:ff9b::1").reverse_pointer,
        IPv6Address("2001:db8::1").reverse_pointer,
        "33.2.0.192.in-addr.arpa",
        "www.example.org",
    ],
)
def test_other_names_lead_nowhere(name: str) -> None:
    assert made_with(WELL_KNOWN).target(from_text(name), Type.PTR) == b""


def test_bits_64_to_71_must_be_zero() -> None:
    dns64 = made_with("2001:db8::/32")
    assert dns64.ipv4_in(IPv6Address("2001:db8:c000:201:100::").packed) == b""


@pytest.mark.parametrize(
    ("prefixes", "problem"),
    [
        ([], "1 to 4 prefixes, not 0"),
        ([f"2001:db8:{i}::/96" for i in range(5)], "1 to 4 prefixes, not 5"),
        (["2001:db8::/80"], "its length is none of /32, /40, /48, /56, /64, /96"),
        (["2001:db8:0:0:100::/96"], "its bits 64 to 71 must be zero"),
    ],
)
def test_what_cannot_be_a_prefix_is_told(prefixes: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        made_with(*prefixes)


@pytest.mark.parametrize(
    ("address", "prefix", "private", "is_made"),
    [
        ("192.168.1.2", WELL_KNOWN, False, False),
        ("192.168.1.2", WELL_KNOWN, True, True),
        ("192.168.1.2", "2001:db8:64::/96", False, True),
        ("0.0.0.0", "2001:db8:64::/96", True, False),
        ("127.0.0.1", "2001:db8:64::/96", True, False),
        ("224.0.0.1", WELL_KNOWN, True, False),
        ("255.255.255.255", WELL_KNOWN, True, False),
    ],
)
def test_addresses_that_nobody_is_reached_by_are_not_made(
    address: str, prefix: str, private: bool, is_made: bool
) -> None:
    made = made_with(prefix).addresses_for(IPv4Address(address).packed, private=private)
    assert len(list(made)) == is_made


@pytest.mark.parametrize(
    ("qtype", "do", "cd", "is_for"),
    [
        (Type.AAAA, False, False, True),
        (Type.AAAA, True, False, True),
        (Type.AAAA, False, True, True),
        (Type.AAAA, True, True, False),
        (Type.A, False, False, False),
    ],
)
def test_whoever_validates_gets_what_there_is(qtype: int, do: bool, cd: bool, is_for: bool) -> None:
    assert Dns64.is_for(Question(WWW, qtype, do, cd)) is is_for


def test_excluded_addresses_count_for_none() -> None:
    dns64 = made_with(WELL_KNOWN, but="2001:db8:bad::/48")
    bad, good = (
        Record(WWW, Type.AAAA, 60, IPv6Address(text).packed)
        for text in ("2001:db8:bad::1", "2001:db8::1")
    )
    mixed, all_bad = NOTHING._replace(answer=(bad, good)), NOTHING._replace(answer=(bad,))
    assert dns64.without_excluded(mixed).answer == (good,)
    assert not dns64.lacks_addresses(dns64.without_excluded(mixed))
    assert not dns64.lacks_addresses(all_bad)
    assert dns64.lacks_addresses(dns64.without_excluded(all_bad))
    assert dns64.without_excluded(NOTHING) is NOTHING
    assert not dns64.lacks_addresses(NOTHING._replace(rcode=3))


@pytest.mark.parametrize(
    ("authority", "a_ttl", "ttl"),
    [
        ((), 3000, 600),
        ((), 30, 30),
        ((soa(900, 120),), 3000, 120),
        ((soa(60, 900),), 3000, 60),
        ((soa(900, 0),), 3000, 0),
    ],
)
def test_what_was_made_lives_as_long_as_it_is_true_that_there_is_nothing_else(
    authority: tuple[Record, ...], a_ttl: int, ttl: int
) -> None:
    ipv4 = NOTHING._replace(answer=(Record(WWW, Type.A, a_ttl, b"\xc0\0\2\1"),))
    ipv6 = NOTHING._replace(authority=authority)
    (record,) = made_with(WELL_KNOWN).made_of(ipv4, ipv6, private=False).answer
    assert (record.rtype, record.ttl) == (Type.AAAA, ttl)


def test_chains_are_kept_and_each_prefix_makes_an_address() -> None:
    cname = Record(WWW, Type.CNAME, 60, EDGE)
    ipv4 = NOTHING._replace(answer=(cname, Record(EDGE, Type.A, 60, b"\xc0\0\2\1")), ad=True)
    made = made_with(WELL_KNOWN, "2001:db8:64::/96").made_of(ipv4, NOTHING, private=False)
    assert made.answer[0] == cname
    assert [str(IPv6Address(each.rdata)) for each in made.answer[1:]] == [
        "64:ff9b::c000:201",
        "2001:db8:64::c000:201",
    ]
    assert {each.name for each in made.answer[1:]} == {EDGE}
    assert not made.ad


def test_without_an_ipv4_address_the_first_reply_stands() -> None:
    ipv6 = NOTHING._replace(authority=(soa(60, 60),))
    for ipv4 in (NOTHING, NOTHING._replace(answer=(Record(WWW, Type.A, 60, b"\x7f\0\0\1"),))):
        assert made_with(WELL_KNOWN).made_of(ipv4, ipv6, private=False) is ipv6


@pytest.mark.parametrize(
    ("name", "qtype", "rcode", "rdatas"),
    [
        ("ipv4only.arpa", Type.A, 0, ["c00000aa", "c00000ab"]),
        (
            "ipv4only.arpa",
            Type.AAAA,
            0,
            ["0064ff9b0000000000000000c00000aa", "0064ff9b0000000000000000c00000ab"],
        ),
        ("ipv4only.arpa", Type.TXT, 0, []),
        ("www.ipv4only.arpa", Type.A, 3, []),
        ("170.0.0.192.in-addr.arpa", Type.PTR, 0, [from_text("ipv4only.arpa").hex()]),
        ("171.0.0.192.in-addr.arpa", Type.A, 0, []),
    ],
)
def test_hosts_learn_the_prefix(name: str, qtype: int, rcode: int, rdatas: list[str]) -> None:
    answer = made_with(WELL_KNOWN).answer(from_text(name), qtype)
    assert answer is not None
    assert (answer.rcode, [each.rdata.hex() for each in answer.answer]) == (rcode, rdatas)
    assert len(answer.authority) == (not rdatas)


def test_no_other_name_is_answered() -> None:
    assert made_with(WELL_KNOWN).answer(WWW, Type.A) is None


def test_settings_tell_one_from_another() -> None:
    assert made_with(WELL_KNOWN).settings == Dns64().settings
    assert made_with(WELL_KNOWN, but="2001:db8::/32").settings != Dns64().settings
    assert made_with("2001:db8:64::/96").settings != Dns64().settings
