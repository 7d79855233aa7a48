"""`$dnstype`: rules for some types of query only, or for all but some."""

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
    says("||a^$dnstype=A", block="a/A x.a/A", none="a/AAAA a/HTTPS a/TXT"),
    says("||a^$dnstype=AAAA", block="a/AAAA", none="a/A a/ANY"),
    says("||a^$dnstype=aaaa", block="a/AAAA", none="a/A"),
    says("||a^$dnstype=Https", block="a/HTTPS", none="a/SVCB a/A"),
    says("||a^$dnstype=A|AAAA", block="a/A a/AAAA", none="a/MX"),
    says("||a^$dnstype=TXT|MX|SRV", block="a/TXT a/MX a/SRV", none="a/A"),
    says("||a^$dnstype=ANY", block="a/ANY", none="a/A"),
    says("||a^$dnstype=CAA", block="a/CAA", none="a/A"),
    says("||a^$dnstype=DS|DNSKEY", block="a/DS a/DNSKEY", none="a/A"),
    says("||a^$dnstype=PTR", block="a/PTR", none="a/A"),
    says("||a^$dnstype=~A", block="a/AAAA a/TXT a/HTTPS", none="a/A"),
    says("||a^$dnstype=~A|~AAAA", block="a/TXT a/HTTPS", none="a/A a/AAAA"),
    # The excluded are tested first.
    says("||a^$dnstype=A|~A", none="a/A a/AAAA"),
    says("||a^$dnstype=A|AAAA|~AAAA", block="a/A", none="a/AAAA a/TXT"),
    says("||a^$dnstype=~TXT|A", block="a/A", none="a/TXT a/MX"),
    # With everything else.
    says("/^ads/$dnstype=A", block="ads.a/A", none="ads.a/AAAA"),
    says("|a^$dnstype=A", block="a/A", none="x.a/A a/AAAA"),
    says("a.b$dnstype=A", block="xa.bx/A", none="a.b/AAAA"),
    says("||a^", "@@||a^$dnstype=AAAA", block="a/A", allow="a/AAAA"),
    says("||a^$important", "@@||a^$dnstype=AAAA,important", block="a/A", allow="a/AAAA"),
    says("@@||a^", "||a^$dnstype=AAAA,important", allow="a/A", block="a/AAAA"),
    says("||a^$dnstype=AAAA,dnsrewrite=NOERROR", rewrite={"a/AAAA": "empty"}, none="a/A"),
    says("||a^$dnstype=~A,dnsrewrite=192.0.2.1", rewrite={"a/MX": "empty"}, none="a/A"),
    says("||a^$dnstype=HTTPS,dnsrewrite=REFUSED", rewrite={"a/HTTPS": "REFUSED"}, none="a/A"),
)

ADDRESSES = table(
    says_of("||192.0.2.0/24^$dnstype=A", block="192.0.2.1 192.0.2.1/A", none="192.0.2.1/HTTPS"),
    says_of("||192.0.2.0/24^$dnstype=~HTTPS", block="192.0.2.1/A", none="192.0.2.1/HTTPS"),
    says_of("||192.0.2.0/24^$dnstype=HTTPS", block="192.0.2.1/HTTPS", none="192.0.2.1/A"),
    says_of("||2001:db8::/32^$dnstype=AAAA", block="2001:db8::1"),
    says_of("||2001:db8::/32^$dnstype=A", none="2001:db8::1"),
)

REFUSED = [
    "||a^$dnstype",
    "||a^$dnstype=",
    "||a^$dnstype=~",
    "||a^$dnstype=COLOUR",
    "||a^$dnstype=TYPE65",
    "||a^$dnstype=A|TYPE28",
    "||a^$dnstype=28",
    "||a^$dnstype=A|",
    "||a^$dnstype=A AAAA",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_types_of_queries(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", ADDRESSES, ids=str)
def test_in_answers_it_is_the_type_of_the_record(case: AddressCase) -> None:
    check_address(case)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_what_is_no_type_is_refused(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert "type" in reading
