"""Patterns: `||`, `|`, `^`, `*`, and what has none of them.

Patterns that begin with `||`, `http://`, `https://` or `://` look at `http://name`, all others at
the bare name; a pattern without anchors is found anywhere in it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, check, reading_of, says, table

CASES = table(
    # ||name^: the name and everything below it.
    says("||example.org^", block="example.org a.example.org a.b.example.org EXAMPLE.org"),
    says("||example.org^", none="notexample.org example.org.evil.example org example.com"),
    says("||example.org^|", block="example.org a.example.org", none="example.org.evil.example"),
    says("||example.org|", block="example.org a.example.org", none="example.org.evil.example"),
    says("||EXAMPLE.org^", block="a.example.org"),
    says("||zip^", block="zip a.zip", none="zip.example azip"),
    says("||example.org/*", block="example.org a.example.org", none="example.organic"),
    says("||sub.example.org^", block="sub.example.org x.sub.example.org", none="example.org"),
    # ||text without ^: every name in which some label begins so.
    says("||example.org", block="example.org a.example.org example.org.evil.example"),
    says("||example.org", block="example.organic x.example.organic", none="notexample.org"),
    says("||ads", block="ads ads.example adserver.example x.ads1.example", none="bads.example"),
    says("||ads.", block="ads.example x.ads.example", none="ads adserver.example bads.example"),
    says("||track-", block="track-1.example a.track-2.example", none="track.example backtrack-1.x"),
    # |: the beginning, or the end.
    says("|example.org^", block="example.org", none="a.example.org example.org.evil.example"),
    says("|example.org|", block="example.org", none="a.example.org example.organic"),
    says("|ads.", block="ads.example ads.example.org", none="x.ads.example bads.example"),
    says("|example.org", block="example.org example.organic", none="a.example.org"),
    says("|example.org", block="example.org.evil.example"),
    says("ads|", block="ads x.ads bads.ads", none="ads.example"),
    says(".example.org|", block="a.example.org", none="example.org a.example.organic"),
    says("example.org|", block="example.org a.example.org notexample.org", none="example.organic"),
    # ^: a separator, of which names have none, or the end.
    says("example.org^", block="example.org a.example.org notexample.org"),
    says("example.org^", none="example.org.evil.example example.organic"),
    says(".example.org^", block="a.example.org a.b.example.org", none="example.org notexample.org"),
    says("^example.org^", none="example.org a.example.org notexample.org"),
    says("ads^example.org^", none="ads.example.org ads-example.org"),
    says("||example^org^", none="example.org"),
    says("-ads^", block="x-ads a.x-ads", none="x-ads.example"),
    # *: anything, or nothing.
    says("||*.example.org^", block="a.example.org a.b.example.org", none="example.org"),
    says("||*.example.org^", none="notexample.org a.example.organic"),
    says("*.example.org^", block="a.example.org a.b.example.org", none="example.org"),
    says("||ads*.example.org^", block="ads.example.org ads1.example.org x.ads1.example.org"),
    says("||ads*.example.org^", block="ads.x.example.org", none="bads.example.org example.org"),
    says("||ads*.example.org^", none="ads1.example.organic ads1.notexample.org"),
    says("||example.*^", block="example.org example.co.uk a.example.net", none="example"),
    says("||example.*^", none="examples.org notexample.org"),
    says("||a*b*c.example^", block="abc.example aXXbYYc.example x.a.b.c.example"),
    says("||a*b*c.example^", none="acb.example ab.example xabc.example"),
    says("||*ads.example^", block="ads.example bads.example x.bads.example", none="adsx.example"),
    says("ads*track", block="adstrack.example ads.x.track.example xadsytrackz", none="trackads.x"),
    says("*ads.example", block="ads.example bads.example ads.example.org"),
    says("|ads*.example|", block="ads.example ads1.x.example", none="x.ads.example ads.example.x"),
    says("ads.*.example.org", block="ads.x.example.org bads.x.y.example.org", none="ads.x.example"),
    # Nothing but text: anywhere in the name. (Alone on a line, a whole name is that name.)
    says("-ads-", block="x-ads-y.example a.x-ads-1", none="ads.example x-ads.example"),
    says("-ads.", block="x-ads.example a.x-ads.b.example", none="ads.example x-ads"),
    says(".ads.", block="x.ads.example a.b.ads.c", none="ads.example x.ads bads.x"),
    says("@@example.org", "||org^", allow="example.org notexample.org a.example.organic.org"),
    says("@@example.org", "||org^", block="example.com.org org"),
    says("example.org$important", block="example.org notexample.org x.example.organic"),
    says("example.org$dnstype=A", block="x.example.organic/A", none="example.org/AAAA"),
    says("@@ads", "||example^", allow="ads.example bads.example loads.example", block="a.example"),
    says("EXAMPLE$important", block="x.example.org anexample.net", none="exampl.org"),
    # /* at the end is ^.
    says("example.org/*", block="example.org notexample.org", none="example.organic"),
    says("|example.org/*", block="example.org", none="a.example.org"),
    # So is / at the end; /text. looks for the beginning of the name.
    says("||example.org/", block="example.org a.example.org", none="example.organic"),
    says("example.org/", block="example.org notexample.org", none="example.organic"),
    says("|example.org/$important", block="example.org", none="a.example.org"),
    says("http://example.org/", block="example.org", none="a.example.org"),
    says("||ads*/", block="ads.example x.ads1.example", none="bads.example"),
    says("sub./", none="sub.example sub"),
    says("/sub.", block="sub.example sub.a.example", none="a.sub.example mysub.example sub"),
    says("/SUB.$important", block="sub.example", none="a.sub.example"),
    says("/a-1.b.", block="a-1.b.example", none="x.a-1.b.example a-1.bc.example"),
    says("@@/sub.", "||example^", allow="sub.example", block="a.sub.example"),
    says("/sub.", "/sub.$badfilter", none="sub.example"),
    says("||sub.", "-sub.", "sub.", block="sub.example a-sub.example xsub.example"),
    # What looks at a URL sees http://name.
    says("://example.org^", block="example.org", none="a.example.org notexample.org"),
    says("://ads.", block="ads.example", none="x.ads.example ads"),
    says("http://example.org^", block="example.org", none="a.example.org"),
    says("http://ads", block="ads.example adserver.example", none="x.ads.example"),
    says("https://example.org^", none="example.org a.example.org"),
    says("http://*.example.org^", block="a.example.org", none="example.org"),
    # A pattern is compared with the whole name, across labels.
    says("||a.b.c.d.e^", block="a.b.c.d.e x.a.b.c.d.e", none="b.c.d.e"),
    says("s.exam$important", block="ads.example x.ads.example.org", none="ads-example.org"),
)

TOO_BROAD = [
    "*",
    "**",
    "||",
    "|",
    "^",
    "||^",
    "||*",
    "||*^",
    "@@*",
    "@@||",
    "@@",
    "*$important",
    "||$important",
    "@@*$important",
    "^$important",
    "*.",
    "ab$important",
    "@@ab",
    "://",
    "http://",
    "://*",
    "http://*|",
    "@@://",
    "/.*/",
    "/./",
    "/a*/",
    "/(a|)/",
    "*$dnsrewrite=192.0.2.1",
    "*$dnsrewrite=NXDOMAIN",
    "*$badfilter",
]

CONFINED = table(
    says("*$dnstype=AAAA", block="example.org/AAAA a.b.c/AAAA", none="example.org/A"),
    says("*$dnstype=~A|~AAAA", block="example.org/TXT", none="example.org/A example.org/AAAA"),
    says("*$denyallow=com|net", block="example.org", none="example.com a.example.net com"),
    says("*$important,dnstype=MX", block="example.org/MX", none="example.org/A"),
    says("@@*$dnstype=MX", "||example.org^", allow="example.org/MX", block="example.org/A"),
    says("*$dnstype=HTTPS,dnsrewrite=NOERROR", rewrite={"example.org/HTTPS": "empty"}),
    says("*$dnstype=HTTPS,dnsrewrite=NOERROR", none="example.org/A"),
    says("ab$dnstype=TXT", block="abc.example/TXT cab.example/TXT", none="a.example/TXT ab/A"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_patterns(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("line", TOO_BROAD, ids=str)
def test_rules_that_match_too_much_are_refused(line: str) -> None:
    assert "too broad" in reading_of(line)


@pytest.mark.parametrize("case", CONFINED, ids=str)
def test_what_narrows_a_rule_lets_it_be_broad(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
