"""What a line is at all: a rule, a comment, something for browsers, or nothing that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, check, reading_of, says, table

COMMENTS = [
    "",
    "   ",
    "\t",
    "!",
    "! a comment",
    "!||example.org^",
    "!#if (adguard)",
    "#",
    "# a comment",
    "#example.org",
    "####",
    "## A heading ##",
    "# 0.0.0.0 example.org",
    "[Adblock Plus 2.0]",
    "; of a zone file",
    "! Title: An example",
    "# Title: An example",
]

FOR_BROWSERS = [
    "##.banner",
    "###ad_top",
    "example.org##.banner",
    "example.org,example.com##.banner",
    "example.org#@#.banner",
    "example.org#?#div:has(.ad)",
    "example.org#$#body { color: red }",
    "example.org#%#window.ads = 1",
    'example.org$$script[data-src="ad"]',
    "||example.org^$third-party",
    "||example.org^$~third-party",
    "||example.org^$script,image",
    "||example.org^$domain=example.com",
    "||example.org^$important,popup",
    "||example.org^$document",
    "@@||example.org^$elemhide",
    "@@||example.org^$generichide",
    "||example.org^$redirect=noop.js",
    "||example.org^$removeparam=utm",
    "||example.org^$csp=script-src 'self'",
    "||example.org^$client=192.0.2.1,script",
]


@pytest.mark.parametrize("line", COMMENTS, ids=repr)
def test_comments(line: str) -> None:
    assert reading_of(line) == "comment"


@pytest.mark.parametrize("line", FOR_BROWSERS, ids=str)
def test_lines_for_browsers_are_ignored(line: str) -> None:
    assert reading_of(line) == "ignored"


@pytest.mark.parametrize(
    "line",
    [
        *(
            "bad\033.example.org",
            "bad\0.example.org",
            "0.0.0.0 bad\0.example",
            "0.0.0.0\x1cb.example",
        ),
        *(
            "||bad\x7f.example^",
            "/bad\x07/",
            "a.example CNAME .\0",
        ),
        *("address=/a.example/\0", "\0", "\0\0a.example", "||a.example^\x9b"),
    ],
    ids=repr,
)
def test_lines_with_control_characters_are_refused(line: str) -> None:
    assert reading_of(line) == "refused: a control character"


def test_the_text_of_a_record_may_hold_anything() -> None:
    assert reading_of("||a.example^$dnsrewrite=NOERROR;TXT;\033[1m") == "rule"


@pytest.mark.parametrize("line", ["# a \0 b", "! \033[1m", "# Title: \033[2Jx", "; \x07"], ids=repr)
def test_comments_may_hold_anything(line: str) -> None:
    assert reading_of(line) == "comment"


CASES = table(
    says("a1.example.org", "bad\033.example.org", "a2.example.org", block="a1.example.org"),
    says("a1.example.org", "bad\0.example.org", "a2.example.org", block="a2.example.org", line=3),
    # A bare name is that name alone.
    says("ads.example.org", block="ads.example.org", none="x.ads.example.org example.org"),
    says("ads.example.org.", block="ads.example.org"),
    says("ADS.example.org", block="ads.example.org Ads.Example.Org"),
    says("  ads.example.org  ", block="ads.example.org"),
    says("ads.example.org # why", block="ads.example.org"),
    says("_dmarc.example.org", block="_dmarc.example.org"),
    says("192.0.2.1-9.example.org", block="192.0.2.1-9.example.org"),
    says("1-2.example", "192.0.2.example", block="1-2.example 192.0.2.example"),
    says("a-b.example.org", block="a-b.example.org", none="ab.example.org"),
    says("xn--bcher-kva.example", block="xn--bcher-kva.example"),
    # Lists of wildcards mean the name and all below it.
    says("*.example.org", block="example.org a.example.org a.b.example.org", none="example.com"),
    says("*.example.org", none="notexample.org org"),
    says("*.zip", block="zip a.zip a.b.zip", none="zip.example"),
    says("*.example.org # why", block="a.example.org"),
    # A list says of itself that its bare names cover what is below.
    says("# Syntax: Domains (wildcards)", "ads.example", block="ads.example x.ads.example"),
    says("! Syntax: Domains (wildcards)", "ads.example", block="x.ads.example", line=2),
    says("# Syntax: Domains", "ads.example", block="ads.example", none="x.ads.example"),
    says(
        "# Syntax: Domains (wildcards)",
        "0.0.0.0 ads.example",
        block="ads.example",
        none="x.ads.example",
    ),
    # The format is recognised line by line, so one list may hold them all.
    says(
        "! a list of everything",
        "0.0.0.0 hosts.example",
        "bare.example",
        "*.wildcard.example",
        "||adblock.example^",
        "address=/dnsmasq.example/#",
        "rpz.example CNAME .",
        "example.org##.banner",
        block="hosts.example bare.example x.wildcard.example x.adblock.example x.dnsmasq.example",
        none="x.hosts.example x.bare.example x.rpz.example example.org",
    ),
    says(
        "! more",
        "0.0.0.0 hosts.example",
        "rpz.example CNAME .",
        block="rpz.example",
        line=3,
    ),
    # The byte order mark of a file's first line belongs to no rule.
    says("\ufeffads.example.org", block="ads.example.org"),
    says("\ufeff||ads.example.org^", block="x.ads.example.org"),
    # Line ends of other systems.
    says("||ads.example.org^\r", block="x.ads.example.org"),
    says("0.0.0.0 ads.example.org\r", block="ads.example.org"),
    # A refused line harms no other one.
    says("||a.example^$colour=red", "||b.example^", none="a.example", block="b.example"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_names(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
