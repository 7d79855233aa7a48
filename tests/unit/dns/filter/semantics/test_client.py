"""`$client`: rules for some who ask, by address, network or name."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Asker, Case, check, reading_of, says, table

TV = Asker("192.0.2.7", "Living room TV")
PHONE = Asker("192.0.2.70", "Anna's phone")
KID = Asker("198.51.100.9", "Kid, small|young")
SIX = Asker("2001:db8:1::5")
NAMELESS = Asker("203.0.113.1")
UNKNOWN = Asker()


def rule(value: str, blocks: tuple[Asker, ...] = (), none: tuple[Asker, ...] = ()) -> list[Case]:
    text = f"||example.org^$client={value}"
    cases = [case for asker in blocks for case in says(text, block="a.example.org", asker=asker)]
    return cases + [case for asker in none for case in says(text, none="example.org", asker=asker)]


CASES = table(
    rule("192.0.2.7", blocks=(TV,), none=(PHONE, KID, SIX, NAMELESS, UNKNOWN)),
    rule("192.0.2.0/24", blocks=(TV, PHONE), none=(KID, SIX, UNKNOWN)),
    rule("192.0.2.0/26", blocks=(TV,), none=(PHONE,)),
    rule("2001:db8:1::5", blocks=(SIX,), none=(TV, NAMELESS)),
    rule("2001:db8:1::/48", blocks=(SIX,), none=(TV, Asker("2001:db8:2::5"))),
    rule("2001:DB8:1:0::5", blocks=(SIX,), none=(Asker("2001:db8:1::6"),)),
    rule("Living room TV", blocks=(TV,), none=(PHONE, NAMELESS)),
    rule("'Living room TV'", blocks=(TV,), none=(PHONE,)),
    rule('"Living room TV"', blocks=(TV,), none=(PHONE,)),
    rule(r"'Anna\'s phone'", blocks=(PHONE,), none=(TV,)),
    rule('"Anna\'s phone"', blocks=(PHONE,), none=(TV,)),
    rule(r"'Kid\, small\|young'", blocks=(KID,), none=(TV,)),
    rule(r"Kid\, small\|young", blocks=(KID,), none=(TV,)),
    # Several, any of which will do.
    rule("192.0.2.7|198.51.100.9", blocks=(TV, KID), none=(PHONE,)),
    rule("192.0.2.7|'Kid\\, small\\|young'", blocks=(TV, KID), none=(PHONE,)),
    rule("198.51.100.0/24|2001:db8::/32", blocks=(KID, SIX), none=(TV,)),
    # All but these: also who is not known at all.
    rule("~192.0.2.7", blocks=(PHONE, KID, SIX, NAMELESS, UNKNOWN), none=(TV,)),
    rule("~192.0.2.0/24", blocks=(KID, SIX), none=(TV, PHONE)),
    rule("~'Living room TV'", blocks=(PHONE, UNKNOWN), none=(TV,)),
    rule("~192.0.2.7|~198.51.100.9", blocks=(PHONE, SIX), none=(TV, KID)),
    # The excluded are tested first.
    rule("192.0.2.0/24|~192.0.2.7", blocks=(PHONE,), none=(TV, KID, UNKNOWN)),
    rule("~192.0.2.7|192.0.2.7", none=(TV, PHONE)),
    rule("~192.0.2.0/24|192.0.2.7", none=(TV, PHONE, KID)),
    # With patterns of every sort, and in exceptions.
    says("*$client=192.0.2.7", block="example.org com", asker=TV),
    says("*$client=192.0.2.7", none="example.org com", asker=PHONE),
    says("/^ads\\./$client=192.0.2.7", block="ads.example", asker=TV),
    says("/^ads\\./$client=192.0.2.7", none="ads.example", asker=PHONE),
    says("||example^", "@@||example^$client=192.0.2.7", allow="a.example", asker=TV),
    says("||example^", "@@||example^$client=192.0.2.7", block="a.example", asker=PHONE),
    says("||nas^$client=192.0.2.7,dnsrewrite=192.0.2.1", rewrite={"nas": "A 192.0.2.1"}, asker=TV),
    says("||nas^$client=192.0.2.7,dnsrewrite=192.0.2.1", none="nas", asker=PHONE),
)

REFUSED = [
    "||example.org^$client",
    "||example.org^$client=",
    "||example.org^$client=~",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_clients(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_a_client_that_is_nobody_is_refused(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert "client" in reading
