"""Response policy zones: owners that are names or addresses, and what their records mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import (
    AddressCase,
    Case,
    allow,
    block,
    check,
    check_address,
    reading_of,
    says,
    says_of,
    table,
)

ACTIONS = table(
    says("ads.example CNAME .", block="ads.example", none="x.ads.example example"),
    says("ads.example CNAME *.", block="ads.example ads.example/TXT"),
    says("ads.example CNAME rpz-drop.", block="ads.example"),
    says("ads.example CNAME rpz-tcp-only.", block="ads.example"),
    says("ads.example IN CNAME .", block="ads.example"),
    says("ads.example 300 IN CNAME .", block="ads.example"),
    says("ads.example 300 CNAME .", block="ads.example"),
    says("ads.example IN 300 CNAME .", block="ads.example"),
    says("ads.example\t300\tIN\tCNAME\t.", block="ads.example"),
    says("ads.example in cname .", block="ads.example"),
    says("ADS.Example CNAME .", block="ads.example"),
    says("ads.example CNAME . ; why", block="ads.example"),
    says("ads.example CNAME .;why", block="ads.example"),
    says("*.ads.example CNAME .", block="x.ads.example x.y.ads.example", none="ads.example"),
    says("*.ads.example CNAME *.", block="x.ads.example", none="badads.example"),
    says("*.ads.example IN CNAME rpz-drop.", block="x.ads.example", none="ads.example"),
    says("ads.example CNAME .", "*.ads.example CNAME .", block="ads.example x.ads.example"),
    says("bücher.example CNAME .", block="xn--bcher-kva.example"),
    says("_x.example CNAME .", block="_x.example"),
    # Exceptions.
    says("*.example CNAME .", "good.example CNAME rpz-passthru.", allow="good.example", line=2),
    says(
        "*.example CNAME .", "good.example CNAME rpz-passthru.", block="x.good.example bad.example"
    ),
    says("*.example CNAME .", "*.good.example CNAME RPZ-PASSTHRU.", allow="x.good.example"),
    says("*.example CNAME .", "*.good.example CNAME rpz-passthru.", block="good.example"),
    # A name that points to itself passes, as in the first drafts of the format.
    says("*.example CNAME .", "good.example CNAME good.example.", allow="good.example"),
    # They are network rules.
    says("0.0.0.0 a.example", "a.example CNAME .", block="a.example", line=2),
    says("0.0.0.0 a.example", "a.example CNAME rpz-passthru.", allow="a.example"),
    says("a.example CNAME .", "@@||a.example^", allow="a.example"),
    says("a.example CNAME rpz-passthru.", "||a.example^$important", block="a.example"),
    says(allow("a.example CNAME ."), block("||example^"), allow="a.example", block="x.a.example"),
)

ANSWERS = table(
    says("a.example A 192.0.2.1", rewrite={"a.example": "A 192.0.2.1"}, none="x.a.example"),
    says("a.example A 192.0.2.1", rewrite={"a.example/AAAA": "empty", "a.example/TXT": "empty"}),
    says("a.example 60 IN A 192.0.2.1", rewrite={"a.example": "A 192.0.2.1"}),
    says("a.example AAAA 2001:db8::1", rewrite={"a.example/AAAA": "AAAA 2001:db8::1"}),
    says(
        *("a.example A 192.0.2.1", "a.example A 192.0.2.2", "a.example AAAA 2001:db8::1"),
        rewrite={
            "a.example": "A 192.0.2.1 + A 192.0.2.2",
            "a.example/AAAA": "AAAA 2001:db8::1",
            "a.example/MX": "empty",
        },
    ),
    says("*.a.example A 192.0.2.1", rewrite={"x.a.example": "A 192.0.2.1"}, none="a.example"),
    says("a.example CNAME garden.example.", rewrite={"a.example": "CNAME garden.example"}),
    says("a.example CNAME garden.example.", rewrite={"a.example/TXT": "CNAME garden.example"}),
    says("*.a.example CNAME garden.example.", rewrite={"x.a.example": "CNAME garden.example"}),
    says('a.example TXT "blocked here"', rewrite={"a.example/TXT": 'TXT "blocked here"'}),
    says("a.example TXT blocked", rewrite={"a.example/TXT": 'TXT "blocked"'}),
    says("a.example MX 10 mail.example.", rewrite={"a.example/MX": "MX 10 mail.example"}),
    says("a.example PTR b.example.", rewrite={"a.example/PTR": "PTR b.example"}),
    says("a.example SRV 1 2 53 b.example.", rewrite={"a.example/SRV": "SRV 1 2 53 b.example"}),
    says("a.example HTTPS 1 . alpn=h2", rewrite={"a.example/HTTPS": "HTTPS 1 . alpn=h2"}),
    # A line that begins with space goes on about the name above it.
    says(
        "a.example A 192.0.2.1", "  A 192.0.2.2", rewrite={"a.example": "A 192.0.2.1 + A 192.0.2.2"}
    ),
    says("a.example A 192.0.2.1", "\t60 IN TXT x", rewrite={"a.example/TXT": 'TXT "x"'}),
    says('a.example TXT "a;b"', rewrite={"a.example/TXT": 'TXT "a;b"'}),
)

ZONE = (
    "$TTL 300",
    "$ORIGIN rpz.example.net.",
    "@ IN SOA localhost. root.localhost. (",
    "    2024010100 ; serial",
    "    3600       ; refresh",
    "    600",
    "    86400 300 )",
    "  IN NS localhost.",
    "; what is blocked",
    "ads.example CNAME .",
    "abs.example.rpz.example.net. CNAME .",
    "*.wild.example CNAME .",
    "good.wild.example.rpz.example.net. 60 IN CNAME rpz-passthru.",
    "32.1.2.0.192.rpz-ip CNAME .",
)

ZONES = table(
    says(*ZONE, block="ads.example", line=10),
    says(*ZONE, block="abs.example", line=11),
    says(*ZONE, block="x.wild.example", line=12),
    says(*ZONE, allow="good.wild.example", line=13),
    says(*ZONE, none="wild.example x.ads.example ads.example.rpz.example.net localhost"),
    says("$ORIGIN a.zone.", "x CNAME .", "$ORIGIN b.zone.", "y.b.zone. CNAME .", block="x y"),
    says("@ SOA localhost. root.localhost. 1 2 3 4 5", "a.example CNAME .", block="a.example"),
    says(
        "@ SOA a. b. ( 1", "2 3 4", "5 )", "||a.example^", "b.example", block="a.example b.example"
    ),
)

PARTS_OF_ZONES = [
    "$TTL 300",
    "$ORIGIN rpz.example.net.",
    "@ IN SOA localhost. root.localhost. 1 2 3 4 5",
    "@ 300 IN SOA localhost. root.localhost. 1 2 3 4 5",
    "@ NS localhost.",
    "@ IN NS localhost.",
    "rpz.example.net. IN NS localhost.",
    "; a comment",
]

ADDRESSES = table(
    says_of("32.1.2.0.192.rpz-ip CNAME .", block="192.0.2.1", none="192.0.2.2 2001:db8::1"),
    says_of("24.0.2.0.192.rpz-ip CNAME .", block="192.0.2.1 192.0.2.255", none="198.51.100.1"),
    says_of("24.0.2.0.192.rpz-ip 300 IN CNAME *.", block="192.0.2.1"),
    says_of("128.1.zz.db8.2001.rpz-ip CNAME .", block="2001:db8::1", none="2001:db8::2"),
    says_of("48.zz.1.db8.2001.rpz-ip CNAME .", block="2001:db8:1::5", none="2001:db8:2::5"),
    says_of("128.1.0.0.0.0.0.db8.2001.rpz-ip CNAME .", block="2001:db8::1"),
    says_of(*ZONE, block="192.0.2.1", none="192.0.2.2"),
    says_of(
        *("$ORIGIN z.example.", "32.1.2.0.192.rpz-ip.z.example. CNAME ."),
        block="192.0.2.1",
        none="192.0.2.2",
    ),
    says_of(
        *("24.0.2.0.192.rpz-ip CNAME .", "32.1.2.0.192.rpz-ip CNAME rpz-passthru."),
        block="192.0.2.2",
        none="192.0.2.1",
    ),
    says_of("32.1.2.0.192.rpz-ip CNAME rpz-passthru.", none="192.0.2.1"),
    says_of("ads.example CNAME .", none="192.0.2.1"),
)

REFUSED = [
    "ns.example.rpz-nsdname CNAME .",
    "32.1.2.0.192.rpz-nsip CNAME .",
    "32.1.2.0.192.rpz-client-ip CNAME .",
    "33.1.2.0.192.rpz-ip CNAME .",
    "32.1.2.0.999.rpz-ip CNAME .",
    "32.1.2.rpz-ip CNAME .",
    "a.example A 2001:db8::1",
    "a.example AAAA 192.0.2.1",
    "a.example MX mail.example.",
    "a..example CNAME .",
    "* CNAME .",
]


@pytest.mark.parametrize("case", ACTIONS, ids=str)
def test_names_that_are_blocked_or_pass(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", ANSWERS, ids=str)
def test_names_that_get_other_answers(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", ZONES, ids=str)
def test_whole_zones(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", PARTS_OF_ZONES, ids=str)
def test_what_a_zone_says_of_itself_is_no_rule(line: str) -> None:
    assert reading_of("$ORIGIN rpz.example.net.", line) in ("comment", "ignored")


def test_no_line_of_a_zone_is_refused() -> None:
    for end in range(1, len(ZONE) + 1):
        assert not reading_of(*ZONE[:end]).startswith("refused")


@pytest.mark.parametrize("case", ADDRESSES, ids=str)
def test_addresses_in_answers(case: AddressCase) -> None:
    check_address(case)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_can_not_be_done_is_refused(line: str) -> None:
    assert reading_of(line).startswith("refused: ")
