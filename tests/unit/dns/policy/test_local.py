"""Local records."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from world import local_records

from sinkhole.dns.policy.local import (
    HOSTS_FILE,
    LOCAL_RECORDS,
    MOST_BYTES,
    MOST_LINKS,
    LocalAnswer,
    LocalNames,
)
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import type_number

LOCAL = LocalNames(
    local_records(
        {
            "nas.home": ["192.0.2.10", "2001:db8::10"],
            "*.nas.home": ["192.0.2.11"],
            "deep.nas.home": ["192.0.2.12"],
            "*.deep.nas.home": ["192.0.2.13"],
            "www.home": ["CNAME files.home"],
            "files.home": ["CNAME NAS.home"],
            "shop.home": ["CNAME www.example.org"],
            "*.example.com": ["192.0.2.14"],
            "mail.example.com": ["CNAME mail.example.com"],
            "home": ["MX 10 nas.home", 'TXT "some text"'],
            "_ipp._tcp.home": ["SRV 0 5 631 nas.home"],
            "12.2.0.192.in-addr.arpa": ["PTR other.home"],
        }
    )
)


def asked(local: LocalNames, name: str, qtype: str = "A") -> LocalAnswer | None:
    return local.answer(from_text(name), type_number(qtype))


def rdatas(local: LocalNames, name: str, qtype: str = "A") -> Sequence[str]:
    answer = asked(local, name, qtype)
    assert answer is not None
    assert answer.made.rcode == 0
    return [record.rdata.hex() for record in answer.made.answer]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("nas.home", "c000020a"),
        ("www.nas.home", "c000020b"),
        ("a.b.nas.home", "c000020b"),
        ("deep.nas.home", "c000020c"),
        ("x.deep.nas.home", "c000020d"),
    ],
)
def test_exact_beats_wildcard_and_longer_beats_shorter(name: str, address: str) -> None:
    assert rdatas(LOCAL, name) == [address]


@pytest.mark.parametrize("name", ["ahome", "xnas.home", "nas.home.example.org", "example.com"])
def test_other_names_are_not_local(name: str) -> None:
    assert asked(LOCAL, name) is None


def test_a_family_or_type_it_does_not_have_is_no_data() -> None:
    for qtype in ("AAAA", "TXT", "HTTPS", "CNAME"):
        answer = asked(LOCAL, "www.nas.home", qtype)
        assert answer is not None
        made = answer.made
        assert (made.rcode, made.answer, len(made.authority)) == (0, (), 1)


@pytest.mark.parametrize(
    ("name", "qtype", "rdata"),
    [
        ("home", "MX", b"\0\x0a" + from_text("nas.home")),
        ("home", "TXT", b"\x09some text"),
        ("_ipp._tcp.home", "SRV", b"\0\0\0\5\x02\x77" + from_text("nas.home")),
        ("www.home", "CNAME", from_text("files.home")),
    ],
)
def test_records_of_any_type(name: str, qtype: str, rdata: bytes) -> None:
    assert rdatas(LOCAL, name, qtype) == [rdata.hex()]


def test_addresses_have_names_unless_a_record_gives_them_another() -> None:
    for pointer, name in (
        ("10.2.0.192.in-addr.arpa", "nas.home"),
        ("0.1." + "0." * 22 + "8.b.d.0.1.0.0.2.ip6.arpa", "nas.home"),
        ("12.2.0.192.in-addr.arpa", "other.home"),
    ):
        assert rdatas(LOCAL, pointer, "PTR") == [from_text(name).hex()]
    assert asked(LOCAL, "11.2.0.192.in-addr.arpa", "PTR") is None


def test_cnames_are_followed_in_the_house() -> None:
    answer = asked(LOCAL, "www.home", "AAAA")
    assert answer is not None
    assert [to_text(record.name) for record in answer.made.answer] == [
        "www.home",
        "files.home",
        "nas.home",
    ]
    assert not answer.onward
    nothing = asked(LOCAL, "www.home", "TXT")
    assert nothing is not None
    assert [to_text(record.name) for record in nothing.made.authority] == ["nas.home"]


def test_a_cname_to_elsewhere_says_where_to_go_on() -> None:
    answer = asked(LOCAL, "shop.home")
    assert answer is not None
    assert answer.onward == from_text("www.example.org")
    assert len(answer.made.answer) == 1


def test_a_cname_to_itself_takes_a_name_out_of_a_wildcard() -> None:
    assert asked(LOCAL, "mail.example.com") is None
    assert rdatas(LOCAL, "x.example.com") == ["c000020e"]


def test_a_circle_ends_in_servfail() -> None:
    local = LocalNames(local_records({"a.home": ["CNAME b.home"], "b.home": ["CNAME a.home"]}))
    answer = asked(local, "a.home")
    assert answer is not None
    assert (answer.made.rcode, answer.onward) == (2, b"")


def test_a_chain_may_have_eight_links() -> None:
    for length, rcode in ((MOST_LINKS, 0), (MOST_LINKS + 1, 2)):
        links = {f"n{i}.home": [f"CNAME n{i + 1}.home"] for i in range(length)}
        local = LocalNames(local_records({**links, f"n{length}.home": ["192.0.2.1"]}))
        answer = asked(local, "n0.home")
        assert answer is not None
        assert answer.made.rcode == rcode


def test_names_of_the_hosts_file_give_way_to_records() -> None:
    hosts = {
        "nas.home": ["192.0.2.20"],
        "printer.home": ["192.0.2.21"],
        "x.wild.home": ["192.0.2.22"],
        "also.home": ["192.0.2.10"],
    }
    records = {"nas.home": ["192.0.2.10"], "*.wild.home": ["192.0.2.11"]}
    local = LocalNames(local_records(records), weaker=local_records(hosts))
    assert rdatas(local, "nas.home") == ["c000020a"]
    assert rdatas(local, "x.wild.home") == ["c000020b"]
    assert rdatas(local, "printer.home") == ["c0000215"]
    assert rdatas(local, "10.2.0.192.in-addr.arpa", "PTR") == [from_text("nas.home").hex()]
    assert rdatas(local, "21.2.0.192.in-addr.arpa", "PTR") == [from_text("printer.home").hex()]
    assert asked(local, "22.2.0.192.in-addr.arpa", "PTR") is None
    causes = [asked(local, f"{name}.home") for name in ("nas", "printer")]
    assert [each.cause for each in causes if each] == [LOCAL_RECORDS, HOSTS_FILE]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["CNAME a.home", "CNAME b.home"], "one CNAME only, not a.home and b.home"),
        (["CNAME a.home", "192.0.2.1"], "a name with a CNAME can have no other records"),
        (['TXT "' + "x" * 200 + '"'] * (MOST_BYTES // 200), "bytes of TXT records"),
    ],
    ids=["two-cnames", "cname-and-address", "too-much"],
)
def test_what_cannot_be_answered_is_refused(values: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        LocalNames(local_records({"nas.home": values}))


def test_addresses_have_the_size_of_addresses() -> None:
    for rtype in (1, 28):
        with pytest.raises(ValueError, match=r"nas\.home: an A+ record holds"):
            LocalNames({"nas.home": [(rtype, b"\1\2\3")]})


def test_it_counts_names() -> None:
    assert len(LOCAL) == 12
    assert len(LocalNames()) == 0
