"""Lines of hosts files: `IP name [name…] # comment`, each name exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, allow, block, check, matched, reading_of, says, table

CASES = table(
    says("0.0.0.0 ads.example", block="ads.example ads.example/AAAA ads.example/TXT"),
    says("0.0.0.0 ads.example", none="x.ads.example example"),
    says("127.0.0.1 ads.example", block="ads.example"),
    says("127.0.0.1\tads.example", block="ads.example"),
    says("0.0.0.0    ads.example   ", block="ads.example"),
    says("  0.0.0.0 ads.example", block="ads.example"),
    says("0.0.0.0 ADS.Example", block="ads.example ADS.EXAMPLE"),
    says("0.0.0.0 ads.example.", block="ads.example"),
    says(":: ads.example", block="ads.example ads.example/AAAA"),
    says("::1 ads.example", block="ads.example"),
    says("0:0:0:0:0:0:0:0 ads.example", block="ads.example"),
    says("192.0.2.7 nas.example", block="nas.example nas.example/AAAA nas.example/MX"),
    says("2001:db8::7 nas.example", block="nas.example nas.example/AAAA"),
    says("0 ads.example", block="ads.example ads.example/AAAA", none="x.ads.example"),
    says("0\tads.example b.example # why", block="ads.example b.example", none="why"),
    says("0 ads.example ## why", block="ads.example"),
    says(allow("0 a.example"), block("||example^"), allow="a.example", block="b.example"),
    says("0 CNAME .", "0 PTR a.example.", none="cname ptr a.example"),
    # Several names.
    says("0.0.0.0 a.example b.example\tc.example", block="a.example b.example c.example"),
    says("0.0.0.0 a.example b.example", none="x.b.example"),
    says("0.0.0.0 " + " ".join(f"n{i}.example" for i in range(20)), block="n0.example n19.example"),
    says("127.0.0.1 localhost ads.example", block="ads.example", none="localhost"),
    # Comments behind the names.
    says("0.0.0.0 ads.example # why", block="ads.example", none="why"),
    says("0.0.0.0 ads.example #why b.example", block="ads.example", none="b.example"),
    says("0.0.0.0 ads.example # see ||b.example^ and ##x", block="ads.example", none="b.example"),
    # Names of all sorts.
    says("0.0.0.0 wpad", block="wpad", none="wpad.example"),
    says("0.0.0.0 _x.example", block="_x.example"),
    says("0.0.0.0 bücher.example", block="xn--bcher-kva.example"),
    says("0.0.0.0 a-b.example", block="a-b.example"),
    # In an allow list they allow.
    says(allow("0.0.0.0 a.example"), block("||example^"), allow="a.example", block="b.example"),
    says(allow("192.0.2.1 a.example"), allow="a.example", none="x.a.example"),
    # An important rule and an exception beat them, as any network rule does.
    says("0.0.0.0 a.example", "@@||example^", allow="a.example"),
    says(
        "0.0.0.0 a.example", "||a.example^$dnsrewrite=NXDOMAIN", rewrite={"a.example": "NXDOMAIN"}
    ),
)

OF_THE_MACHINE = [
    "127.0.0.1 localhost",
    "127.0.0.1 localhost.localdomain localhost",
    "::1 localhost ip6-localhost ip6-loopback",
    "255.255.255.255 broadcasthost",
    "fe80::1%lo0 localhost",
    "ff02::1 ip6-allnodes",
    "0.0.0.0 0.0.0.0",
    "0 localhost",
]

REFUSED = [
    "0.0.0.0 *.example.org",
    "0.0.0.0 a/b.example",
    "0.0.0.0 a..example",
    f"0.0.0.0 {'a' * 64}.example",
    "0.0.0.0 #nothing",
    "999.0.0.1 a.example",
    "0 *.example.org",
    "0 # nothing",
    "0.0.0.0 203.0.113.300",
    "0.0.0.0 192.0.2.1-192.0.2.9",
    "192.0.2.1-192.0.2.9 a.example",
    "[2001:db8::1] a.example",
]

ADDRESSES: list[tuple[tuple[str, ...], str, set[str]]] = [
    (("0.0.0.0 a.example",), "a.example", set()),
    (("127.0.0.1 a.example",), "a.example", set()),
    (("127.7.7.7 a.example",), "a.example", set()),
    ((":: a.example",), "a.example", set()),
    (("::1 a.example",), "a.example", set()),
    (("0 a.example",), "a.example", set()),
    (("a.example",), "a.example", set()),
    (("||a.example^",), "a.example", set()),
    (("192.0.2.7 a.example",), "a.example", {"192.0.2.7"}),
    (("192.0.2.7 a.example b.example",), "b.example", {"192.0.2.7"}),
    (("2001:db8::7 a.example",), "a.example", {"2001:db8::7"}),
    (("192.0.2.7 a.example", "192.0.2.8 a.example"), "a.example", {"192.0.2.7", "192.0.2.8"}),
    (("192.0.2.7 a.example", "2001:db8::7 a.example"), "a.example", {"192.0.2.7", "2001:db8::7"}),
    (("192.0.2.7 a.example", "192.0.2.8 b.example"), "a.example", {"192.0.2.7"}),
    (("0.0.0.0 a.example", "192.0.2.7 a.example"), "a.example", {"192.0.2.7"}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_names(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", OF_THE_MACHINE, ids=str)
def test_names_of_the_machine_itself_are_ignored(line: str) -> None:
    assert reading_of(line) == "ignored"


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_lines_without_a_good_name_are_refused(line: str) -> None:
    assert reading_of(line).startswith("refused: ")


@pytest.mark.parametrize(
    ("lines", "name", "expected"), ADDRESSES, ids=[" ; ".join(each[0]) for each in ADDRESSES]
)
@pytest.mark.parametrize("qtype", ["A", "AAAA", "TXT"])
def test_all_that_match_say_which_addresses_the_name_has(
    lines: tuple[str, ...], name: str, expected: set[str], qtype: str
) -> None:
    (case,) = says(*lines, block=f"{name}/{qtype}")
    match = matched(case)
    assert match is not None
    assert not match.allowed
    assert {str(address) for address in match.addresses} == expected


def test_lines_of_several_lists_contribute_their_addresses() -> None:
    lists = (block("192.0.2.7 a.example"), block("b.example", "2001:db8::7 a.example"))
    (case,) = says(*lists, block="a.example", in_list=1, line=1)
    match = matched(case)
    assert match is not None
    assert {str(address) for address in match.addresses} == {"192.0.2.7", "2001:db8::7"}


def test_a_network_rule_takes_no_address_from_the_hosts_lines_it_beats() -> None:
    (case,) = says("192.0.2.7 a.example", "||a.example^", block="a.example", line=2)
    match = matched(case)
    assert match is not None
    assert match.addresses == ()
