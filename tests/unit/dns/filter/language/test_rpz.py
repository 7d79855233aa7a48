"""Lines of response policy zones, one by one and as a file."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from sinkhole.dns.filter.language.line import Comment, Ignored, Line, Reject, Rewrite, Rule, Scope
from sinkhole.dns.filter.language.rpz import (
    BAD_ACTION,
    BAD_RECORD,
    MOST_LINES,
    OUTSIDE,
    ZONE_ITSELF,
    Zone,
)
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.text.rdata import rdata_from_text


def read(*lines: str) -> Line:
    """What the last of the lines of a file is."""
    zone = Zone()
    return [parse_line(line, zone=zone) for line in lines][-1]


def blocks(name: str, scope: Scope = Scope.EXACT) -> Rule:
    return Rule((from_text(name),), scope)


def passes(name: str, scope: Scope = Scope.EXACT) -> Rule:
    return Rule((from_text(name),), scope, allow=True)


def answers(name: str, rtype: int, data: str, scope: Scope = Scope.EXACT) -> Rule:
    return Rule((from_text(name),), scope, rewrite=Rewrite(0, rtype, rdata_from_text(rtype, data)))


ONE_LINE: dict[str, Rule] = {
    "ads.example CNAME .": blocks("ads.example"),
    "ads.example CNAME *.": blocks("ads.example"),
    "ads.example. CNAME .": blocks("ads.example"),
    "ads.example CNAME rpz-drop.": blocks("ads.example"),
    "ads.example CNAME rpz-tcp-only.": blocks("ads.example"),
    "ads.example 300 IN CNAME .": blocks("ads.example"),
    "ads.example 1h CNAME .": blocks("ads.example"),
    "ads.example IN 300 CNAME .": blocks("ads.example"),
    "ADS.Example\t\tin\tcname\t.": blocks("ads.example"),
    "ads.example CNAME . ; why": blocks("ads.example"),
    "ads.example CNAME .;why": blocks("ads.example"),
    "bücher.example CNAME .": blocks("xn--bcher-kva.example"),
    r"a\032b.example CNAME .": blocks(r"a\032b.example"),
    "zip CNAME .": blocks("zip"),
    "*.ads.example CNAME .": blocks("ads.example", Scope.BELOW),
    "*.ads.example. CNAME *.": blocks("ads.example", Scope.BELOW),
    "good.example CNAME rpz-passthru.": passes("good.example"),
    "good.example CNAME RPZ-Passthru": passes("good.example"),
    "good.example CNAME good.example.": passes("good.example"),
    "*.good.example CNAME rpz-passthru.": passes("good.example", Scope.BELOW),
    "a.example A 192.0.2.1": answers("a.example", Type.A, "192.0.2.1"),
    "*.a.example AAAA 2001:db8::1": answers("a.example", Type.AAAA, "2001:db8::1", Scope.BELOW),
    "a.example CNAME b.example.": answers("a.example", Type.CNAME, "b.example"),
    "a.example CNAME b.example": answers("a.example", Type.CNAME, "b.example"),
    "a.example MX 10 mail.example.": answers("a.example", Type.MX, "10 mail.example"),
    'a.example TXT "a;b" c ; d': answers("a.example", Type.TXT, '"a;b" c'),
    'a.example TXT "a ( b"': answers("a.example", Type.TXT, '"a ( b"'),
    "a.example PTR b.example.": answers("a.example", Type.PTR, "b.example"),
    "a.example SRV 0 5 80 b.example.": answers("a.example", Type.SRV, "0 5 80 b.example"),
    "a.example HTTPS 1 . alpn=h2": answers("a.example", Type.HTTPS, "1 . alpn=h2"),
    "a.example SVCB 1 . port=53": answers("a.example", Type.SVCB, "1 . port=53"),
}

NETWORKS = {
    "32.1.2.0.192.rpz-ip CNAME .": "192.0.2.1",
    "24.0.2.0.192.rpz-ip CNAME .": "192.0.2.0/24",
    "128.1.zz.db8.2001.rpz-ip CNAME .": "2001:db8::1",
    "32.zz.db8.2001.rpz-ip CNAME .": "2001:db8::/32",
    "128.57.zz.rpz-ip CNAME .": "::57",
    "64.zz.1.2.db8.2001.RPZ-IP CNAME .": "2001:db8:2:1::/64",
    "128.8.7.6.5.4.3.db8.2001.rpz-ip CNAME .": "2001:db8:3:4:5:6:7:8",
}

REFUSED: dict[str, str] = {
    "ns.example.rpz-nsdname CNAME .": "only names and addresses",
    "32.1.2.0.192.rpz-nsip CNAME .": "only names and addresses",
    "32.1.2.0.192.rpz-client-ip CNAME .": "only names and addresses",
    "33.1.2.0.192.rpz-ip CNAME .": "a network that is none",
    "1.2.rpz-ip CNAME .": "a network that is none",
    "24.0.2.0.192.rpz-ip A 192.0.2.1": "not rewritten",
    "ads.example CNAME *.garden.example.": "an unknown action",
    "ads.example CNAME rpz-colour.": "an unknown action",
    "ads.example CNAME a..b": "data",
    "ads.example A 2001:db8::1": "data",
    "ads.example MX mail.example.": "data",
    'ads.example TXT "open': "data",
    "ads.example A ( 192.0.2.1": "data",
    "* CNAME .": "too broad",
    "@ CNAME .": "too broad",
    "a..example CNAME .": "empty label",
    "a.*.example CNAME .": "wildcard",
    "$INCLUDE other": "$INCLUDE is not supported",
    "$GENERATE 1-9 a$ CNAME .": "$GENERATE is not supported",
    "$ORIGIN": "$ORIGIN is not supported",
}


@pytest.mark.parametrize("line", ONE_LINE)
def test_what_a_line_does(line: str) -> None:
    assert read(line) == ONE_LINE[line]


@pytest.mark.parametrize("line", NETWORKS)
def test_addresses_in_answers(line: str) -> None:
    assert read(line) == Rule(networks=(ip_network(NETWORKS[line]),))
    passing = line.replace("CNAME .", "CNAME rpz-passthru.")
    assert read(passing) == Rule(networks=(ip_network(NETWORKS[line]),), allow=True)


@pytest.mark.parametrize("line", REFUSED)
def test_what_can_not_be_done_says_why(line: str) -> None:
    parsed = read(line)
    assert isinstance(parsed, Reject)
    assert REFUSED[line] in parsed.reason


@pytest.mark.parametrize(
    "line",
    [
        "$TTL 300",
        "$ORIGIN rpz.example.net.",
        "$ORIGIN rpz.example.net. ; why",
        "@ IN SOA localhost. root.localhost. 1 2 3 4 5",
        "rpz.example.net. 60 IN SOA localhost. root.localhost. ( 1 2 3 4 5 )",
        "@ NS localhost.",
        "\tIN NS localhost.",
        " NS localhost.",
        "@ RRSIG SOA 8 2 300 20240101000000 20240101000000 1 example. AAAA",
    ],
)
def test_what_a_zone_says_of_itself_is_ignored(line: str) -> None:
    assert read(line) == ZONE_ITSELF


SOA = ("@ IN SOA localhost. admin.localhost. (", "  1787419808 ; serial (uint32)", "3600", " 5 )")


def test_a_record_in_parentheses_goes_on_until_they_are_closed() -> None:
    for end in range(1, len(SOA) + 1):
        assert read(*SOA[:end]) == ZONE_ITSELF
    assert read(*SOA[:2], "; a comment )") == Comment("; a comment )")
    assert read(*SOA, "ads.example CNAME .") == blocks("ads.example")


def test_parentheses_that_are_never_closed_do_not_hide_a_list() -> None:
    lines = [SOA[0], *["||ads.example^"] * MOST_LINES]
    assert read(*lines) == ZONE_ITSELF
    assert read(*lines, "||ads.example^") == blocks("ads.example", Scope.TREE)


ORIGIN = "$ORIGIN rpz.example.net."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((ORIGIN, "ads.example CNAME ."), blocks("ads.example")),
        ((ORIGIN, "ads.example.RPZ.example.net. CNAME ."), blocks("ads.example")),
        ((ORIGIN, "*.ads.rpz.example.net. CNAME ."), blocks("ads", Scope.BELOW)),
        ((ORIGIN, "ads.example. CNAME ."), OUTSIDE),
        ((ORIGIN, "notrpz.example.net. CNAME ."), OUTSIDE),
        ((ORIGIN, "rpz.example.net. CNAME ."), Reject("too broad: it would match every name")),
        ((ORIGIN, "a A 192.0.2.1"), answers("a", Type.A, "192.0.2.1")),
        ((ORIGIN, "a CNAME b"), answers("a", Type.CNAME, "b.rpz.example.net")),
        ((ORIGIN, "a CNAME b."), answers("a", Type.CNAME, "b")),
        ((ORIGIN, "a MX 1 b"), answers("a", Type.MX, "1 b.rpz.example.net")),
        ((ORIGIN, "a MX 1 ."), answers("a", Type.MX, "1 .")),
        ((ORIGIN, "a HTTPS 1 @ port=1"), answers("a", Type.HTTPS, "1 rpz.example.net port=1")),
        ((ORIGIN, "a SRV 1 2"), BAD_RECORD),
        ((ORIGIN, "good.example CNAME good.example."), passes("good.example")),
        ((ORIGIN, "$ORIGIN com", "ads CNAME ."), blocks("ads.com")),
        ((ORIGIN, "$ORIGIN com.rpz.example.net.", "ads CNAME ."), blocks("ads.com")),
        ((ORIGIN, "$ORIGIN com", "ads.rpz.example.net. CNAME ."), blocks("ads")),
        ((ORIGIN, "$ORIGIN b.zone.", "ads.b.zone. CNAME ."), blocks("ads")),
        (("$ORIGIN .", "ads.example. CNAME ."), blocks("ads.example")),
        (("rpz.zone. SOA a. b. 1 2 3 4 5", "ads.rpz.zone. CNAME ."), blocks("ads")),
        (("rpz.zone. SOA a. b. 1 2 3 4 5", "ads CNAME ."), blocks("ads")),
        (("$ORIGIN zone.", "rpz SOA a. b. 1 2 3 4 5", "ads.rpz.zone. CNAME ."), blocks("ads")),
        (("$ORIGIN net.", "a CNAME .", "$ORIGIN .", "a.net. CNAME ."), blocks("a.net")),
        (("@ SOA a. b. 1 2 3 4 5", "ads.example. CNAME ."), blocks("ads.example")),
        (("a.example A 192.0.2.1", " AAAA 2001:db8::1"), answers("a.example", 28, "2001:db8::1")),
        (("a.example A 192.0.2.1", "\t60 IN TXT x"), answers("a.example", Type.TXT, "x")),
        ((" A 192.0.2.1",), Reject("too broad: it would match every name")),
    ],
    ids=str,
)
def test_what_lines_above_say(lines: tuple[str, ...], expected: Line) -> None:
    assert read(*lines) == expected


@pytest.mark.parametrize("line", ["ads.example", "0.0.0.0 ads.example", "||ads.example^"])
def test_other_lines_are_none_of_a_zone(line: str) -> None:
    assert Zone().parse(line) is None


def test_names_below_another_are_not_what_they_seem() -> None:
    zone = Zone()
    assert not zone.is_nested
    zone.parse(ORIGIN)
    assert not zone.is_nested
    zone.parse("$ORIGIN com")
    assert zone.is_nested


def test_reasons_are_of_a_kind() -> None:
    assert isinstance(ZONE_ITSELF, Ignored)
    assert read("a CNAME rpz-x.") == read("b CNAME rpz-y.") == BAD_ACTION
