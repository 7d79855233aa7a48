"""What one line is, format by format: tables of lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sinkhole.filter.line import Comment, Ignored, Reject, Rule, Scope
from sinkhole.filter.rules import MAX_LINE, parse_line
from sinkhole.wire.name import from_text


def exact(*names: str) -> Rule:
    return Rule(tuple(map(from_text, names)), hosts=True)


def below(*names: str, allow: bool = False, important: bool = False) -> Rule:
    wires = tuple(map(from_text, names))
    return Rule(wires, scope=Scope.TREE, allow=allow, important=important)


def anchored(*names: str, allow: bool = False) -> Rule:
    return Rule(tuple(map(from_text, names)), allow=allow)


HOSTS = {
    "0.0.0.0 ads.example.org": exact("ads.example.org"),
    "127.0.0.1\tads.example.org": exact("ads.example.org"),
    "127.0.0.1   Ads.Example.ORG   ": exact("ads.example.org"),
    "0.0.0.0 a.example b.example\tc.example": exact("a.example", "b.example", "c.example"),
    "0.0.0.0 ads.example.org # why": exact("ads.example.org"),
    "0.0.0.0 ads.example.org#why ## and ##more": exact("ads.example.org"),
    ":: ads.example.org": exact("ads.example.org"),
    "::1 ads.example.org": exact("ads.example.org"),
    "192.0.2.7 ads.example.org": exact("ads.example.org"),
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
    "*.example.org": below("example.org"),
    "*.zip": below("zip"),
    "*.bücher.example": below("xn--bcher-kva.example"),
}

ADBLOCK = {
    "||example.org^": below("example.org"),
    "||example.org": below("example.org"),
    "||example.org^|": below("example.org"),
    "||example.org|": below("example.org"),
    "||example.org/*": below("example.org"),
    "||Example.ORG^": below("example.org"),
    "||zip^": below("zip"),
    "||bücher.example^": below("xn--bcher-kva.example"),
    "||example.org^$important": below("example.org", important=True),
    "||example.org^ # why": below("example.org"),
    "|example.org^": anchored("example.org"),
    "|example.org|": anchored("example.org"),
    "example.org^": below("example.org"),
    "@@||example.org^": below("example.org", allow=True),
    "@@||example.org^|": below("example.org", allow=True),
    "@@|example.org^": anchored("example.org", allow=True),
    "@@example.org": below("example.org", allow=True),
    "@@||example.org^$important": below("example.org", allow=True, important=True),
}

DNSMASQ = {
    "address=/example.org/": below("example.org"),
    "address=/example.org/0.0.0.0": below("example.org"),
    "address=/example.org/::": below("example.org"),
    "address=/example.org/#": below("example.org"),
    "address=/a.example/b.example/#": below("a.example", "b.example"),
    "address=/.example.org/#": below("example.org"),
    "local=/example.org/": below("example.org"),
    "server=/example.org/": below("example.org"),
    "server=/a.example/b.example/": below("a.example", "b.example"),
    "server=/example.org/ # why": below("example.org"),
}


@pytest.mark.parametrize(("line", "expected"), (HOSTS | PLAIN | ADBLOCK | DNSMASQ).items())
def test_lines_that_are_rules(line: str, expected: Rule) -> None:
    assert parse_line(line) == expected
    assert parse_line(line.encode()) == expected
    assert parse_line(line.encode() + b"\r\n") == expected


def test_a_bare_name_covers_what_is_below_where_the_list_says_so() -> None:
    parsed = parse_line("example.org", bare_is_subtree=True)
    assert parsed == replace(below("example.org"), hosts=True)
    assert parse_line("0.0.0.0 example.org", bare_is_subtree=True) == exact("example.org")
    assert parse_line("|example.org^", bare_is_subtree=True) == anchored("example.org")


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
    "||": "too broad",
    "||^": "too broad",
    "||*^": "too broad",
    "*.": "too broad",
    "@@": "too broad",
    ".": "a part of a name",
    "||example.org^$": "a character",
    "|": "too broad",
    "address=/#/": "too broad",
    "address=//": "too broad",
    "0.0.0.0 .": "too broad",
    "||ads*.example.org^": "wildcard",
    "||*.example.org^": "wildcard",
    "0.0.0.0 *.example.org": "wildcard",
    "address=/*.example.org/#": "wildcard",
    "/^ads[0-9]+/": "regular expression",
    "/ads/$important": "regular expression",
    "||example.org^$denyallow=a.example": "modifier $denyallow is not supported",
    "||example.org^$dnstype=AAAA": "modifier $dnstype is not supported",
    "||example.org^$client=192.0.2.1": "modifier $client is not supported",
    "||example.org^$ctag=device_tv": "modifier $ctag is not supported",
    "||example.org^$dnsrewrite=192.0.2.1": "modifier $dnsrewrite is not supported",
    "||example.org^$badfilter": "modifier $badfilter is not supported",
    "||example.org^$important,colour": "unknown modifier $colour",
    "||example.org^$third-party,colour": "unknown modifier $colour",
    "||example.org^$~important": "unknown modifier $~important",
    "||example.org^$a b": "an unknown modifier",
    "||192.0.2.1^": "an address",
    "192.0.2.1": "an address",
    "2001:db8::1": "an address",
    "||[2001:db8::1]^": "an address",
    "0.0.0.0 192.0.2.1": "an address",
    "|example.org": "a part of a name",
    "-ads.": "a part of a name",
    ".example.org^": "a part of a name",
    "-ads.example.org^": "a part of a name",
    "ads": "a part of a name",
    "@@ads": "a part of a name",
    "://example.org^": "URL scheme",
    "|https://example.org": "URL scheme",
    "||a..example^": "empty label",
    "0.0.0.0 a..example": "empty label",
    f"||{'a' * 64}.example^": "63 characters",
    f"||{'a.' * 127}example^": "253 characters",
    f"||{'ü' * 2000}.example^": "253 characters",
    "||xn--a.ü--.example^": "international",
    r"||a\999.example^": "escape",
    "||a|b.example^": "a character",
    "0.0.0.0 a/b.example": "a character",
    "0.0.0.0 #nothing": "an address without a name",
    "example.org example.net": "more than one word",
    "address=/example.org/192.0.2.1": "answers",
    "server=/example.org/192.0.2.1": "forwards",
    "server=/example.org/#": "forwards",
    "local=/example.org/192.0.2.1": "forwards",
    "server=192.0.2.1": "without /name/",
    "address=/example.org": "without /name/",
    "ipset=/example.org/ads": "ipset= does not block",
    "example.org CNAME .": "RPZ",
    "*.example.org IN CNAME rpz-passthru.": "RPZ",
    "$TTL 300": "RPZ",
    "@ IN SOA localhost. admin.localhost. (": "RPZ",
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.items())
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
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_long_line_keeps_the_parser_busy(piece: str) -> None:
    # An expression that tries again from every place would take minutes for one of these.
    for start in ("", "x", "||", "# ", "! Title:", "0.0.0.0 ", "address=/"):
        for end in ("", "x", "!", "/"):
            line = (start + piece * MAX_LINE)[: MAX_LINE // 2] + end
            assert isinstance(parse_line(line), Comment | Ignored | Reject | Rule)
