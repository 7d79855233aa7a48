"""`$denyallow`: a rule for all names but some and what is below them."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import (
    AddressCase,
    Case,
    check,
    check_address,
    reading_of,
    says,
    says_of,
    table,
)

CASES = table(
    says("*$denyallow=com", block="example.org org", none="com example.com a.example.com"),
    says("*$denyallow=com|net", block="example.org notcom", none="example.com example.net"),
    says("*$denyallow=example.com", block="com example.org notexample.com", none="a.example.com"),
    says("||example.org^$denyallow=good.example.org", block="example.org bad.example.org"),
    says("||example.org^$denyallow=good.example.org", none="good.example.org a.good.example.org"),
    says("||example.org^$denyallow=GOOD.example.org", none="good.example.org"),
    says("||example.org^$denyallow=example.org", none="example.org a.example.org"),
    says("/^ads/$denyallow=example.org|example.net", block="ads.example", none="ads.example.net"),
    says("*$denyallow=bücher.example", none="a.xn--bcher-kva.example", block="example"),
    says("*$denyallow=xn--bcher-kva.example", none="a.xn--bcher-kva.example"),
    says("ads$denyallow=example.com", block="ads.example.org", none="ads.example.com"),
    # The others decide on what is denied to this one.
    says("*$denyallow=com", "||ads.com^", block="ads.com", line=2),
    says("*$denyallow=com", "@@||good.org^", allow="good.org", block="bad.org"),
    says("@@||org^$denyallow=bad.org", "||org^", allow="good.org", block="bad.org a.bad.org"),
    says("*$denyallow=com,important", "@@||org^", block="example.org", none="example.com"),
    says("*$denyallow=com,dnstype=AAAA", block="example.org/AAAA", none="example.org/A"),
    says("*$denyallow=com,dnstype=AAAA", none="example.com/AAAA"),
    says("*$denyallow=com,dnsrewrite=NXDOMAIN", rewrite={"example.org": "NXDOMAIN"}),
    says("*$denyallow=com,dnsrewrite=NXDOMAIN", none="example.com"),
)

ADDRESSES = table(
    says_of("*$denyallow=com", none="192.0.2.1 2001:db8::1"),
    says_of("||192.0.2.0/24^$denyallow=com", none="192.0.2.1"),
    says_of("||192.0.2.$denyallow=com", none="192.0.2.1"),
    says_of("/^192/$denyallow=com", none="192.0.2.1"),
)

REFUSED = [
    "*$denyallow",
    "*$denyallow=",
    "*$denyallow=~com",
    "*$denyallow=com|~net",
    "*$denyallow=com||net",
    "*$denyallow=a b",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_names(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", ADDRESSES, ids=str)
def test_such_rules_never_match_addresses_in_answers(case: AddressCase) -> None:
    check_address(case)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_can_not_be_denied_is_refused(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert "denyallow" in reading
