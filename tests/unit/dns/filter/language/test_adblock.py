"""Lines in adblock syntax: names, networks, patterns, and what is none of them."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from sinkhole.dns.filter.language.adblock import parse_adblock
from sinkhole.dns.filter.language.line import (
    EVERY_REWRITE,
    Conditions,
    Ignored,
    Reject,
    Rewrite,
    Rule,
    Scope,
)
from sinkhole.dns.wire.name import from_text


def named(name: str, scope: Scope) -> Rule:
    return Rule((from_text(name),), scope)


def tree(name: str) -> Rule:
    return named(name, Scope.TREE)


def exact(name: str) -> Rule:
    return named(name, Scope.EXACT)


def below(name: str) -> Rule:
    return named(name, Scope.BELOW)


NAMES = {
    "||example.org^": tree("example.org"),
    "||example.org|": tree("example.org"),
    "||example.org^|": tree("example.org"),
    "||example.org/*": tree("example.org"),
    "||example.org^*": tree("example.org"),
    "||Example.ORG^": tree("example.org"),
    "||zip^": tree("zip"),
    "||a^": tree("a"),
    "||bücher.example^": tree("xn--bcher-kva.example"),
    "||example。org^": tree("example.org"),
    r"||a\032b.example^": tree(r"a\032b.example"),
    "|example.org^": exact("example.org"),
    "|example.org|": exact("example.org"),
    "|example.org/*": exact("example.org"),
    ".example.org^": below("example.org"),
    ".example.org|": below("example.org"),
    "*.example.org^": below("example.org"),
    "*.example.org|": below("example.org"),
    "|*.example.org^": below("example.org"),
    "||*.example.org^": below("example.org"),
    "||*.zip^": below("zip"),
    "||*.рус^": below("xn--p1acf"),
}

NETWORKS = {
    "||192.0.2.1^": "192.0.2.1/32",
    "|192.0.2.1^": "192.0.2.1/32",
    "|192.0.2.1|": "192.0.2.1/32",
    "||192.0.2.0/24^": "192.0.2.0/24",
    "||198.51.100.0/24": "198.51.100.0/24",
    "192.0.2.0/25": "192.0.2.0/25",
    "||2001:db8::1^": "2001:db8::1/128",
    "||[2001:db8::1]^": "2001:db8::1/128",
    "||2001:db8::/32^": "2001:db8::/32",
    "||::ffff:192.0.2.1^": "192.0.2.1/32",
}

# Lines whose pattern is kept as it stands, and those where it comes in another form.
PATTERNS = {
    **{
        text: text
        for text in [
            *("||example.org", "|example.org", "example.org^", "example.org|", "-ads-", "ads"),
            *("||ads*.example.org^", "||example.*^", "*ads.example", "||*ads^", "|ads", "||a.*.b^"),
            *("://ads.", "http://ads", "|http://ads.", "*://ads.", "||192.0.2.", "||192.0.2.^"),
            *("|2001:db8:", "192.0.2.1^", "-1080x140-", "||ads.^", "||.example.org^"),
            *(
                "/ads/",
                r"/^Ads\d+\.(com|net)$/",
                r"/a\/b\$c/",
                "/ad$b/",
                "/#/",
                "/^(ads)?$/",
                r"/:\/\/(a|b)*\.ads$/",
            ),
        ]
    },
    "||ADS*.Example^": "||ads*.example^",
    "||x*.bücher.example^": "||x*.xn--bcher-kva.example^",
    "example.org/*": "example.org^",
    "||ads*.example/*": "||ads*.example^",
    "||ads*.example/": "||ads*.example^",
    "/Sub.": "|sub.",
}


@pytest.mark.parametrize("line", NAMES)
def test_patterns_that_are_names(line: str) -> None:
    assert parse_adblock(line) == NAMES[line]


@pytest.mark.parametrize("line", NETWORKS)
def test_patterns_that_are_addresses(line: str) -> None:
    assert parse_adblock(line) == Rule(networks=(ip_network(NETWORKS[line]),))


@pytest.mark.parametrize("line", PATTERNS)
def test_patterns_that_stay_patterns(line: str) -> None:
    assert parse_adblock(line) == Rule(pattern=PATTERNS[line])


NAME = (from_text("example.org"),)
AAAA = Conditions(types=frozenset({28}))
MODIFIED = {
    "@@||example.org^": Rule(NAME, Scope.TREE, allow=True),
    "@@example.org": Rule(pattern="example.org", allow=True),
    "example.org$important": Rule(pattern="example.org", important=True),
    "||example.org^$badfilter": Rule(NAME, Scope.TREE, badfilter=True),
    "@@|example.org^$important": Rule(NAME, allow=True, important=True),
    "||example.org^$dnstype=AAAA": Rule(NAME, Scope.TREE, conditions=AAAA),
    "/^ads$/$important": Rule(pattern="/^ads$/", important=True),
    "/a$/b$/$important": Rule(pattern="/a$/b$/", important=True),
    "@@/^ads/$important": Rule(pattern="/^ads/", allow=True, important=True),
    "*$dnstype=AAAA": Rule(pattern="*", conditions=AAAA),
    "$dnstype=AAAA": Rule(pattern="*", conditions=AAAA),
    "||*^$dnstype=AAAA": Rule(pattern="||*^", conditions=AAAA),
    "a$dnstype=AAAA": Rule(pattern="a", conditions=AAAA),
    "/.*/$dnstype=AAAA": Rule(pattern="/.*/", conditions=AAAA),
    "||example.org^$dnsrewrite=NXDOMAIN": Rule(NAME, Scope.TREE, rewrite=Rewrite(3)),
    "@@||example.org^$dnsrewrite": Rule(NAME, Scope.TREE, allow=True, rewrite=EVERY_REWRITE),
    "||example.org^$dnsrewrite,badfilter": Rule(
        NAME, Scope.TREE, rewrite=EVERY_REWRITE, badfilter=True
    ),
    r"||example.org^$dnsrewrite=NOERROR;TXT;5\$": Rule(
        NAME, Scope.TREE, rewrite=Rewrite(0, 16, b"\x025$")
    ),
}


@pytest.mark.parametrize("line", MODIFIED)
def test_exceptions_and_modifiers(line: str) -> None:
    assert parse_adblock(line) == MODIFIED[line]


BROAD = [
    "*",
    "**",
    "|",
    "||",
    "^",
    "||^",
    "||*",
    "||*^",
    "||.^",
    "@@",
    "@@*",
    "*$important",
    "/.*/",
]
BROAD += [
    "://",
    "|http://",
    "||*.*",
    "://*",
    "*://*|",
]
BROAD += ["/^/", "/.+/", "/*", "^*", "||/*", "*.", "*.*", "*$badfilter", "*$dnsrewrite=NXDOMAIN"]


@pytest.mark.parametrize("line", BROAD)
def test_what_would_match_every_name_is_refused(line: str) -> None:
    assert parse_adblock(line) == Reject("too broad: it would match every name")


@pytest.mark.parametrize("line", ["ad", "a^", "@@ab", "ab$important"])
def test_what_is_too_short_is_refused(line: str) -> None:
    assert parse_adblock(line) == Reject("too broad: a pattern of less than 3 characters")


REFUSED = {
    "||a..example^": "empty label",
    "||a..example^$important": "empty label",
    f"||{'a' * 64}.example^": "63 characters",
    f"||{'a.' * 127}example^": "253 characters",
    "||xn--a.ü--.example^": "international",
    "||ü--*.example^": "international",
    r"||a\999.example^": "escape",
    "||a|b.example^": "a character",
    "||example.org^$": "a character",
    "a\\b": "a character",
    "/a\nb/": "a character",
    "||example.org^$dnsrewrite": "without a value",
    "||192.0.2.1^$dnsrewrite=NXDOMAIN": "only names",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_says_why(line: str) -> None:
    parsed = parse_adblock(line)
    assert isinstance(parsed, Reject)
    assert REFUSED[line] in parsed.reason


@pytest.mark.parametrize(
    "line",
    [
        *("/ads/banner.", "&ad_id=", "||example.org/ads.js", "?advert", "||example.org:8080^"),
        *("https://example.org^", "|https://example.org^", "||http://example.org^", "/ads/*"),
        *("||192.0.2.0/33^", "||192.0.2.1:8080^", "a~b", "||example.org/ads/"),
        *("/sub", "/a_b.", "/a.b/c.", "//sub."),
    ],
)
def test_patterns_for_web_addresses_are_ignored(line: str) -> None:
    assert parse_adblock(line) == Ignored("acts on web addresses, not on names")
