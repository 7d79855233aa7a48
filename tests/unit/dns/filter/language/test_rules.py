"""What one line is, format by format: tables of lines."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.filter.language.line import (
    Comment,
    Conditions,
    Ignored,
    Reject,
    Rewrite,
    Rule,
    Scope,
)
from sinkhole.dns.filter.language.rules import MAX_LINE, parse_line
from sinkhole.dns.wire.name import from_text


def exact(*names: str, addresses: tuple[str, ...] = ()) -> Rule:
    return Rule(wires(*names), hosts=True, addresses=tuple(map(ip_address, addresses)))


def tree(*names: str, allow: bool = False) -> Rule:
    return Rule(wires(*names), scope=Scope.TREE, allow=allow)


def wires(*names: str) -> tuple[bytes, ...]:
    return tuple(map(from_text, names))


def answer(rtype: int, address: str) -> Rewrite:
    return Rewrite(0, rtype, ip_address(address).packed)


HOSTS = {
    "0.0.0.0 ads.example.org": exact("ads.example.org"),
    "127.0.0.1\tads.example.org": exact("ads.example.org"),
    "127.0.0.1   Ads.Example.ORG   ": exact("ads.example.org"),
    "0.0.0.0 a.example b.example\tc.example": exact("a.example", "b.example", "c.example"),
    "0.0.0.0 ads.example.org # why": exact("ads.example.org"),
    "0.0.0.0 ads.example.org#why ## and ##more": exact("ads.example.org"),
    ":: ads.example.org": exact("ads.example.org"),
    "::1 ads.example.org": exact("ads.example.org"),
    "192.0.2.7 ads.example.org": exact("ads.example.org", addresses=("192.0.2.7",)),
    "2001:DB8::7 a.example b.example": exact("a.example", "b.example", addresses=("2001:db8::7",)),
    "::ffff:192.0.2.7 a.example": exact("a.example", addresses=("192.0.2.7",)),
    "::ffff:127.0.0.1 a.example": exact("a.example"),
    "fe80::1%lo0 a.example": exact("a.example", addresses=("fe80::1",)),
    "127.9.9.9 a.example": exact("a.example"),
    "0.0.0.0 1.example": exact("1.example"),
    "0.0.0.0 ads.example.org.": exact("ads.example.org"),
    "0.0.0.0 wpad": exact("wpad"),
    "0.0.0.0 bücher.example": exact("xn--bcher-kva.example"),
    "127.0.0.1 localhost ads.example.org": exact("ads.example.org"),
}

LOCAL = [
    "127.0.0.1 localhost",
    "127.0.0.1 LOCALHOST localhost.localdomain",
    "::1 ip6-localhost ip6-loopback",
    "fe80::1%lo0 localhost",
    "255.255.255.255 broadcasthost",
    "0.0.0.0 0.0.0.0",
    "localhost",
]

PLAIN = {
    "ads.example.org": exact("ads.example.org"),
    "ads.example.org.": exact("ads.example.org"),
    "  ADS.example.org\r\n": exact("ads.example.org"),
    "ads.example.org # why": exact("ads.example.org"),
    "ads.example.org ## why": exact("ads.example.org"),
    "_dmarc.example.org": exact("_dmarc.example.org"),
    "пример.example": exact("xn--e1afmkfd.example"),
    r"a\032b.example.org": exact(r"a\032b.example.org"),
    "*.example.org": tree("example.org"),
    "*.zip": tree("zip"),
    "*.bücher.example": tree("xn--bcher-kva.example"),
}

# More of these in test_adblock.py.
ADBLOCK = {
    "||example.org^": tree("example.org"),
    "||example.org^ # why": tree("example.org"),
    "|example.org^": Rule(wires("example.org")),
    "@@||example.org^": tree("example.org", allow=True),
    "@@example.org": Rule(pattern="example.org", allow=True),
    "example.org^": Rule(pattern="example.org^"),
    "||example.org": Rule(pattern="||example.org"),
    "example.org$important": Rule(pattern="example.org", important=True),
    "*.example.org^": Rule(wires("example.org"), scope=Scope.BELOW),
    "ads": Rule(pattern="ads"),
    "-ads.": Rule(pattern="-ads."),
    ".ads.": Rule(pattern=".ads."),
    "ads-": Rule(pattern="ads-"),
    "1.2.3": Rule(pattern="1.2.3"),
    "192.0.2.": Rule(pattern="192.0.2."),
    "/^ads[0-9]+/": Rule(pattern="/^ads[0-9]+/"),
    "||example.org^$client='a #b'": Rule(
        wires("example.org"),
        scope=Scope.TREE,
        conditions=Conditions(clients=frozenset({"name:a #b"})),
    ),
}

NETWORKS = {
    "192.0.2.1": Rule(networks=(ip_network("192.0.2.1"),)),
    "192.0.2.0/24": Rule(networks=(ip_network("192.0.2.0/24"),)),
    "192.0.2.0/24 # why": Rule(networks=(ip_network("192.0.2.0/24"),)),
    "2001:db8::1": Rule(networks=(ip_network("2001:db8::1"),)),
    "2001:db8::/32": Rule(networks=(ip_network("2001:db8::/32"),)),
}

# More of these in test_rpz.py.
ZONES = {
    "ads.example.org CNAME .": Rule(wires("ads.example.org")),
    "*.example.org IN CNAME rpz-passthru.": Rule(
        wires("example.org"), scope=Scope.BELOW, allow=True
    ),
}

DNSMASQ = {
    "address=/example.org/": tree("example.org"),
    "address=/example.org/0.0.0.0": tree("example.org"),
    "address=/example.org/::": tree("example.org"),
    "address=/example.org/#": tree("example.org"),
    "address=/a.example/b.example/#": tree("a.example", "b.example"),
    "address=/.example.org/#": tree("example.org"),
    "local=/example.org/": tree("example.org"),
    "server=/example.org/": tree("example.org"),
    "server=/a.example/b.example/": tree("a.example", "b.example"),
    "server=/example.org/ # why": tree("example.org"),
    "address=/example.org/127.0.0.1": tree("example.org"),
    "server=/example.org/#": tree("example.org", allow=True),
    "address=/a.example/b.example/192.0.2.1": replace(
        tree("a.example", "b.example"), rewrite=answer(1, "192.0.2.1")
    ),
    "address=/a.example/2001:db8::1": replace(tree("a.example"), rewrite=answer(28, "2001:db8::1")),
}


RULES = HOSTS | PLAIN | ADBLOCK | NETWORKS | ZONES | DNSMASQ


@pytest.mark.parametrize(("line", "expected"), RULES.items(), ids=RULES)
def test_lines_that_are_rules(line: str, expected: Rule) -> None:
    assert parse_line(line) == expected
    assert parse_line(line.encode()) == expected
    assert parse_line(line.encode() + b"\r\n") == expected


def test_a_bare_name_covers_what_is_below_where_the_list_says_so() -> None:
    parsed = parse_line("example.org", bare_is_subtree=True)
    assert parsed == replace(tree("example.org"), hosts=True)
    assert parse_line("0.0.0.0 example.org", bare_is_subtree=True) == exact("example.org")
    assert parse_line("|example.org^", bare_is_subtree=True) == Rule(wires("example.org"))
    assert parse_line("zip", bare_is_subtree=True) == replace(tree("zip"), hosts=True)


@pytest.mark.parametrize("line", LOCAL)
def test_names_of_the_machine_itself_are_ignored(line: str) -> None:
    assert parse_line(line) == Ignored("a name of the machine itself")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "# a comment",
        "#",
        "#######",
        "## A section ##",
        "! Title: Example",
        "!#if (adguard)",
        "[Adblock Plus 2.0]",
        "; a zone file's comment",
        "\ufeff! first line of a file with a byte order mark",
    ],
)
def test_comments(line: str) -> None:
    assert isinstance(parse_line(line), Comment)


def test_a_comment_may_be_in_any_encoding() -> None:
    assert parse_line("# Käse".encode("latin-1")) == Comment("# Käse")


@pytest.mark.parametrize(
    "line",
    [
        "##.banner",
        "###ad_top",
        "example.org##.banner",
        "example.org#@#.banner",
        "example.org#?#div:has(.ad)",
        "example.org#@?#div",
        "example.org#$#body { color: red }",
        "example.org#$?#body",
        "example.org#%#window.ads = 1",
        "example.org#@%#x",
        "##^script",
        'example.org$$script[data-src="ad"]',
        "example.org$@$script",
    ],
)
def test_rules_that_hide_parts_of_pages_are_ignored(line: str) -> None:
    assert parse_line(line) == Ignored("hides or changes a part of a web page")


@pytest.mark.parametrize(
    "line",
    [
        "||example.org^$third-party",
        "||example.org^$script,domain=a.example|b.example",
        "@@||example.org^$~image",
        "||example.org^$important,popup",
        "||example.org^$csp=script-src 'self'",
        "$websocket,domain=example.org",
        "||example.org^$document",
    ],
)
def test_rules_with_modifiers_of_browsers_are_ignored(line: str) -> None:
    assert parse_line(line) == Ignored("acts on web pages, not on names")


@pytest.mark.parametrize(
    "line", ["/ads/banner.", "&ad_id=", "||example.org/ads.js", "?advert", "||example.org:8080^"]
)
def test_patterns_for_web_addresses_are_ignored(line: str) -> None:
    assert parse_line(line) == Ignored("acts on web addresses, not on names")


REFUSED = {
    "*": "too broad",
    "*.": "too broad",
    "@@": "too broad",
    ".": "too broad",
    "ab": "too broad",
    "address=/#/": "too broad",
    "address=//": "too broad",
    "0.0.0.0 .": "too broad",
    "0.0.0.0 *.example.org": "wildcard",
    "address=/*.example.org/#": "wildcard",
    "*.*.example.org$": "a character",
    "||example.org^$important,colour": "unknown modifier $colour",
    "0.0.0.0 192.0.2.1": "an address",
    "*.192.0.2.1": "an address",
    "0.0.0.0 a..example": "empty label",
    "a..example": "empty label",
    "0.0.0.0 a/b.example": "a character",
    "0.0.0.0 #nothing": "an address without a name",
    "example.org example.net": "more than one word",
    "address=/example.org/999.0.2.1": "address=/name/ADDRESS that is none",
    "address=/example.org/a.example": "address=/name/ADDRESS that is none",
    "server=/example.org/192.0.2.1": "forwards",
    "local=/example.org/192.0.2.1": "forwards",
    "server=192.0.2.1": "without /name/",
    "address=/example.org": "without /name/",
    "ipset=/example.org/ads": "ipset= does not block",
    "$INCLUDE other.zone": "$INCLUDE is not supported",
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.items(), ids=REFUSED)
def test_lines_that_are_refused_say_why(line: str, reason: str) -> None:
    parsed = parse_line(line)
    assert isinstance(parsed, Reject)
    assert reason in parsed.reason


def test_a_rule_that_is_not_utf8_is_refused() -> None:
    assert parse_line(b"||b\xfccher.example^") == Reject("not UTF-8 text")


def test_a_line_beyond_the_limit_is_refused_without_a_look() -> None:
    assert parse_line(b"#" * (MAX_LINE + 1)) == Reject("a line of more than 64 KiB")
    assert isinstance(parse_line(b"#" * MAX_LINE), Comment)


HOSTILE = [
    *(" ", ":", "a ", "/", "#", "a#", "|", "||", "^", "*", ".", "a.", "$", "$a,", "@@", "\\", "ü"),
    *("=", "0.0.0.0 ", "address=/", "a=/", "\\046", "\t#", "Title:", "1."),
    *("(", "[", "a(", "](", ")[", "(]", ";a", "\xa0", "\u2003", "1\xa0"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_long_line_keeps_the_parser_busy(piece: str) -> None:
    # An expression that tries again from every place would take minutes for one of these.
    for start in ("", "x", "||", "# ", "! Title:", "0.0.0.0 ", "address=/"):
        for end in ("", "x", "!", "/"):
            line = (start + piece * MAX_LINE)[: MAX_LINE // 2] + end
            assert isinstance(parse_line(line), Comment | Ignored | Reject | Rule)
