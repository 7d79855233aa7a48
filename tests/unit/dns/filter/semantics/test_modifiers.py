"""Modifiers together, and modifiers that make a rule unusable."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Asker, Case, check, reading_of, says, table

TV = Asker("192.0.2.7", "TV", ("device_tv", "user_child"))
PHONE = Asker("192.0.2.8", "Phone", ("device_phone", "user_child"))

CASES = table(
    # All conditions must hold.
    says("||a^$client=TV,dnstype=A", block="a/A", none="a/AAAA", asker=TV),
    says("||a^$client=TV,dnstype=A", none="a/A a/AAAA", asker=PHONE),
    says("||a^$dnstype=A,client=TV", block="a/A", asker=TV),
    says("||a^$ctag=user_child,client=~TV", none="a", asker=TV),
    says("||a^$ctag=user_child,client=~TV", block="a", asker=PHONE),
    says("||a^$ctag=user_child,dnstype=~TXT", block="a/A", none="a/TXT", asker=TV),
    says("||a^$denyallow=x.a,dnstype=A", block="a/A y.a/A", none="x.a/A a/TXT"),
    says("*$client=TV,denyallow=good.example", block="bad.example", asker=TV),
    says("*$client=TV,denyallow=good.example", none="x.good.example", asker=TV),
    says("*$client=TV,denyallow=good.example", none="bad.example", asker=PHONE),
    says("||a^$client=TV,ctag=device_tv,dnstype=A,denyallow=x.a", block="a/A", asker=TV),
    says("||a^$client=TV,ctag=device_tv,dnstype=A,denyallow=x.a", none="x.a/A a/MX", asker=TV),
    # Important goes with all of them.
    says("||a^$important,dnstype=A", "@@||a^", block="a/A", allow="a/AAAA"),
    says("||a^$dnstype=A,important", "@@||a^", block="a/A", allow="a/AAAA"),
    says("||a^$important,client=TV", "@@||a^", block="a", asker=TV),
    says("||a^$important,client=TV", "@@||a^", allow="a", asker=PHONE),
    says("||a^$important,denyallow=x.a", "@@||a^", block="a", allow="x.a"),
    says("@@||a^$important,dnstype=A", "||a^$important", allow="a/A", block="a/AAAA"),
    # Rewrites go with conditions.
    says("||a^$dnsrewrite=192.0.2.1,client=TV", rewrite={"a": "A 192.0.2.1"}, asker=TV),
    says("||a^$dnsrewrite=192.0.2.1,client=TV", none="a", asker=PHONE),
    says("||a^$client=TV,dnsrewrite=192.0.2.1", "||a^", block="a", line=2, asker=PHONE),
    says("||a^$dnstype=A,dnsrewrite=NXDOMAIN", rewrite={"a/A": "NXDOMAIN"}, none="a/AAAA"),
    says("||a^$dnsrewrite=NOERROR;MX;1 b.example,dnstype=MX", rewrite={"a/MX": "MX 1 b.example"}),
    says("||a^$dnsrewrite=NOERROR;MX;1 b.example,dnstype=MX", none="a/A"),
    says("||a^$denyallow=x.a,dnsrewrite=b", rewrite={"y.a": "CNAME b"}, none="x.a"),
    says("||a^$important,dnsrewrite=192.0.2.1", "@@||a^$important", rewrite={"a": "A 192.0.2.1"}),
    # An empty place between commas says nothing.
    says("||a^$important,", "@@||a^", block="a"),
    says("||a^$,important", "@@||a^", block="a"),
    says("||a^$,", block="x.a"),
    # Commas and quotes may stand in a value.
    says(r"||a^$client='A\, B',dnstype=A", block="a/A", asker=Asker("192.0.2.1", "A, B")),
    # The letter case of a modifier's value where it makes no difference.
    says("||a^$dnstype=a|Aaaa", block="a/A a/AAAA", none="a/TXT"),
    # The same modifier on several rules of one name.
    says("||a^$dnstype=A", "||a^$dnstype=AAAA", block="a/AAAA", none="a/TXT", line=2),
    says("||a^$client=TV", "||a^$client=Phone", block="a", line=2, asker=PHONE),
    says("||a^$client=TV", "||a^$client=Phone", block="a", line=1, asker=TV),
    says("||a^$dnstype=A", "||x.a^$dnstype=AAAA", block="x.a/A", line=1),
    says("||a^$dnstype=A", "||x.a^$dnstype=AAAA", block="x.a/AAAA", line=2),
)

UNKNOWN = {
    "||example.org^$colour": "colour",
    "||example.org^$colour=red": "colour",
    "||example.org^$important,colour": "colour",
    "||example.org^$colour,important": "colour",
    "||example.org^$dnstype=A,colour=red": "colour",
    "||example.org^$script,colour": "colour",
    "@@||example.org^$colour": "colour",
    "/^ads/$colour": "colour",
    "ads$colour": "colour",
    "||example.org^$ttl=60": "ttl",
    "||example.org^$schedule=night": "schedule",
    "||example.org^$importantly": "importantly",
    "||example.org^$dnstypes=A": "dnstypes",
    "||example.org^$~important": "important",
    "||example.org^$~badfilter": "badfilter",
    "||example.org^$~dnstype=A": "dnstype",
    "||example.org^$respgeo=fr": "respgeo",
    "@@||example.org^$respgeo": "respgeo",
    "||example.org^$respgeo=~us,important": "respgeo",
}

MALFORMED = [
    "||example.org^$",
    "||example.org^$=A",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_modifiers_together(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize(("line", "modifier"), UNKNOWN.items(), ids=UNKNOWN)
def test_an_unknown_modifier_drops_the_rule_and_is_named(line: str, modifier: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ")
    assert f"${modifier}" in reading or f"~{modifier}" in reading


@pytest.mark.parametrize("line", MALFORMED, ids=str)
def test_what_is_no_list_of_modifiers_is_refused(line: str) -> None:
    assert reading_of(line).startswith("refused: ")


@pytest.mark.parametrize("line", UNKNOWN, ids=str)
def test_a_rule_that_was_dropped_blocks_nothing(line: str, tmp_path: Path) -> None:
    for case in says(line, "example.net", none="example.org ads.example.org", block="example.net"):
        check(case, tmp_path)
