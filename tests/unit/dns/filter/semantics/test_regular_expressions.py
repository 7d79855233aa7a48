"""Regular expressions between slashes: what they match, and that they can't stall a query."""

from __future__ import annotations

from pathlib import Path

import pytest
from filter_case import Case, check, reading_of, says, table

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

CASES = table(
    says(r"/example/", block="example.org anexample.net x.example", none="exampl.org"),
    says(r"/^ads?[0-9]+\./", block="ad1.example ads22.example", none="ads.example x.ad1.example"),
    says(r"/^ads\./", block="ads.example", none="x.ads.example bads.example"),
    says(r"/\.example$/", block="a.example b.a.example", none="example a.example.org"),
    says(r"/^example\.org$/", block="example.org", none="a.example.org example.orgs"),
    says(r"/EXAMPLE\.org/", block="example.org", none="examplexorg"),
    says(r"/(^|\.)ads\.(com|net)$/", block="ads.com x.ads.net", none="ads.org bads.com"),
    says(r"/^(ads|track)(er)?\./", block="ads.x adser.x tracker.x", none="trackers.x"),
    says(r"/^a.c\./", block="abc.example a-c.example a.c.example", none="ac.example abbc.example"),
    says(r"/^a.*z\.example$/", block="az.example a.b.z.example", none="az.example.org"),
    says(r"/^x{3}\./", block="xxx.example", none="xx.example xxxx.example"),
    says(r"/^x{2,3}\./", block="xx.example xxx.example", none="x.example xxxx.example"),
    says(r"/^x{2,}\./", block="xx.example xxxxx.example", none="x.example"),
    says(r"/^\d+\.example$/", block="12.example", none="a1.example 1a.example"),
    says(r"/^\w+\.example$/", block="ab_1.example", none="a-b.example a.b.example"),
    says(r"/^[^0-9.]+\.example$/", block="abc.example", none="a1.example a.b.example"),
    says(r"/^[a-f0-9]{8}\.example$/", block="0badcafe.example", none="0badcafg.example"),
    says(r"/^[a-z-]+\.example$/", block="a-b.example", none="a1.example"),
    says(r"/^(?:ads|banner)s?\.a$/", block="ads.a banners.a", none="bans.a"),
    says(r"/^ad(server)?\.example$/", block="ad.example adserver.example", none="ads.example"),
    says(r"/^a+b?\.example$/", block="aab.example a.example", none="b.example"),
    says(r"/-ads-|-track-/", block="x-ads-y.example x-track-y", none="x-adstrack-y"),
    # An expression sees the bare name, whatever it looks for.
    says(r"/^(https?:\/\/)?ads\./", block="ads.example", none="x.ads.example"),
    says(r"/(^|\/)ads\./", block="ads.example", none="x.ads.example"),
    says(r"/:\/\/ads|^ads/", block="ads.example", none="x.ads.example"),
    says(r"/^http/", block="http.example httpd.example", none="ads.example"),
    # Modifiers behind the closing slash; a dollar within belongs to the expression.
    says(r"/^ads\./$important", "@@||ads.example^", block="ads.example", line=1),
    says(r"/\.example$/$important", block="a.example", none="a.example.org"),
    says(r"/^ads\./$dnstype=AAAA", block="ads.example/AAAA", none="ads.example/A"),
    says(r"/^ads\./$denyallow=example.org", block="ads.example", none="ads.example.org"),
    says(r"/^nas\./$dnsrewrite=192.0.2.1", rewrite={"nas.example": "A 192.0.2.1"}),
    says(r"/^ads[0-9]{1,2}\./", block="ads1.example ads12.example", none="ads123.example"),
    # Exceptions.
    says(r"@@/^good\./", "||example^", allow="good.example", block="bad.example"),
    says(r"/^ads\./", r"/^ads\./$badfilter", none="ads.example"),
    # Several in one list: each is asked.
    says(r"/^a\./", r"/^b\./", block="b.example", none="c.example", line=2),
)

BROKEN = [
    r"/(ads/",
    r"/ads)/",
    r"/[ads/",
    r"/*ads/",
    r"/ads{2,1}/",
    r"/(?<name/",
    r"/ads\/",
]

NOT_LINEAR = [
    r"/(ads)\1/",
    r"/(?=ads)ads/",
    r"/ads(?!good)/",
    r"/(?<=a)ds/",
    r"/(?<!a)ds/",
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_regular_expressions(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


ABOUT_WEB_ADDRESSES = [
    r"/^https?:\/\/ads\./",
    r"/^https?:\/\//",
    r"/:\/\/ads\.example/$important",
    r"@@/^https?:\/\/([a-z]+\.)?example\.org/",
    r"/(http:\/\/a|s:\/\/)+ads/",
]


@pytest.mark.parametrize("line", ABOUT_WEB_ADDRESSES, ids=str)
def test_an_expression_that_needs_a_web_address_is_refused(line: str) -> None:
    assert "web addresses" in reading_of(line)


@pytest.mark.parametrize("line", BROKEN, ids=str)
def test_what_is_no_expression_never_blocks(line: str) -> None:
    reading = reading_of(line)
    assert reading.startswith("refused: ") or reading == "ignored"


@pytest.mark.parametrize("line", NOT_LINEAR, ids=str)
def test_what_no_linear_engine_can_do_is_refused(line: str) -> None:
    assert reading_of(line).startswith("refused: ")


STALLING = [
    r"/^(a+)+$/",
    r"/^(a|aa)+$/",
    r"/^(a*)*b/",
    r"/^(a|a)*b$/",
    r"/^(.*)*x$/",
    r"/(.*a){20}$/",
    r"/^([a-z]+)*!$/",
    r"/(a?){50}a{50}$/",
    r"/^(([a-z])+.)+[A-Z]([a-z])+$/",
    r"/a.*a.*a.*a.*a.*a.*a.*a.*a.*!/",
]


@pytest.mark.parametrize("line", STALLING, ids=str)
def test_no_expression_stalls_a_query(line: str) -> None:
    # Of these, an engine that tries again from every place takes years for a name this long.
    matcher = Matcher([CompiledList.from_rules("rules", "block", [line])])
    longest = from_text(".".join(["a" * 63] * 3 + ["a" * 61]))
    answers = {matcher.match(longest, 1) is None for _ in range(3)}
    assert len(answers) == 1
